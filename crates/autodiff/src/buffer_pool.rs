//! Buffers that wait for their next use.

use crate::lane::Lane;
use crate::ops::Scratch;
use std::sync::{Mutex, PoisonError};

/// Buffers that wait for their next use; each precision has one pool.
#[derive(Debug)]
pub struct BufferPool<T> {
    pub(crate) lanes: Mutex<Vec<Vec<Lane<T>>>>,
    pub(crate) scratch: Mutex<Vec<Scratch<T>>>,
    pub(crate) matrices: Mutex<Vec<Vec<T>>>,
}

impl<T> BufferPool<T> {
    pub(crate) const fn new() -> Self {
        Self { lanes: Mutex::new(Vec::new()), scratch: Mutex::new(Vec::new()), matrices: Mutex::new(Vec::new()) }
    }

    /// Frees the waiting buffers of at least `bytes` bytes, for work outside this crate that needs much memory. The next
    /// step allocates them again.
    pub fn release(&self, bytes: usize) {
        fn keep_below<B>(bytes: usize, waiting: &Mutex<Vec<Vec<B>>>) {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|buffer| buffer.capacity().saturating_mul(size_of::<B>()) < bytes);
        }
        keep_below(bytes, &self.lanes);
        keep_below(bytes, &self.matrices);
    }
}
