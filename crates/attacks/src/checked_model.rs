//! A network whose answers are checked before an attack uses them.

use crate::AttackError;
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{AutodiffError, Classifier, CotangentOf, Scalar};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// The network under attack. The crate asks it through this type alone, so that no answer goes unchecked: shapes, finite
/// gradients, and logits that are neither NaN nor infinite. A logit of −∞ excludes its class and is allowed.
pub(crate) struct CheckedModel<'a, T>(&'a dyn Classifier<T>);

impl<T> Clone for CheckedModel<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for CheckedModel<'_, T> {}

/// What the network answers with logits.
pub(crate) struct Answer<T> {
    /// `(images, classes)`, in standard layout.
    pub logits: Array2<T>,
    /// Each image's class.
    pub predicted: Vec<usize>,
}

/// What the network answers with logits and gradients.
pub(crate) struct Slopes<T> {
    /// `(images, classes)`, in standard layout.
    pub logits: Array2<T>,
    /// Of each image's loss, `(images, features)`, in standard layout.
    pub gradients: Array2<T>,
    /// Each image's class.
    pub predicted: Vec<usize>,
}

impl<'a, T: Scalar> CheckedModel<'a, T> {
    pub fn new(model: &'a dyn Classifier<T>) -> Self {
        Self(model)
    }

    /// The network itself, for an attack that makes checks of its own.
    pub fn unchecked(self) -> &'a dyn Classifier<T> {
        self.0
    }

    pub fn classes(self) -> usize {
        self.0.classes()
    }

    pub fn features(self) -> usize {
        self.0.features()
    }

    /// Logits and classes of images `(images, features)`. Errors count the images from the first row.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the network gives another number of rows or columns, and
    /// [`AttackError::NotFinite`] for a logit that is NaN or infinite.
    pub fn logits(self, images: ArrayView2<'_, T>) -> Result<Answer<T>, AttackError> {
        let logits = self.0.logits(images)?;
        let (logits, predicted) = self.checked_logits(logits, images.nrows())?;
        Ok(Answer { logits, predicted })
    }

    /// As [`logits`](Self::logits), with the vjp of a cotangent of the logits.
    ///
    /// # Errors
    /// As [`logits`](Self::logits), and [`AttackError::NotFinite`] for a gradient that is NaN or infinite.
    pub fn slopes(self, images: ArrayView2<'_, T>, cotangent: &CotangentOf<'_, T>) -> Result<Slopes<T>, AttackError> {
        let (logits, gradients) = self.0.logits_and_input_vjp(images, cotangent)?;
        let (logits, predicted) = self.checked_logits(logits, images.nrows())?;
        check_shape("input gradients", gradients.dim(), images.dim())?;
        let rows = gradients.axis_iter(Axis(0)).into_par_iter();
        // No early exit in a row: the comparison of whole registers is faster. Only finite numbers times 0 are 0.
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

/// The array with its rows contiguous, one after the other.
fn in_rows<T: Scalar>(array: Array2<T>) -> Array2<T> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}
