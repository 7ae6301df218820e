//! The order of samples, and batches in this order.

use std::slice::Chunks;

use minima_faults::{Fault, planted};
use minima_rng::Key;

use crate::error::DataError;

/// The batches of an epoch, in order. The last batch may be smaller.
///
/// # Errors
///
/// Returns [`DataError::BatchSize`] if `size` is 0.
pub fn epoch_batches(order: &[u32], size: usize) -> Result<Chunks<'_, u32>, DataError> {
    match size {
        0 => Err(DataError::BatchSize),
        _ if planted(Fault::LastBatchDropped) => Ok(order[..order.len() - order.len() % size].chunks(size)),
        _ => Ok(order.chunks(size)),
    }
}

/// The order of the samples in each epoch: an infinite iterator.
///
/// Starts with `key = Key::new(seed)`. Each epoch sets `(key, sub) = key.split()`, and its order is `sub.permutation(n)`, as
/// in the paper's runs.
///
/// ```
/// use minima_data::EpochOrder;
///
/// let order = EpochOrder::new(42, 60_000).next();
/// assert!(order.is_some_and(|order| order[..4] == [45_991, 20_324, 41_404, 240]));
/// ```
#[derive(Clone, Debug)]
pub struct EpochOrder {
    key: Key,
    n: usize,
}

impl EpochOrder {
    /// The orders of `n` samples, starting at the first epoch.
    #[must_use]
    pub fn new(seed: u64, n: usize) -> Self {
        Self { key: Key::new(seed), n }
    }

    /// The orders of `n` samples after `done` completed epochs, to resume a run.
    #[must_use]
    pub fn after(seed: u64, n: usize, done: usize) -> Self {
        let mut orders = Self::new(seed, n);
        for _ in 0..done {
            orders.advance();
        }
        orders
    }

    fn advance(&mut self) -> Key {
        let (next, sub) = self.key.split();
        if !planted(Fault::SameOrder) {
            self.key = next;
        }
        sub
    }
}

impl Iterator for EpochOrder {
    type Item = Vec<u32>;

    fn next(&mut self) -> Option<Vec<u32>> {
        let sub = self.advance();
        Some(sub.permutation(self.n))
    }
}

#[cfg(test)]
mod tests {
    use super::{EpochOrder, epoch_batches};
    use crate::error::DataError;

    #[test]
    fn the_last_batch_is_short() {
        let order: Vec<u32> = (0..60_000).collect();
        let sizes: Vec<usize> = epoch_batches(&order, 128).unwrap().map(<[u32]>::len).collect();
        assert_eq!(sizes.len(), 469);
        assert_eq!((sizes[0], sizes[467], sizes[468]), (128, 128, 96));
        let joined: Vec<u32> = epoch_batches(&order, 7).unwrap().flatten().copied().collect();
        assert_eq!(joined, order);
        assert_eq!(epoch_batches(&[], 5).unwrap().count(), 0);
        assert!(matches!(epoch_batches(&order, 0), Err(DataError::BatchSize)));
    }

    #[test]
    fn goes_on_where_it_stopped() {
        let whole: Vec<_> = EpochOrder::new(3, 50).take(5).collect();
        let rest: Vec<_> = EpochOrder::after(3, 50, 3).take(2).collect();
        assert_eq!(whole[3..], rest);
        assert_ne!(whole[0], whole[1]);
    }
}
