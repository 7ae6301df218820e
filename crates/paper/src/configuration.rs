//! Checks whether an experiment has the paper's configuration.

use crate::numbers;
use minima_config::preset::Preset;

/// Whether this is the paper's configuration, so that results can be compared with the paper's numbers.
pub(crate) fn is_the_papers(preset: &Preset) -> bool {
    Preset::named("paper", &[]).is_ok_and(|paper| {
        let same = |name: &str| paper.optimizer(name).ok() == preset.optimizer(name).ok();
        preset.seeds.contains(&numbers::SEED)
            && (preset.epochs, preset.batch_size) == (paper.epochs, paper.batch_size)
            && (preset.train_images, preset.test_images) == (paper.train_images, paper.test_images)
            && (&preset.network, preset.precision) == (&paper.network, paper.precision)
            && (preset.poison_rate, &preset.poison_flips) == (paper.poison_rate, &paper.poison_flips)
            && preset.sharpness_batch == paper.sharpness_batch
            && paper.optimizers.keys().all(|name| !preset.optimizers.contains_key(name) || same(name))
    })
}
