//! Whether an experiment is the paper's.

use crate::paper;
use crate::preset::Preset;

impl Preset {
    /// Whether it is the paper's own configuration, whose numbers can be held against the paper's.
    pub(crate) fn is_the_papers(&self) -> bool {
        Self::named("paper", &[]).is_ok_and(|paper| {
            let same = |name: &str| paper.optimizers.get(name) == self.optimizers.get(name);
            self.seeds.contains(&paper::SEED)
                && (self.epochs, self.batch_size) == (paper.epochs, paper.batch_size)
                && (self.train_images, self.test_images) == (paper.train_images, paper.test_images)
                && (self.network, self.precision) == (paper.network, paper.precision)
                && (self.poison_rate, &self.poison_flips) == (paper.poison_rate, &paper.poison_flips)
                && self.sharpness_batch == paper.sharpness_batch
                && paper.optimizers.keys().all(|name| !self.optimizers.contains_key(name) || same(name))
        })
    }
}
