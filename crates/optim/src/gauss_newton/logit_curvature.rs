//! The loss's curvature with respect to the logits, rounded, and products with it.

use super::strips::Strip;
use super::{Arithmetic, Generation};
use minima_linalg::{LinalgError, matmul};
use ndarray::{Array2, Array3, ArrayView2, Axis};
use rayon::prelude::*;

/// `H`, rounded.
pub(super) enum LogitCurvature {
    /// `diag(p) − p pᵀ` over the whole batch; rows run over images within a class.
    Coupled(Array2<f32>),
    /// `diag(pᵢ) − pᵢ pᵢᵀ` of each image: `(images, classes, classes)`.
    PerImage(Array3<f32>),
}

impl LogitCurvature {
    /// At probabilities `(images, classes)`.
    pub fn new(p: ArrayView2<'_, f32>, generation: Generation, arithmetic: Arithmetic) -> Self {
        let entry = |same: bool, p: f32, q: f32| arithmetic.round(if same { p } else { 0.0 } - p * q);
        match generation {
            Generation::Published => {
                let p = p.t().to_owned().into_flat();
                Self::Coupled(Array2::from_shape_fn((p.len(), p.len()), |(a, b)| entry(a == b, p[a], p[b])))
            }
            Generation::Sum | Generation::Mean => {
                let (images, classes) = p.dim();
                let at = |(i, c, d)| entry(c == d, p[[i, c]], p[[i, d]]);
                Self::PerImage(Array3::from_shape_fn((images, classes, classes), at))
            }
        }
    }

    /// `Jᵀ H` of a strip, summed in single precision and not yet rounded: a row for each of its columns.
    ///
    /// Its own columns belong to all rows of `H`, or, where `H` does not couple images, to the strip's.
    pub fn left_factor(&self, strip: &Strip) -> Result<Array2<f32>, LinalgError> {
        let (rows, columns) = strip.jacobian.dim();
        match self {
            Self::Coupled(h) if rows == h.nrows() => {
                let mut left = Array2::zeros((columns, rows));
                matmul(1.0, strip.jacobian.t(), h.view(), 0.0, left.view_mut())?;
                Ok(left)
            }
            Self::Coupled(h) => {
                let mut left = Array2::zeros((columns, h.ncols()));
                matmul(1.0, strip.jacobian.t(), h.select(Axis(0), &strip.rows).view(), 0.0, left.view_mut())?;
                Ok(left)
            }
            Self::PerImage(h) => {
                let count = strip.images.len();
                let mut by_row = Array2::zeros((rows, columns));
                by_row.outer_iter_mut().into_par_iter().enumerate().for_each(|(row, mut sum)| {
                    let (d, nth) = (row / count, row % count);
                    for (c, h) in h.index_axis(Axis(0), strip.images[nth]).column(d).iter().enumerate() {
                        sum.scaled_add(*h, &strip.jacobian.row(c * count + nth));
                    }
                });
                Ok(by_row.t().as_standard_layout().into_owned())
            }
        }
    }

    /// Whether a strip's left factor belongs to all rows, not to the strip's alone.
    pub fn couples(&self) -> bool {
        matches!(self, Self::Coupled(_))
    }
}
