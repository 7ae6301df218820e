//! What every loss knows.

use crate::AutodiffError;
use crate::labels::check_labels;
use minima_rng::Key;
use ndarray::{Array2, Array3, ArrayView2};
use std::fmt::Debug;

/// One image's drawn target.
#[derive(Clone, Debug, PartialEq)]
pub enum Draw {
    /// A class.
    Label(usize),
    /// The difference of a real-valued target from the prediction, one number for each class.
    Noise(Vec<f32>),
}

/// A function of one image's logits and label. Training descends it, and an attack climbs it.
///
/// All slices have one number for each class. A caller passes labels that are classes.
///
/// ```
/// use minima_autodiff::{ImageLoss, Scalar};
///
/// /// Minus the label's logit.
/// #[derive(Debug)]
/// struct LabelLogit;
///
/// impl<T: Scalar> ImageLoss<T> for LabelLogit {
///     fn value(&self, logits: &[T], label: usize) -> T {
///         logits.get(label).map_or_else(T::nan, |&logit| -logit)
///     }
///
///     fn gradient_into(&self, _logits: &[T], label: usize, scale: T, out: &mut [T]) {
///         out.fill(T::zero());
///         out.iter_mut().skip(label).take(1).for_each(|slope| *slope = -scale);
///     }
/// }
///
/// let mut gradient = [f64::NAN; 3];
/// LabelLogit.gradient_into(&[1.0, 4.0, 2.0], 1, 0.5, &mut gradient);
/// assert_eq!(gradient, [0.0, -0.5, 0.0]);
/// ```
pub trait ImageLoss<T>: Debug + Send + Sync {
    /// The loss of one image.
    fn value(&self, logits: &[T], label: usize) -> T;

    /// Writes `scale` times the gradient of one image's loss with respect to its logits into `out`. Every number of
    /// `out` is overwritten.
    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]);
}

impl<T, L: ImageLoss<T> + ?Sized> ImageLoss<T> for &L {
    fn value(&self, logits: &[T], label: usize) -> T {
        (**self).value(logits, label)
    }

    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]) {
        (**self).gradient_into(logits, label, scale, out);
    }
}

/// The parts of a [`Loss`] that depend on the precision, besides the parts in [`ImageLoss`].
///
/// All slices have one number for each class. Labels are valid: [`Loss::check`] ran before.
pub trait LossIn<T>: ImageLoss<T> {
    /// The predictions `(images, classes)` at logits `(images, classes)`.
    fn predictions(&self, logits: ArrayView2<'_, T>) -> Array2<T>;

    /// Predictions whose factors and coefficients survive rounding to a precision with this least normal number. The
    /// default changes nothing.
    fn bounded(&self, predictions: Array2<T>, least: T) -> Array2<T> {
        let _ = least;
        predictions
    }

    /// Writes `scale` times the gradient of one image's loss into `out`, from its prediction.
    fn residual_into(&self, prediction: &[T], label: usize, scale: T, out: &mut [T]);

    /// Writes `scale · H v` into `out`, with the Hessian H of one image's loss with respect to its logits.
    fn hessian_into(&self, prediction: &[T], label: usize, v: &[T], scale: T, out: &mut [T]);

    /// Factors S with `H = S Sᵀ` for every image: its columns, `(rank, images, classes)` with the [`Loss::rank`].
    fn factors(&self, predictions: ArrayView2<'_, T>, labels: &[usize]) -> Array3<T>;

    /// The coefficients `(rank, images)` of every image's gradient in the columns of its factor S.
    ///
    /// # Errors
    /// Returns [`AutodiffError::UnsupportedLoss`] if the gradient of this loss is not in the range of S, which is the
    /// default.
    fn residual_in_factors(
        &self,
        predictions: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Array2<T>, AutodiffError> {
        let _ = (predictions, labels);
        Err(unsupported("the residual in the factors of the Hessian", self))
    }

    /// One draw from the distribution that the prediction stands for, from this image's part of [`Loss::random`].
    fn draw(&self, prediction: &[T], random: &[f32]) -> Draw;

    /// Writes `scale` times the gradient for a drawn target into `out`. Its mean over draws is 0, and the mean of its
    /// outer product is the image's Hessian H: the Fisher information with respect to the logits.
    fn drawn_residual_into(&self, prediction: &[T], label: usize, draw: &Draw, scale: T, out: &mut [T]);
}

/// A loss of logits and labels.
///
/// The loss of a batch is `Σᵢ ℓ(aᵢ, yᵢ) / W` with the total weight W of its labels: their number, unless classes have
/// weights.
pub trait Loss: LossIn<f32> + LossIn<f64> {
    /// The number of columns of the factor S of one image's Hessian.
    fn rank(&self, classes: usize) -> usize;

    /// Numbers from which every image of a batch draws, in order, with equally many for each image.
    fn random(&self, key: Key, images: usize, classes: usize) -> Vec<f32>;

    /// The total weight of these labels, the divisor of a batch's loss.
    fn total_weight(&self, labels: &[usize]) -> f64 {
        labels.len() as f64
    }

    /// Checks labels before any other method uses them.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if there is not one label for each image, [`AutodiffError::Label`] if a label
    /// names no class, and [`AutodiffError::LossOption`] if the loss does not fit the labels.
    fn check(&self, labels: &[usize], images: usize, classes: usize) -> Result<(), AutodiffError> {
        check_labels(labels, images, classes)
    }

    /// Whether this is softmax cross-entropy with neither smoothed labels nor weighted classes. The published
    /// Gauss-Newton matrix and emulated arithmetic are defined for it alone.
    fn is_plain_cross_entropy(&self) -> bool {
        false
    }
}

/// The error of a computation that is not defined for a loss.
pub(super) fn unsupported(what: &'static str, loss: &(impl Debug + ?Sized)) -> AutodiffError {
    AutodiffError::UnsupportedLoss { what, loss: format!("{loss:?}") }
}
