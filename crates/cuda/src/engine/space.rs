//! Where a pass runs.

use super::pool::{Loan, Pool, Pooled};
use crate::CudaError;
use crate::device::Device;
use std::sync::Arc;

/// The device of a pass, and the pool of its buffers.
pub(crate) struct Space<'s, D: Device> {
    pub device: &'s D,
    pub pool: &'s Arc<Pool<D>>,
}

impl<D: Device> Clone for Space<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Space<'_, D> {}

impl<D: Device> Space<'_, D> {
    /// A buffer of `len` numbers.
    pub fn take<T: Pooled>(&self, len: usize) -> Result<Loan<D, T>, CudaError> {
        Loan::take(self.device, self.pool, len)
    }
}
