//! Buffers that wait for their next use.

use crate::lane::Lane;
use crate::ops::Scratch;
use std::sync::Mutex;

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
}
