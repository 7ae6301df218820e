//! Symmetric eigenvalues and eigenvectors.

use super::layout::{Element, with_mat};
use crate::LinalgError;
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::prelude::default;
use faer::{Mat, MatMut, Par};
use ndarray::{Array1, Array2, ArrayView2};

/// Ascending eigenvalues of the symmetric matrix whose lower triangle is in `a`.
pub(crate) fn symmetric_eigenvalues<T: Element>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    decompose(a, ComputeEigenvectors::No, None)
}

/// Ascending eigenvalues of the symmetric matrix whose lower triangle is in `a`, and an eigenvector in each column.
pub(crate) fn symmetric_eigen<T: Element>(a: ArrayView2<'_, T>) -> Result<(Array1<T>, Array2<T>), LinalgError> {
    let order = a.nrows();
    let mut vectors = Mat::zeros(order, order);
    let values = decompose(a, ComputeEigenvectors::Yes, Some(vectors.as_mut()))?;
    Ok((values, Array2::from_shape_fn((order, order), |(row, column)| vectors[(row, column)])))
}

fn decompose<T: Element>(
    a: ArrayView2<'_, T>,
    which: ComputeEigenvectors,
    vectors: Option<MatMut<'_, T>>,
) -> Result<Array1<T>, LinalgError> {
    let order = a.nrows();
    let mut values = Diag::<T>::zeros(order);
    let scratch = self_adjoint_evd_scratch::<T>(order, which, Par::Seq, default());
    with_mat(a, |a| {
        let memory = &mut MemBuffer::new(scratch);
        self_adjoint_evd(a, values.as_mut(), vectors, Par::Seq, MemStack::new(memory), default())
    })
    .map_err(|error| LinalgError::Backend(format!("eigenvalues: {error:?}")))?;
    Ok(values.column_vector().iter().copied().collect())
}
