//! Products.

use crate::{LinalgError, Real, precondition};
use ndarray::{ArrayView2, ArrayViewMut2};

/// `c ← beta·c + alpha·a·b` for `a` m×k, `b` k×n and `c` m×n.
///
/// With `beta` 0, `c` is written and not read. NaN and infinity propagate, they are no error.
///
/// # Errors
/// [`LinalgError::Shape`] if the sizes do not fit; `c` is then untouched.
pub fn matmul<R: Real>(
    alpha: R,
    a: ArrayView2<'_, R>,
    b: ArrayView2<'_, R>,
    beta: R,
    c: ArrayViewMut2<'_, R>,
) -> Result<(), LinalgError> {
    precondition::shape("b", b.dim(), (a.ncols(), b.ncols()))?;
    precondition::shape("c", c.dim(), (a.nrows(), b.ncols()))?;
    R::gemm(alpha, a, b, beta, c);
    Ok(())
}
