//! The momentum iterative fast gradient sign method.

use crate::ascent::Ascent;
use crate::attack::Stopping;
use crate::{Attack, AttackError, AttackLoss, Ball, Outcome, Transferred};
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

const NAME: &str = "mi-fgsm";

/// Steps of length `radius / steps` along the accumulated direction `v ← decay · v + ∇ℓ / ‖∇ℓ‖₁` (Dong et al. 2018,
/// "Boosting adversarial attacks with momentum", algorithm 1). The attack aims at images that other networks
/// misclassify too; such images take all steps ([`run_for_transfer`](Attack::run_for_transfer)).
///
/// In [`run`](Attack::run), a misclassified image takes no further step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MiFgsm {
    /// The number of steps, at least 1.
    pub steps: usize,
    /// The weight of the accumulated direction, 0 to 1.
    pub decay: f64,
}

impl Default for MiFgsm {
    fn default() -> Self {
        Self { steps: 10, decay: 1.0 }
    }
}

impl MiFgsm {
    /// The ascent on a loss, as the attack of this name.
    pub(crate) fn ascent<'l, T>(&self, attack: &'static str, loss: &'l dyn ImageLoss<T>) -> Ascent<'l, T> {
        Ascent {
            attack,
            loss,
            steps: self.steps,
            step_size: 1.0 / self.steps.max(1) as f64,
            decay: Some(self.decay),
            random_start: false,
            restarts: 1,
            seed: 0,
        }
    }
}

impl<T: Scalar> Attack<T> for MiFgsm {
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
