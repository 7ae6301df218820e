//! Eigenvalues and eigenvectors of symmetric matrices.

use crate::power_of_two::{PowerOfTwo, largest_in_lower, scaled_lower};
use crate::{LinalgError, Real, precondition};
use ndarray::{Array1, Array2, ArrayView2};

/// The n eigenvalues, ascending, of the symmetric n×n matrix whose lower triangle is in `a`. Elements above the diagonal are
/// not read. Householder tridiagonalization, then implicit QR.
///
/// The error is a small multiple of `ε ‖A‖`, or of the smallest positive number if that is larger. To keep this bound, a
/// matrix of very small or very large elements is first scaled by a power of two.
///
/// # Errors
/// Returns [`LinalgError::Shape`] if `a` is not square, [`LinalgError::NotFinite`] if the lower triangle contains NaN or
/// infinity, and [`LinalgError::Backend`] if the iteration does not converge or an eigenvalue overflows.
pub fn symmetric_eigenvalues<R: Real>(a: ArrayView2<'_, R>) -> Result<Array1<R>, LinalgError> {
    check(a)?;
    match PowerOfTwo::to_unit(largest_in_lower(a)) {
        None => finite(R::symmetric_eigenvalues(a)?),
        Some(factor) => finite(scaled_back(R::symmetric_eigenvalues(scaled_lower(a, factor).view())?, factor)),
    }
}

/// The eigenvalues of [`symmetric_eigenvalues`], and orthonormal eigenvectors as the columns of an n×n matrix `Q`, in the
/// same order: `A = Q diag(values) Qᵀ`. The sign of an eigenvector depends on the backend.
///
/// # Errors
/// Returns the errors of [`symmetric_eigenvalues`].
pub fn symmetric_eigen<R: Real>(a: ArrayView2<'_, R>) -> Result<(Array1<R>, Array2<R>), LinalgError> {
    check(a)?;
    let (values, vectors) = match PowerOfTwo::to_unit(largest_in_lower(a)) {
        None => R::symmetric_eigen(a)?,
        Some(factor) => {
            let (values, vectors) = R::symmetric_eigen(scaled_lower(a, factor).view())?;
            (scaled_back(values, factor), vectors)
        }
    };
    Ok((finite(values)?, vectors))
}

/// The eigenvalues of a matrix, given the eigenvalues of the matrix times `factor`.
fn scaled_back<R: Real>(values: Array1<R>, factor: PowerOfTwo) -> Array1<R> {
    values.mapv_into(|value| factor.inverse().times(value))
}

fn check<R: Real>(a: ArrayView2<'_, R>) -> Result<(), LinalgError> {
    precondition::square("a", a.dim())?;
    precondition::finite_lower("a", a).map(drop)
}

fn finite<R: Real>(values: Array1<R>) -> Result<Array1<R>, LinalgError> {
    match values.iter().find(|x| !x.is_finite()) {
        Some(x) => Err(LinalgError::Backend(format!("an eigenvalue is {x}"))),
        None => Ok(values),
    }
}
