//! Half the squared distance of the logits from the label's unit vector.

use super::{Draw, ImageLoss, Loss, LossIn};
use crate::{AutodiffError, Scalar};
use minima_rng::Key;
use ndarray::{Array2, Array3, ArrayView2};

/// `ℓ = ½ ‖a − onehot(y)‖²` of logits a and label y.
///
/// Its gradient is `a − onehot(y)` and its Hessian is the identity, of rank C. The prediction stands for a normal
/// distribution around the logits with unit covariance, whose Fisher information is the identity too (Martens, "New
/// Insights and Perspectives on the Natural Gradient Method", 2020, section 9.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SquaredError;

/// The entry of `a − onehot(label)` for one class.
fn residual<T: Scalar>(a: T, class: usize, label: usize) -> T {
    if class == label { a - T::one() } else { a }
}

impl<T: Scalar> ImageLoss<T> for SquaredError {
    fn value(&self, logits: &[T], label: usize) -> T {
        let squares = logits.iter().enumerate().map(|(class, &a)| residual(a, class, label).powi(2));
        T::from_f64(0.5) * squares.sum::<T>()
    }

    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]) {
        self.residual_into(logits, label, scale, out);
    }
}

impl<T: Scalar> LossIn<T> for SquaredError {
    fn predictions(&self, logits: ArrayView2<'_, T>) -> Array2<T> {
        logits.as_standard_layout().into_owned()
    }

    fn residual_into(&self, prediction: &[T], label: usize, scale: T, out: &mut [T]) {
        for (class, (out, &a)) in out.iter_mut().zip(prediction).enumerate() {
            *out = scale * residual(a, class, label);
        }
    }

    fn hessian_into(&self, _prediction: &[T], _label: usize, v: &[T], scale: T, out: &mut [T]) {
        out.iter_mut().zip(v).for_each(|(out, &v)| *out = scale * v);
    }

    fn factors(&self, predictions: ArrayView2<'_, T>, _labels: &[usize]) -> Array3<T> {
        let (images, classes) = predictions.dim();
        Array3::from_shape_fn((classes, images, classes), |(k, _, c)| if k == c { T::one() } else { T::zero() })
    }

    fn residual_in_factors(
        &self,
        predictions: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Array2<T>, AutodiffError> {
        let (images, classes) = predictions.dim();
        self.check(labels, images, classes)?;
        let at = |(class, image): (usize, usize)| residual(predictions[[image, class]], class, labels[image]);
        Ok(Array2::from_shape_fn((classes, images), at))
    }

    fn draw(&self, _prediction: &[T], random: &[f32]) -> Draw {
        Draw::Noise(random.to_vec())
    }

    fn drawn_residual_into(&self, _prediction: &[T], _label: usize, draw: &Draw, scale: T, out: &mut [T]) {
        out.fill(T::zero());
        if let Draw::Noise(noise) = draw {
            // The target is a + ε, so the gradient is −ε.
            out.iter_mut().zip(noise).for_each(|(out, &noise)| *out = -scale * T::from_f64(f64::from(noise)));
        }
    }
}

impl Loss for SquaredError {
    fn rank(&self, classes: usize) -> usize {
        classes
    }

    fn random(&self, key: Key, images: usize, classes: usize) -> Vec<f32> {
        key.normal(images * classes)
    }
}
