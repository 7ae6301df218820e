//! How much is computed at import.

use crate::error::Refusal;
use crate::tensor::count;

/// The numbers that may still be computed, so that a small file takes little memory and time.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    /// A budget for a file with this many numbers.
    pub(crate) fn new(stored: usize) -> Self {
        Self(stored.saturating_mul(4).saturating_add(1 << 20))
    }

    /// Takes the entries of an array before it is computed.
    pub(crate) fn take(&mut self, shape: &[usize]) -> Result<(), Refusal> {
        let rest = count(shape).and_then(|count| self.0.checked_sub(count.max(1)));
        let found = || format!("constants that are computed, one of them of shape {shape:?}");
        self.0 = rest.ok_or_else(|| Refusal::new(found(), "constants that are a few times as large as the file's"))?;
        Ok(())
    }
}
