//! The fast gradient sign method.

use crate::input::{check_gradients, check_pixels, predictions};
use crate::outcome::Pixels;
use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Norm, Outcome, Passes};
use minima_autodiff::softmax_cross_entropy::{check_labels, gradient_into};
use minima_autodiff::{Classifier, Scalar};
use ndarray::{Array2, ArrayView2, Zip};
use serde::{Deserialize, Serialize};

/// One step of full length along the sign of the gradient: `clip(x + ε·sign(∇ₓ ℓ), 0, 1)`, where `sign(0) = 0` and `ℓ` is
/// the image's softmax cross-entropy (Goodfellow, Shlens & Szegedy 2015, "Explaining and harnessing adversarial examples",
/// section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fgsm {
    /// Whether pixels stay within 0 to 1. Without it the attack is stronger, and its images are no pictures.
    pub clip: bool,
}

impl Default for Fgsm {
    fn default() -> Self {
        Self { clip: true }
    }
}

impl<T: Scalar> Attack<T> for Fgsm {
    fn name(&self) -> &'static str {
        if self.clip { "fgsm" } else { "fgsm_noclip" }
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        let slope = Slope::at(model, images, labels)?;
        self.step(&slope, ball)
    }

    fn run_many(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        balls: &[Ball],
    ) -> Result<Vec<Outcome<T>>, AttackError> {
        let slope = Slope::at(model, images, labels)?;
        balls.iter().map(|&ball| self.step(&slope, ball)).collect()
    }
}

impl Fgsm {
    /// The step of one radius.
    fn step<T: Scalar>(&self, slope: &Slope<'_, T>, ball: Ball) -> Result<Outcome<T>, AttackError> {
        let attack = Attack::<T>::name(self);
        if ball.norm() != Norm::Linf {
            return Err(AttackError::Norm { attack, found: ball.norm(), expected: "linf" });
        }
        let length = T::from_f64(ball.epsilon());
        let adversarial = Zip::from(slope.subject.images).and(&slope.gradients).par_map_collect(|&x, &g| {
            let moved = x + length * sign(g);
            if self.clip { moved.max(T::zero()).min(T::one()) } else { moved }
        });
        let passes = Passes { gradients: slope.subject.labels.len(), forwards: 0 };
        let pixels = if self.clip { Pixels::Pictures } else { Pixels::Free };
        Outcome::verified_as(pixels, attack, &slope.subject, ball, adversarial, passes)
    }
}

/// What the images' own logits and gradients say, whatever the radius.
struct Slope<'a, T> {
    subject: Subject<'a, T>,
    gradients: Array2<T>,
}

impl<'a, T: Scalar> Slope<'a, T> {
    fn at(
        model: &'a dyn Classifier<T>,
        images: ArrayView2<'a, T>,
        labels: &'a [usize],
    ) -> Result<Self, AttackError> {
        check_labels(labels, images.nrows(), model.classes())?;
        check_pixels(images)?;
        let (logits, gradients) = model.logits_and_input_vjp(images, &|image, logits, cotangent| {
            if let Some(&label) = labels.get(image) {
                gradient_into(logits, label, T::one(), cotangent);
            }
        })?;
        let predicted = predictions(logits.view())?;
        check_gradients(gradients.view())?;
        Ok(Self { subject: Subject { model, images, labels, logits, predicted }, gradients })
    }
}

/// −1, 0 or 1.
fn sign<T: Scalar>(x: T) -> T {
    if x > T::zero() {
        T::one()
    } else if x < T::zero() {
        -T::one()
    } else {
        T::zero()
    }
}
