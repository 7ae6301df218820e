//! The limit of the memory of a dense system.

use crate::OptimError;
use minima_autodiff::SystemSize;

/// The largest memory of a dense system and of the gradients from which it is computed, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryLimit(pub u64);

impl Default for MemoryLimit {
    /// 4 GiB: a system of order 20 000 in double precision takes 3.2 GB and minutes to factor.
    fn default() -> Self {
        Self(4 << 30)
    }
}

impl MemoryLimit {
    /// Returns [`OptimError::SystemSize`] if a system is larger than the limit.
    pub(crate) fn check(self, SystemSize { order, bytes }: SystemSize) -> Result<(), OptimError> {
        if bytes <= self.0 { Ok(()) } else { Err(OptimError::SystemSize { order, bytes, limit: self.0 }) }
    }
}
