//! The system `(λI + M) x = b` of a batch, symmetric and positive definite.

use crate::OptimError;
use minima_autodiff::Scalar;
use minima_linalg::Cholesky;
use ndarray::{Array2, ArrayView2, Zip};

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

/// `m` in another precision. Both triangles: that is faster than to clear new memory and then fill half of it.
pub(super) fn widen<T: Scalar, R: Scalar>(m: ArrayView2<'_, T>) -> Array2<R> {
    Zip::from(m).par_map_collect(|&m| R::from_f64(m.as_f64()))
}
