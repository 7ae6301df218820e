//! The fast gradient sign method.

use crate::input::{check_gradients, check_pixels, predictions};
use crate::{Attack, AttackError, Epsilon, Outcome, Passes};
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
        epsilon: Epsilon,
    ) -> Result<Outcome<T>, AttackError> {
        let slope = Slope::at(model, images, labels)?;
        self.step(model, images, labels, &slope, epsilon)
    }

    fn run_many(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        epsilons: &[Epsilon],
    ) -> Result<Vec<Outcome<T>>, AttackError> {
        let slope = Slope::at(model, images, labels)?;
        epsilons.iter().map(|&epsilon| self.step(model, images, labels, &slope, epsilon)).collect()
    }
}

impl Fgsm {
    /// The step of one radius.
    fn step<T: Scalar>(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        slope: &Slope<T>,
        epsilon: Epsilon,
    ) -> Result<Outcome<T>, AttackError> {
        let length = T::from_f64(epsilon.get());
        let adversarial = Zip::from(images).and(&slope.gradients).par_map_collect(|&x, &g| {
            let moved = x + length * sign(g);
            if self.clip { moved.max(T::zero()).min(T::one()) } else { moved }
        });
        let after = predictions(model.logits(adversarial.view())?.view())?;
        let passes = Passes { gradients: labels.len(), forwards: labels.len() };
        Ok(Outcome::new(epsilon, adversarial, labels, &slope.predicted, after, passes))
    }
}

/// What the images' own logits and gradients say, whatever the radius.
struct Slope<T> {
    predicted: Vec<usize>,
    gradients: Array2<T>,
}

impl<T: Scalar> Slope<T> {
    fn at(model: &dyn Classifier<T>, images: ArrayView2<'_, T>, labels: &[usize]) -> Result<Self, AttackError> {
        check_labels(labels, images.nrows(), model.classes())?;
        check_pixels(images)?;
        let (logits, gradients) = model.logits_and_input_vjp(images, &|image, logits, cotangent| {
            if let Some(&label) = labels.get(image) {
                gradient_into(logits, label, T::one(), cotangent);
            }
        })?;
        let predicted = predictions(logits.view())?;
        check_gradients(gradients.view())?;
        Ok(Self { predicted, gradients })
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
