//! A network whose outputs are checked before an attack uses them.

use crate::AttackError;
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{AutodiffError, Classifier, CotangentOf, Scalar};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// The network under attack. The crate evaluates the network through this type alone, so every output is checked: its
/// shape, that gradients are finite, and that logits are neither NaN nor +∞. A logit of −∞ excludes its class and is
/// allowed.
pub(crate) struct CheckedModel<'a, T>(&'a dyn Classifier<T>);

impl<T> Clone for CheckedModel<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for CheckedModel<'_, T> {}

/// The logits of the network.
pub(crate) struct Answer<T> {
    /// `(images, classes)`, in standard layout.
    pub logits: Array2<T>,
    /// The predicted class of each image.
    pub predicted: Vec<usize>,
}

/// The logits and gradients of the network.
pub(crate) struct Slopes<T> {
    /// `(images, classes)`, in standard layout.
    pub logits: Array2<T>,
    /// The gradient of each image's loss, `(images, features)`, in standard layout.
    pub gradients: Array2<T>,
    /// The predicted class of each image.
    pub predicted: Vec<usize>,
}

impl<'a, T: Scalar> CheckedModel<'a, T> {
    pub(crate) fn new(model: &'a dyn Classifier<T>) -> Self {
        Self(model)
    }

    /// The network itself, for an attack that makes its own checks.
    pub(crate) fn unchecked(self) -> &'a dyn Classifier<T> {
        self.0
    }

    pub(crate) fn classes(self) -> usize {
        self.0.classes()
    }

    pub(crate) fn picture(self) -> Option<[usize; 3]> {
        self.0.picture()
    }

    pub(crate) fn features(self) -> usize {
        self.0.features()
    }

    /// Computes logits and classes of images `(images, features)`. The image index in an error counts from the first
    /// row.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the network returns the wrong number of rows or columns, and
    /// [`AttackError::NotFinite`] if a logit is NaN or +∞ or all logits of an image are −∞.
    pub(crate) fn logits(self, images: ArrayView2<'_, T>) -> Result<Answer<T>, AttackError> {
        let logits = self.0.logits(images)?;
        let (logits, predicted) = self.checked_logits(logits, images.nrows())?;
        Ok(Answer { logits, predicted })
    }

    /// Computes logits, classes and the vjp of a cotangent of the logits.
    ///
    /// # Errors
    /// Returns the errors of [`logits`](Self::logits), and [`AttackError::NotFinite`] if a gradient is NaN or infinite.
    pub(crate) fn slopes(
        self,
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<Slopes<T>, AttackError> {
        let (logits, gradients) = self.0.logits_and_input_vjp(images, cotangent)?;
        let (logits, predicted) = self.checked_logits(logits, images.nrows())?;
        check_shape("input gradients", gradients.dim(), images.dim())?;
        let rows = gradients.axis_iter(Axis(0)).into_par_iter();
        // No early exit within a row: comparing whole registers is faster. `g * 0 == 0` holds only for finite `g`.
        if let Some(image) =
            rows.position_first(|row| row.iter().fold(false, |bad, &g| bad | (g * T::zero() != T::zero())))
        {
            let found = gradients.row(image).iter().copied().find(|g| !g.is_finite()).unwrap_or_else(T::nan);
            return Err(AttackError::NotFinite { what: "input gradient", image, found: found.as_f64() });
        }
        Ok(Slopes { logits, gradients: in_rows(gradients), predicted })
    }

    fn checked_logits(self, logits: Array2<T>, images: usize) -> Result<(Array2<T>, Vec<usize>), AttackError> {
        check_shape("logits", logits.dim(), (images, self.classes()))?;
        let classes = logits.outer_iter().enumerate().map(|(image, row)| {
            let top = predicted(row).and_then(|top| row.get(top).copied().map(|z| (top, z)));
            match top {
                Some((top, z)) if z.is_finite() => Ok(top),
                _ => {
                    let bad = row.iter().copied().find(|z| z.is_nan() || *z == T::infinity());
                    let found = bad.unwrap_or_else(T::neg_infinity).as_f64();
                    Err(AttackError::NotFinite { what: "logits", image, found })
                }
            }
        });
        let classes = classes.collect::<Result<Vec<usize>, AttackError>>()?;
        Ok((in_rows(logits), classes))
    }
}

fn check_shape(what: &'static str, found: (usize, usize), expected: (usize, usize)) -> Result<(), AttackError> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (vec![found.0, found.1], vec![expected.0, expected.1]);
    Err(AutodiffError::Shape { what, found, expected }.into())
}

/// Returns the array with contiguous rows, one after the other.
fn in_rows<T: Scalar>(array: Array2<T>) -> Array2<T> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}
