//! The fast gradient sign method.

use crate::checked_model::{CheckedModel, Slopes};
use crate::direction::climb;
use crate::input::check_pixels;
use crate::outcome::Pixels;
use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Goal, Norm, Outcome, Passes, Transferred};
use minima_autodiff::softmax_cross_entropy::check_labels;
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use minima_faults::{Fault, planted};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// One step of full length along the gradient of the image's softmax cross-entropy `ℓ` (Goodfellow, Shlens & Szegedy
/// 2015, "Explaining and harnessing adversarial examples", section 4).
///
/// In an L∞ ball the result is `clip(x + ε·sign(∇ₓ ℓ), 0, 1)`, where `sign(0) = 0`; in an L2 ball it is
/// `clip(x + ε·∇ₓ ℓ / ‖∇ₓ ℓ‖₂, 0, 1)`. If the goal is a class, the step decreases the cross-entropy of that class
/// instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fgsm {
    /// Whether pixels are clipped to [0, 1]. Without clipping the attack is stronger, but its results are not valid
    /// images.
    pub clip: bool,
    /// The goal of the step.
    #[serde(default)]
    pub goal: Goal,
}

impl Default for Fgsm {
    fn default() -> Self {
        Self { clip: !planted(Fault::NotClipped), goal: Goal::Away }
    }
}

impl<T: Scalar> Attack<T> for Fgsm {
    fn name(&self) -> &'static str {
        match (self.goal, self.clip) {
            (Goal::Away, true) => "fgsm",
            (Goal::Away, false) => "fgsm_noclip",
            (_, true) => "fgsm_targeted",
            (_, false) => "fgsm_targeted_noclip",
        }
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.gradients(model, images, labels)?.step(ball)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.run(model, images, labels, ball)
    }

    fn transferred(&self) -> Transferred {
        Transferred::AfterAllSteps
    }

    fn run_many(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        balls: &[Ball],
    ) -> Result<Vec<Outcome<T>>, AttackError> {
        let gradients = self.gradients(model, images, labels)?;
        balls.iter().map(|&ball| gradients.step(ball)).collect()
    }
}

impl Fgsm {
    /// Computes the gradients of this attack at the original images. They serve all radii.
    ///
    /// # Errors
    /// Returns the errors of [`Attack::run`].
    pub fn gradients<'a, T: Scalar>(
        self,
        model: &'a dyn Classifier<T>,
        images: ArrayView2<'a, T>,
        labels: &'a [usize],
    ) -> Result<FgsmGradients<'a, T>, AttackError> {
        check_labels(labels, images.nrows(), model.classes())?;
        check_pixels(images)?;
        self.goal.check(model.classes())?;
        let model = CheckedModel::new(model);
        let Slopes { logits, gradients, predicted } = model.slopes(images, &|image, logits, cotangent| {
            if let Some(&label) = labels.get(image)
                && let Some(loss) = self.goal.loss(logits, label)
            {
                loss.gradient_into(logits, label, T::one(), cotangent);
            }
        })?;
        Ok(FgsmGradients { attack: self, subject: Subject { model, images, labels, logits, predicted }, gradients })
    }
}

/// The logits and the gradients of [`Fgsm`] at the original images. They do not depend on the radius.
///
/// With the goal [`Goal::Away`], a gradient is the gradient of the image's softmax cross-entropy with respect to the image.
/// Measures of the logits and of this gradient need no further pass through the network.
pub struct FgsmGradients<'a, T> {
    attack: Fgsm,
    subject: Subject<'a, T>,
    gradients: Array2<T>,
}

impl<T: Scalar> FgsmGradients<'_, T> {
    /// The logits of the original images, `(images, classes)`.
    #[must_use]
    pub fn logits(&self) -> ArrayView2<'_, T> {
        self.subject.logits.view()
    }

    /// The gradient of each image's loss, `(images, features)`.
    #[must_use]
    pub fn gradients(&self) -> ArrayView2<'_, T> {
        self.gradients.view()
    }

    /// Takes the step for one radius.
    ///
    /// # Errors
    /// Returns the errors of [`Attack::run`] that concern the outputs of the network.
    pub fn step(&self, ball: Ball) -> Result<Outcome<T>, AttackError> {
        let twice = planted(Fault::EpsilonDoubled);
        let ball = if twice { Ball::new(ball.norm(), 2.0 * ball.epsilon())? } else { ball };
        let mut adversarial = self.subject.images.as_standard_layout().into_owned();
        let rows = adversarial.axis_iter_mut(Axis(0)).into_par_iter();
        let rows = rows.zip(self.gradients.axis_iter(Axis(0))).zip(self.subject.images.axis_iter(Axis(0)));
        rows.for_each(|((mut row, gradient), original)| {
            if let (Some(row), Some(gradient)) = (row.as_slice_mut(), gradient.as_slice()) {
                climb(ball.norm(), ball.epsilon(), gradient, row);
                if ball.norm() == Norm::L2 {
                    ball.pull_in(&original.to_vec(), row);
                }
                if self.attack.clip {
                    row.iter_mut().for_each(|a| *a = a.max(T::zero()).min(T::one()));
                }
            }
        });
        let passes = Passes { gradients: self.subject.labels.len(), forwards: 0 };
        let pixels = if self.attack.clip { Pixels::Pictures } else { Pixels::Free };
        let name = Attack::<T>::name(&self.attack);
        Outcome::verified_as(pixels, name, &self.subject, ball, adversarial, passes)
    }
}
