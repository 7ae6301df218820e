//! Symmetric eigenvalues.

use super::Element;
use super::layout::with_mat;
use crate::LinalgError;
use faer::Par;
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::prelude::default;
use ndarray::{Array1, ArrayView2};

/// Ascending eigenvalues of the lower triangle of `a`.
pub fn symmetric_eigenvalues<T: Element>(a: ArrayView2<'_, T>) -> Result<Array1<T>, LinalgError> {
    let order = a.nrows();
    let mut values = Diag::<T>::zeros(order);
    let scratch = self_adjoint_evd_scratch::<T>(order, ComputeEigenvectors::No, Par::Seq, default());
    with_mat(a, |a| {
        self_adjoint_evd(a, values.as_mut(), None, Par::Seq, MemStack::new(&mut MemBuffer::new(scratch)), default())
    })
    .map_err(|error| LinalgError::Backend(format!("eigenvalues: {error:?}")))?;
    Ok(values.column_vector().iter().copied().collect())
}
