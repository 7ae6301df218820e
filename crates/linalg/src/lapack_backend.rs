//! The factorizations on LAPACK, through `ndarray-linalg`.
//!
//! LAPACK expects column-major matrices. A row-major symmetric matrix, read as column-major, is its transpose with the triangles
//! exchanged. It is passed without a copy, and the lower triangle here is `Upper` in LAPACK.

use crate::LinalgError;
use lax::error::Error;
use ndarray::{Array1, Array2, ArrayView2};
use ndarray_linalg::{Lapack, MatrixLayout, Transpose, UPLO};

/// LAPACK's row exchanges, in the order of their application.
pub(crate) type Pivots = ndarray_linalg::Pivot;

/// The layout of a column-major matrix. Returns [`LinalgError::Backend`] if the order exceeds LAPACK's integers.
fn columns(order: usize) -> Result<MatrixLayout, LinalgError> {
    let order =
        i32::try_from(order).map_err(|_| LinalgError::Backend(format!("order {order} is too large for LAPACK")))?;
    Ok(MatrixLayout::F { col: order, lda: order })
}

/// Converts an error of LAPACK. `failure` converts a positive return code, given as an index from 0.
fn failed(error: Error, failure: impl FnOnce(usize) -> LinalgError) -> LinalgError {
    match error {
        Error::LapackComputationalFailure { return_code } => match usize::try_from(return_code) {
            Ok(code) if code > 0 => failure(code - 1),
            _ => LinalgError::Backend(error.to_string()),
        },
        _ => LinalgError::Backend(error.to_string()),
    }
}

/// The stack for OpenBLAS's parallel LU. Each recursion needs a megabyte of stack (number 3229 in the OpenBLAS tracker), which
/// overflows the two megabytes of a Rust thread.
const STACK: usize = 64 << 20;

/// Calls `factor` on a thread with [`STACK`] bytes of stack.
fn with_deep_stack<O: Send>(factor: impl FnOnce() -> Result<O, LinalgError> + Send) -> Result<O, LinalgError> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, factor)
            .map_err(|error| LinalgError::Backend(error.to_string()))?
            .join()
            .unwrap_or_else(|_| Err(LinalgError::Backend("the LAPACK thread panicked".to_owned())))
    })
}

fn strided() -> LinalgError {
    LinalgError::Backend("a factor is not contiguous".to_owned())
}

/// Overwrites the lower triangle of `a` with its Cholesky factor, in row-major order.
pub(crate) fn cholesky<T: Lapack + Send>(a: &mut Array2<T>) -> Result<(), LinalgError> {
    let layout = columns(a.nrows())?;
    if a.is_empty() {
        return Ok(());
    }
    if !a.is_standard_layout() {
        *a = a.as_standard_layout().into_owned();
    }
    let slice = a.as_slice_mut().ok_or_else(strided)?;
    with_deep_stack(|| {
        T::cholesky(layout, UPLO::Upper, slice)
            .map_err(|error| failed(error, |pivot| LinalgError::NotPositiveDefinite { pivot }))
    })
}

/// Solves with the factor written by [`cholesky`].
pub(crate) fn cholesky_solve<T: Lapack + Send>(
    factor: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
) -> Result<Array2<T>, LinalgError> {
    let layout = columns(factor.nrows())?;
    let factor = factor.to_slice().ok_or_else(strided)?;
    column_by_column(b, |x| T::solve_cholesky(layout, UPLO::Upper, factor, x))
}

/// Overwrites the factor written by [`cholesky`] with the inverse of the matrix.
pub(crate) fn cholesky_inverse<T: Lapack + Send>(factor: &mut Array2<T>) -> Result<(), LinalgError> {
    *factor = cholesky_solve(factor.view(), Array2::eye(factor.nrows()).view())?;
    Ok(())
}

/// Overwrites `a` with its LU factors, in column-major order.
pub(crate) fn lu<T: Lapack + Send>(a: &mut Array2<T>) -> Result<Pivots, LinalgError> {
    let layout = columns(a.nrows())?;
    if a.is_empty() {
        return Ok(Pivots::new());
    }
    if !a.t().is_standard_layout() {
        *a = a.t().as_standard_layout().into_owned().reversed_axes();
    }
    let mut transposed = a.view_mut().reversed_axes();
    let slice = transposed.as_slice_mut().ok_or_else(strided)?;
    with_deep_stack(|| T::lu(layout, slice).map_err(|error| failed(error, |pivot| LinalgError::Singular { pivot })))
}

/// Solves with the factors written by [`lu`].
pub(crate) fn lu_solve<T: Lapack + Send>(
    factors: ArrayView2<'_, T>,
    pivots: &Pivots,
    b: ArrayView2<'_, T>,
) -> Result<Array2<T>, LinalgError> {
    let layout = columns(factors.nrows())?;
    let factors = factors.reversed_axes().to_slice().ok_or_else(strided)?;
    column_by_column(b, |x| T::solve(layout, Transpose::No, factors, pivots, x))
}

fn column_by_column<T: Lapack + Send>(
    b: ArrayView2<'_, T>,
    mut solve: impl FnMut(&mut [T]) -> Result<(), Error>,
) -> Result<Array2<T>, LinalgError> {
    let mut x = b.as_standard_layout().into_owned();
    if b.is_empty() {
        return Ok(x);
    }
    for mut column in x.columns_mut() {
        let mut values = column.to_vec();
        solve(&mut values).map_err(|error| LinalgError::Backend(error.to_string()))?;
        column.assign(&ndarray::aview1(&values));
    }
    Ok(x)
}

/// Ascending eigenvalues of the symmetric matrix whose lower triangle is in `a`.
pub(crate) fn symmetric_eigenvalues<T: Lapack<Real = T> + Send>(
    a: ArrayView2<'_, T>,
) -> Result<Array1<T>, LinalgError> {
    Ok(decompose(a, false)?.0)
}

/// Ascending eigenvalues of the symmetric matrix whose lower triangle is in `a`, and an eigenvector in each column.
pub(crate) fn symmetric_eigen<T: Lapack<Real = T> + Send>(
    a: ArrayView2<'_, T>,
) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    let order = a.nrows();
    let (values, vectors) = decompose(a, true)?;
    // LAPACK returns the eigenvectors one after the other: the rows of the transpose.
    let vectors = Array2::from_shape_vec((order, order), vectors);
    let vectors = vectors.map_err(|error| LinalgError::Backend(error.to_string()))?;
    Ok((values, vectors.reversed_axes().as_standard_layout().into_owned()))
}

/// The eigenvalues, and the eigenvectors one after the other if `vectors` is true.
fn decompose<T: Lapack<Real = T> + Send>(
    a: ArrayView2<'_, T>,
    vectors: bool,
) -> Result<(Array1<T>, Vec<T>), LinalgError> {
    let layout = columns(a.nrows())?;
    if a.is_empty() {
        return Ok((Array1::from_vec(Vec::new()), Vec::new()));
    }
    let mut copy: Vec<T> = a.iter().copied().collect();
    with_deep_stack(move || {
        T::eigh(vectors, layout, UPLO::Upper, &mut copy)
            .map(|values| (Array1::from_vec(values), copy))
            .map_err(|error| LinalgError::Backend(error.to_string()))
    })
}
