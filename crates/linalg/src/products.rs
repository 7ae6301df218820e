//! Matrix products.

use crate::{LinalgError, Real, precondition};
use ndarray::{ArrayView2, ArrayViewMut2};

/// `c ← beta·c + alpha·a·b` for `a` m×k, `b` k×n and `c` m×n.
///
/// If `beta` is 0, `c` is written but not read. NaN and infinity propagate; they are not errors.
///
/// # Errors
/// Returns [`LinalgError::Shape`] if the sizes do not match; `c` is then unchanged.
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

/// `c ← beta·c + alpha·aᵀa` for `a` k×n and `c` n×n, in the lower triangle. Elements above the diagonal are neither read
/// nor written.
///
/// If `beta` is 0, `c` is written but not read. NaN and infinity propagate; they are not errors.
///
/// # Errors
/// Returns [`LinalgError::Shape`] if the sizes do not match; `c` is then unchanged.
pub fn syrk_lower<R: Real>(
    alpha: R,
    a: ArrayView2<'_, R>,
    beta: R,
    c: ArrayViewMut2<'_, R>,
) -> Result<(), LinalgError> {
    precondition::shape("c", c.dim(), (a.ncols(), a.ncols()))?;
    R::syrk_lower(alpha, a, beta, c);
    Ok(())
}
