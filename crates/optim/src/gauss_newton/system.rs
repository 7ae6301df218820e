//! The system `(λI + M) x = b` of a batch, symmetric and positive definite.

use crate::OptimError;
use minima_autodiff::Scalar;
use minima_linalg::Cholesky;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// Solves `(λI + M) x = b` for each column of `b`; of `m` the lower triangle is read.
pub(super) fn solve_damped<R: Scalar>(
    mut m: Array2<R>,
    damping: f64,
    b: ArrayView2<'_, R>,
) -> Result<Array2<R>, OptimError> {
    let order = m.nrows();
    for d in m.diag_mut() {
        *d += R::from_f64(damping);
    }
    Cholesky::factor(m).and_then(|f| f.solve(b)).map_err(|source| OptimError::Solve { order, damping, source })
}

/// The lower triangle of `m` in another precision, with zeros above.
pub(super) fn widen_lower<T: Scalar, R: Scalar>(m: ArrayView2<'_, T>) -> Array2<R> {
    let mut wide = Array2::zeros(m.raw_dim());
    wide.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(row, mut wide)| {
        for (wide, &m) in wide.iter_mut().zip(m.row(row)).take(row + 1) {
            *wide = R::from_f64(m.as_f64());
        }
    });
    wide
}
