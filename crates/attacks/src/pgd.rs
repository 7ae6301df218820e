//! Projected gradient descent.

use crate::ascent::Ascent;
use crate::attack::Stopping;
use crate::{Attack, AttackError, AttackLoss, Ball, Outcome, Seeded, Transferred};
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

const NAME: &str = "pgd";

/// Steps along the sign of the cross-entropy's gradient (L∞) or along that gradient (L2), each followed by a projection
/// into the ball and into [0, 1] (Madry et al. 2018, "Towards deep learning models resistant to adversarial attacks",
/// section 2.1). The start is the image or a random point of its ball. The default starts at the image and takes 40
/// steps of a tenth of the radius.
///
/// In [`run`](Attack::run), a misclassified image takes no further step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pgd {
    /// The number of steps, at least 1.
    pub steps: usize,
    /// The length of a step as a share of the radius, above 0 and at most 1000.
    pub step_size: f64,
    /// Whether the first start is a random point of the ball instead of the image itself.
    pub random_start: bool,
    /// The number of starts, from 1 to 10 000; each attacks the images that are still robust. All starts after the
    /// first are random points.
    pub restarts: usize,
    /// The seed of the random points.
    pub seed: u64,
}

impl Default for Pgd {
    fn default() -> Self {
        Self { steps: 40, step_size: 0.1, random_start: false, restarts: 1, seed: 0 }
    }
}

impl Seeded for Pgd {
    fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..*self }
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

impl Pgd {
    /// The ascent on a loss, as the attack of this name.
    pub(crate) fn ascent<'l, T>(&self, attack: &'static str, loss: &'l dyn ImageLoss<T>) -> Ascent<'l, T> {
        Ascent {
            attack,
            loss,
            steps: self.steps,
            step_size: self.step_size,
            decay: None,
            random_start: self.random_start,
            restarts: self.restarts,
            seed: self.seed,
        }
    }
}

impl<T: Scalar> Attack<T> for Pgd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.ascent(NAME, &AttackLoss::CrossEntropy).run(model, images, labels, ball, Stopping::AtSuccess)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.ascent(NAME, &AttackLoss::CrossEntropy).run(model, images, labels, ball, Stopping::Never)
    }

    fn transferred(&self) -> Transferred {
        Transferred::AfterAllSteps
    }
}
