//! Buffers of lanes that are used again: a training step allocates none once the first has run.

use crate::lane::Lane;
use crate::{Scalar, ops::Scratch};
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Buffers that wait for their next use, one pool a precision.
#[derive(Debug)]
pub struct BufferPool<T> {
    lanes: Mutex<Vec<Vec<Lane<T>>>>,
    scratch: Mutex<Vec<Scratch<T>>>,
}

impl<T> BufferPool<T> {
    pub(crate) const fn new() -> Self {
        Self { lanes: Mutex::new(Vec::new()), scratch: Mutex::new(Vec::new()) }
    }
}

/// A buffer on loan; what it holds at first is arbitrary.
#[derive(Debug)]
pub(crate) struct Buffer<T: Scalar>(Vec<Lane<T>>);

impl<T: Scalar> Buffer<T> {
    pub fn take(len: usize) -> Self {
        let mut pool = T::buffers().lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = pool.iter().rposition(|b| b.capacity() >= len);
        let found = fits.map(|at| pool.swap_remove(at));
        drop(pool);
        let mut lanes = found.unwrap_or_default();
        lanes.resize(len, Lane::zero());
        Self(lanes)
    }
}

impl<T: Scalar> Deref for Buffer<T> {
    type Target = [Lane<T>];

    fn deref(&self) -> &[Lane<T>] {
        &self.0
    }
}

impl<T: Scalar> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [Lane<T>] {
        &mut self.0
    }
}

impl<T: Scalar> Drop for Buffer<T> {
    fn drop(&mut self) {
        let lanes = std::mem::take(&mut self.0);
        T::buffers().lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lanes);
    }
}

/// Operations' scratch space on loan.
#[derive(Debug)]
pub(crate) struct PooledScratch<T: Scalar>(Scratch<T>);

impl<T: Scalar> PooledScratch<T> {
    pub fn take() -> Self {
        Self(T::buffers().scratch.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default())
    }
}

impl<T: Scalar> Deref for PooledScratch<T> {
    type Target = Scratch<T>;

    fn deref(&self) -> &Scratch<T> {
        &self.0
    }
}

impl<T: Scalar> DerefMut for PooledScratch<T> {
    fn deref_mut(&mut self) -> &mut Scratch<T> {
        &mut self.0
    }
}

impl<T: Scalar> Drop for PooledScratch<T> {
    fn drop(&mut self) {
        let scratch = std::mem::take(&mut self.0);
        T::buffers().scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
    }
}
