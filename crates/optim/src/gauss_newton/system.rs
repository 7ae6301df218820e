//! The system `(λI + M) x = b` of a batch, symmetric and positive definite.

use crate::OptimError;
use minima_autodiff::{Scalar, WorkMatrix};
use minima_linalg::Cholesky;
use ndarray::{Array2, ArrayView2};

/// Solves `(λI + M) x = b` for each column of `b`; of `m` the lower triangle is read.
pub(super) fn solve_damped<R: Scalar>(
    mut m: WorkMatrix<R>,
    damping: f64,
    b: ArrayView2<'_, R>,
) -> Result<Array2<R>, OptimError> {
    let order = m.nrows();
    for d in m.diag_mut() {
        *d += R::from_f64(damping);
    }
    let failed = |source| OptimError::Solve { order, damping, source };
    let factored = Cholesky::factor(m.into_inner()).map_err(failed)?;
    let x = factored.solve(b).map_err(failed);
    drop(WorkMatrix::adopt(factored.into_factor()));
    x
}
