//! Eigenvalues of symmetric matrices.

use crate::{LinalgError, Real, precondition};
use ndarray::{Array1, ArrayView2};

/// The n eigenvalues, ascending, of the symmetric n×n matrix whose lower triangle is `a`'s; what is above the diagonal
/// is not read. Householder tridiagonalization, then implicit QR.
///
/// # Errors
/// [`LinalgError::Shape`] if `a` is not square, [`LinalgError::NotFinite`] if the lower triangle holds a NaN or an
/// infinity, [`LinalgError::Backend`] if the iteration does not converge or overflows.
pub fn symmetric_eigenvalues<R: Real>(a: ArrayView2<'_, R>) -> Result<Array1<R>, LinalgError> {
    precondition::square("a", a.dim())?;
    precondition::finite_lower("a", a)?;
    let values = R::symmetric_eigenvalues(a)?;
    match values.iter().find(|x| !x.is_finite()) {
        Some(x) => Err(LinalgError::Backend(format!("an eigenvalue came out {x}"))),
        None => Ok(values),
    }
}
