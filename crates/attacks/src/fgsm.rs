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
        let slope = Slope::at(model, images, labels, self.goal)?;
        self.step(&slope, ball)
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
        let slope = Slope::at(model, images, labels, self.goal)?;
        balls.iter().map(|&ball| self.step(&slope, ball)).collect()
    }
}

impl Fgsm {
    /// Takes the step for one radius.
    fn step<T: Scalar>(&self, slope: &Slope<'_, T>, ball: Ball) -> Result<Outcome<T>, AttackError> {
        let twice = planted(Fault::EpsilonDoubled);
        let ball = if twice { Ball::new(ball.norm(), 2.0 * ball.epsilon())? } else { ball };
        let mut adversarial = slope.subject.images.as_standard_layout().into_owned();
        let rows = adversarial.axis_iter_mut(Axis(0)).into_par_iter();
        let rows = rows.zip(slope.gradients.axis_iter(Axis(0))).zip(slope.subject.images.axis_iter(Axis(0)));
        rows.for_each(|((mut row, gradient), original)| {
            if let (Some(row), Some(gradient)) = (row.as_slice_mut(), gradient.as_slice()) {
                climb(ball.norm(), ball.epsilon(), gradient, row);
                if ball.norm() == Norm::L2 {
                    ball.pull_in(&original.to_vec(), row);
                }
                if self.clip {
                    row.iter_mut().for_each(|a| *a = a.max(T::zero()).min(T::one()));
                }
            }
        });
        let passes = Passes { gradients: slope.subject.labels.len(), forwards: 0 };
        let pixels = if self.clip { Pixels::Pictures } else { Pixels::Free };
        Outcome::verified_as(pixels, Attack::<T>::name(self), &slope.subject, ball, adversarial, passes)
    }
}

/// The logits and gradients of the original images, which do not depend on the radius.
struct Slope<'a, T> {
    subject: Subject<'a, T>,
    gradients: Array2<T>,
}

impl<'a, T: Scalar> Slope<'a, T> {
    fn at(
        model: &'a dyn Classifier<T>,
        images: ArrayView2<'a, T>,
        labels: &'a [usize],
        goal: Goal,
    ) -> Result<Self, AttackError> {
        check_labels(labels, images.nrows(), model.classes())?;
        check_pixels(images)?;
        goal.check(model.classes())?;
        let model = CheckedModel::new(model);
        let Slopes { logits, gradients, predicted } = model.slopes(images, &|image, logits, cotangent| {
            if let Some(&label) = labels.get(image)
                && let Some(loss) = goal.loss(logits, label)
            {
                loss.gradient_into(logits, label, T::one(), cotangent);
            }
        })?;
        Ok(Self { subject: Subject { model, images, labels, logits, predicted }, gradients })
    }
}
