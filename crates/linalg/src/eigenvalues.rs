//! Eigenvalues and eigenvectors of symmetric matrices.

use crate::{LinalgError, Real, precondition};
use ndarray::{Array1, Array2, ArrayView2};

/// The n eigenvalues, ascending, of the symmetric n×n matrix whose lower triangle is `a`'s; what is above the diagonal
/// is not read. Householder tridiagonalization, then implicit QR.
///
/// # Errors
/// [`LinalgError::Shape`] if `a` is not square, [`LinalgError::NotFinite`] if the lower triangle holds a NaN or an
/// infinity, [`LinalgError::Backend`] if the iteration does not converge or overflows.
pub fn symmetric_eigenvalues<R: Real>(a: ArrayView2<'_, R>) -> Result<Array1<R>, LinalgError> {
    check(a)?;
    let values = R::symmetric_eigenvalues(a)?;
    finite(&values)?;
    Ok(values)
}

/// The eigenvalues of [`symmetric_eigenvalues`], and orthonormal eigenvectors as the columns of an n×n matrix `Q`, in the
/// same order: `A = Q diag(values) Qᵀ`. A vector's sign is the backend's.
///
/// # Errors
/// As [`symmetric_eigenvalues`].
pub fn symmetric_eigen<R: Real>(a: ArrayView2<'_, R>) -> Result<(Array1<R>, Array2<R>), LinalgError> {
    check(a)?;
    let (values, vectors) = R::symmetric_eigen(a)?;
    finite(&values)?;
    Ok((values, vectors))
}

fn check<R: Real>(a: ArrayView2<'_, R>) -> Result<(), LinalgError> {
    precondition::square("a", a.dim())?;
    precondition::finite_lower("a", a)
}

fn finite<R: Real>(values: &Array1<R>) -> Result<(), LinalgError> {
    match values.iter().find(|x| !x.is_finite()) {
        Some(x) => Err(LinalgError::Backend(format!("an eigenvalue came out {x}"))),
        None => Ok(()),
    }
}
