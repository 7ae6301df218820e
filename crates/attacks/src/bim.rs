//! The basic iterative method.

use crate::ascent::Ascent;
use crate::attack::Stopping;
use crate::{Attack, AttackError, AttackLoss, Ball, Outcome, Transferred};
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

const NAME: &str = "bim";

/// Gradient steps from the original image, each followed by a projection into the ball and into [0, 1] (Kurakin,
/// Goodfellow & Bengio 2017, "Adversarial examples in the physical world", section 2.2). In [`run`](Attack::run), a
/// misclassified image takes no further step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bim {
    /// The number of steps, at least 1.
    pub steps: usize,
    /// The length of a step as a share of the radius, above 0 and at most 1000.
    pub step_size: f64,
}

impl Default for Bim {
    fn default() -> Self {
        Self { steps: 10, step_size: 0.2 }
    }
}

impl Bim {
    /// The ascent on a loss, as the attack of this name.
    pub(crate) fn ascent<'l, T>(&self, attack: &'static str, loss: &'l dyn ImageLoss<T>) -> Ascent<'l, T> {
        Ascent {
            attack,
            loss,
            steps: self.steps,
            step_size: self.step_size,
            decay: None,
            random_start: false,
            restarts: 1,
            seed: 0,
        }
    }
}

impl<T: Scalar> Attack<T> for Bim {
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
