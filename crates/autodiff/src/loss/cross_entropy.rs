//! Softmax cross-entropy with smoothed labels and weighted classes.

use super::draw::draw_label;
use super::{Draw, ImageLoss, Loss, LossIn};
use crate::softmax_cross_entropy::{
    bounded_below, check_labels, hessian_factors, hessian_into, in_factors, log_partition, loss, residual_in_factors,
    residual_in_place, softmax, softmax_into,
};
use crate::{AutodiffError, Scalar};
use minima_rng::Key;
use ndarray::{Array2, Array3, ArrayView2, Axis};
use std::sync::Arc;

/// `ℓ = −Σ_c t_c log p_c` with `p = softmax(a)` and the target `t_c = w_c ((1 − s) [c = y] + s / C)` of label y.
///
/// The label smoothing s (Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016, section
/// 7) and the weights w of the classes are defined as in PyTorch's `CrossEntropyLoss(weight, label_smoothing)`. So is
/// the mean: the loss of a batch is divided by the sum of the weights of its labels, `Σᵢ w_{yᵢ}`, and not by the number
/// of images.
///
/// With `T = Σ_c t_c`, which is 1 without weights, the gradient is `T p − t` and the Hessian is `T (diag(p) − p pᵀ)`, of
/// rank C − 1. A drawn target is a label drawn from p, with the gradient `√T (p − onehot)`: the mean of its outer
/// product is the Hessian for any weights. The default has neither smoothing nor weights, and equals
/// [`softmax_cross_entropy`](crate::softmax_cross_entropy).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SoftmaxCrossEntropy {
    label_smoothing: f64,
    class_weights: Option<Arc<[f64]>>,
}

/// The loss of batches for which no loss is named.
pub(crate) static PLAIN: SoftmaxCrossEntropy = SoftmaxCrossEntropy { label_smoothing: 0.0, class_weights: None };

impl SoftmaxCrossEntropy {
    /// Sets the label smoothing s.
    ///
    /// # Errors
    /// Returns [`AutodiffError::LossOption`] unless s is a number from 0 to 1.
    pub fn with_label_smoothing(self, label_smoothing: f64) -> Result<Self, AutodiffError> {
        if (0.0..=1.0).contains(&label_smoothing) {
            return Ok(Self { label_smoothing, ..self });
        }
        let expected = "a number from 0 to 1";
        Err(AutodiffError::LossOption { option: "label_smoothing", found: label_smoothing, expected })
    }

    /// Sets the weights w, one for each class.
    ///
    /// # Errors
    /// Returns [`AutodiffError::LossOption`] if a weight is negative or not finite.
    pub fn with_class_weights(self, class_weights: &[f64]) -> Result<Self, AutodiffError> {
        if let Some(&found) = class_weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            let expected = "a finite number of at least 0";
            return Err(AutodiffError::LossOption { option: "class_weights", found, expected });
        }
        Ok(Self { class_weights: Some(class_weights.into()), ..self })
    }

    /// The label smoothing s.
    #[must_use]
    pub fn label_smoothing(&self) -> f64 {
        self.label_smoothing
    }

    /// The weights w, if classes have weights.
    #[must_use]
    pub fn class_weights(&self) -> Option<&[f64]> {
        self.class_weights.as_deref()
    }

    fn weight(&self, class: usize) -> f64 {
        self.class_weights.as_ref().map_or(1.0, |w| w.get(class).copied().unwrap_or(f64::NAN))
    }

    /// `t_c`.
    fn target(&self, class: usize, label: usize, classes: usize) -> f64 {
        let smooth = self.label_smoothing / classes.max(1) as f64;
        self.weight(class) * if class == label { 1.0 - self.label_smoothing + smooth } else { smooth }
    }

    /// `T = Σ_c t_c`.
    fn total(&self, label: usize, classes: usize) -> f64 {
        match self.class_weights {
            None => 1.0,
            Some(_) => (0..classes).map(|class| self.target(class, label, classes)).sum(),
        }
    }

    /// Converts one image's probabilities into `T p − t`. The label's entry is minus the sum of the others, which does
    /// not cancel if the image is fitted.
    fn gradient_in_place<T: Scalar>(&self, p: &mut [T], label: usize) {
        if self.is_plain_cross_entropy() {
            return residual_in_place(p, label);
        }
        let (classes, total) = (p.len(), T::from_f64(self.total(label, p.len())));
        for (class, p) in p.iter_mut().enumerate() {
            *p = total * *p - T::from_f64(self.target(class, label, classes));
        }
        residual_in_place(p, label);
    }
}

fn scale_by<T: Scalar>(scale: T, out: &mut [T]) {
    out.iter_mut().for_each(|r| *r *= scale);
}

impl<T: Scalar> ImageLoss<T> for SoftmaxCrossEntropy {
    fn value(&self, logits: &[T], label: usize) -> T {
        if self.is_plain_cross_entropy() {
            return loss(logits, label);
        }
        let (largest, rest) = log_partition(logits);
        let of_class = |(class, &a): (usize, &T)| match self.target(class, label, logits.len()) {
            // A class without weight may have logit −∞.
            0.0 => T::zero(),
            target => T::from_f64(target) * ((largest - a) + rest),
        };
        logits.iter().enumerate().map(of_class).sum()
    }

    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]) {
        softmax_into(logits, out);
        self.gradient_in_place(out, label);
        scale_by(scale, out);
    }
}

impl<T: Scalar> LossIn<T> for SoftmaxCrossEntropy {
    fn predictions(&self, logits: ArrayView2<'_, T>) -> Array2<T> {
        softmax(logits)
    }

    fn bounded(&self, predictions: Array2<T>, least: T) -> Array2<T> {
        bounded_below(predictions, least)
    }

    fn residual_into(&self, prediction: &[T], label: usize, scale: T, out: &mut [T]) {
        out.copy_from_slice(prediction);
        self.gradient_in_place(out, label);
        scale_by(scale, out);
    }

    fn hessian_into(&self, prediction: &[T], label: usize, v: &[T], scale: T, out: &mut [T]) {
        let scale = match self.class_weights {
            None => scale,
            Some(_) => scale * T::from_f64(self.total(label, prediction.len())),
        };
        hessian_into(prediction, v, scale, out);
    }

    fn factors(&self, predictions: ArrayView2<'_, T>, labels: &[usize]) -> Array3<T> {
        let mut factors = hessian_factors(predictions);
        if self.class_weights.is_some() {
            for (mut of_image, &label) in factors.axis_iter_mut(Axis(1)).zip(labels) {
                let root = T::from_f64(self.total(label, predictions.ncols()).sqrt());
                of_image.mapv_inplace(|c| c * root);
            }
        }
        factors
    }

    fn residual_in_factors(
        &self,
        predictions: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Array2<T>, AutodiffError> {
        let (images, classes) = predictions.dim();
        self.check(labels, images, classes)?;
        if self.is_plain_cross_entropy() {
            return residual_in_factors(predictions, labels);
        }
        let mut coefficients = Array2::zeros((classes.saturating_sub(1), images));
        for ((mut to, p), &label) in coefficients.columns_mut().into_iter().zip(predictions.outer_iter()).zip(labels) {
            let total = self.total(label, classes);
            // The gradient of an image without weight is zero.
            if total > 0.0 {
                let mut residual = p.to_vec();
                self.gradient_in_place(&mut residual, label);
                let root = T::from_f64(total.sqrt());
                in_factors(p, &residual).zip(&mut to).for_each(|(c, to)| *to = c / root);
            }
        }
        Ok(coefficients)
    }

    fn draw(&self, prediction: &[T], random: &[f32]) -> Draw {
        Draw::Label(draw_label(prediction, random.first().copied().unwrap_or_default()))
    }

    fn drawn_residual_into(&self, prediction: &[T], label: usize, draw: &Draw, scale: T, out: &mut [T]) {
        let Draw::Label(drawn) = *draw else { return out.fill(T::zero()) };
        out.copy_from_slice(prediction);
        residual_in_place(out, drawn);
        scale_by(scale, out);
        if self.class_weights.is_some() {
            scale_by(T::from_f64(self.total(label, prediction.len()).sqrt()), out);
        }
    }
}

impl Loss for SoftmaxCrossEntropy {
    fn rank(&self, classes: usize) -> usize {
        classes.saturating_sub(1)
    }

    fn random(&self, key: Key, images: usize, _classes: usize) -> Vec<f32> {
        key.uniform(images)
    }

    fn total_weight(&self, labels: &[usize]) -> f64 {
        match self.class_weights {
            None => labels.len() as f64,
            Some(_) => labels.iter().map(|&label| self.weight(label)).sum(),
        }
    }

    /// Also returns [`AutodiffError::LossOption`] if there is not one weight for each class, or if all labels have
    /// weight 0.
    fn check(&self, labels: &[usize], images: usize, classes: usize) -> Result<(), AutodiffError> {
        check_labels(labels, images, classes)?;
        let Some(weights) = &self.class_weights else { return Ok(()) };
        let wrong = |found, expected| Err(AutodiffError::LossOption { option: "class_weights", found, expected });
        if weights.len() != classes {
            return wrong(weights.len() as f64, "as many numbers as classes");
        }
        match labels.is_empty() || self.total_weight(labels) > 0.0 {
            true => Ok(()),
            false => wrong(0.0, "a positive sum over the labels"),
        }
    }

    fn is_plain_cross_entropy(&self) -> bool {
        self.label_smoothing == 0.0 && self.class_weights.is_none()
    }
}
