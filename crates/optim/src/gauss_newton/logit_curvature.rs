//! The loss's curvature with respect to the logits, rounded, and its products.

use super::Arithmetic;
use super::strips::Strip;
use minima_curvature::GgnVariant;
use minima_linalg::{LinalgError, matmul};
use ndarray::{Array2, Array3, ArrayView2, Axis, azip};
use rayon::prelude::*;

/// The curvature `H`, rounded.
pub(super) enum LogitCurvature {
    /// `diag(p) − p pᵀ` over the whole batch; rows run over images within a class.
    Coupled(Array2<f32>),
    /// `diag(pᵢ) − pᵢ pᵢᵀ` of each image: `(classes, classes, images)`.
    PerImage(Array3<f32>),
}

impl LogitCurvature {
    /// Computes the curvature at probabilities `(images, classes)`.
    pub(super) fn new(p: ArrayView2<'_, f32>, variant: GgnVariant, arithmetic: Arithmetic) -> Self {
        let entry = |same: bool, p: f32, q: f32| arithmetic.round(if same { p } else { 0.0 } - p * q);
        match variant {
            GgnVariant::Coupled => {
                let p = p.t().to_owned().into_flat();
                Self::Coupled(Array2::from_shape_fn((p.len(), p.len()), |(a, b)| entry(a == b, p[a], p[b])))
            }
            GgnVariant::Sum | GgnVariant::Mean => {
                let (images, classes) = p.dim();
                let at = |(c, d, i)| entry(c == d, p[[i, c]], p[[i, d]]);
                Self::PerImage(Array3::from_shape_fn((classes, classes, images), at))
            }
        }
    }

    /// Computes `Jᵀ H` of a strip, summed in single precision and not yet rounded, with one row per column of the
    /// strip.
    ///
    /// The columns of the result correspond to all rows of `H`, or, if `H` does not couple images, to the rows of the
    /// strip.
    pub(super) fn left_factor(&self, strip: &Strip) -> Result<Array2<f32>, LinalgError> {
        let transposed = strip.transposed.view();
        let (columns, rows) = transposed.dim();
        match self {
            Self::Coupled(h) => {
                let mut left = Array2::zeros((columns, h.ncols()));
                if rows == h.nrows() {
                    matmul(1.0, transposed, h.view(), 0.0, left.view_mut())?;
                } else {
                    matmul(1.0, transposed, h.select(Axis(0), &strip.rows).view(), 0.0, left.view_mut())?;
                }
                Ok(left)
            }
            Self::PerImage(h) => {
                // One row `(c, d)` each for the images of the strip, so that images are the innermost axis.
                let count = strip.images.len().max(1);
                let h = h.select(Axis(2), &strip.images);
                let mut left = Array2::zeros((columns, rows));
                let rows = left.outer_iter_mut().into_par_iter().zip(transposed.outer_iter().into_par_iter());
                rows.for_each(|(mut left, j)| {
                    for (mut sum, h) in left.axis_chunks_iter_mut(Axis(0), count).zip(h.outer_iter()) {
                        for (j, h) in j.axis_chunks_iter(Axis(0), count).zip(h.outer_iter()) {
                            azip!((sum in &mut sum, &j in j, &h in h) *sum += j * h);
                        }
                    }
                });
                Ok(left)
            }
        }
    }

    /// Whether a strip's left factor covers all rows of `H` instead of the strip's rows alone.
    pub(super) fn couples(&self) -> bool {
        matches!(self, Self::Coupled(_))
    }
}
