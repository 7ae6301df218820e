//! Symmetric rank-k update.

use crate::{LinalgError, Real, precondition};
use ndarray::{ArrayView2, ArrayViewMut2};

/// `c ← beta·c + alpha·aᵀa` for `a` k×n and `c` n×n, the lower triangle only: what is above the diagonal is neither
/// read nor written.
///
/// With `beta` 0, `c` is written and not read. NaN and infinity propagate, they are no error.
///
/// # Errors
/// [`LinalgError::Shape`] if the sizes do not fit; `c` is then untouched.
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
