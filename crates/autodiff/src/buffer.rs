//! Buffers of lanes that are reused: after the first training step, a step allocates none.

use crate::Scalar;
use crate::lane::Lane;
use crate::ops::Scratch;
use ndarray::Array2;
use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

/// A pooled buffer. Its initial contents are arbitrary.
#[derive(Debug)]
pub(crate) struct Buffer<T: Scalar>(Vec<Lane<T>>);

impl<T: Scalar> Buffer<T> {
    pub(crate) fn take(len: usize) -> Self {
        let mut pool = T::buffers().lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // Takes the smallest buffer that fits, so that a small buffer does not hold a large buffer's memory.
        let fits = pool.iter().enumerate().filter(|(_, b)| b.capacity() >= len).min_by_key(|(_, b)| b.capacity());
        let found = fits.map(|(at, _)| at).map(|at| pool.swap_remove(at));
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

/// Pooled scratch space for operations.
#[derive(Debug)]
pub(crate) struct PooledScratch<T: Scalar>(Scratch<T>);

impl<T: Scalar> PooledScratch<T> {
    pub(crate) fn take() -> Self {
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

/// A pooled matrix, for large matrices that every step needs and overwrites.
#[derive(Debug)]
pub struct WorkMatrix<T: Scalar>(Array2<T>);

impl<T: Scalar> WorkMatrix<T> {
    /// A matrix of this size. Its initial contents are arbitrary.
    #[must_use]
    pub fn take(rows: usize, columns: usize) -> Self {
        let len = rows * columns;
        let mut pool = T::buffers().matrices.lock().unwrap_or_else(PoisonError::into_inner);
        // Takes the smallest buffer that fits, so that a small matrix does not hold a large matrix's memory.
        let fits = pool.iter().enumerate().filter(|(_, m)| m.capacity() >= len).min_by_key(|(_, m)| m.capacity());
        let found = fits.map(|(at, _)| at).map(|at| pool.swap_remove(at));
        drop(pool);
        let mut numbers = found.unwrap_or_default();
        numbers.resize(len, T::zero());
        Self(Array2::from_shape_vec((rows, columns), numbers).unwrap_or_else(|_| Array2::zeros((rows, columns))))
    }

    /// The matrix, which does not return to the pool unless it is [`adopt`](Self::adopt)ed again.
    #[must_use]
    pub fn into_inner(mut self) -> Array2<T> {
        std::mem::take(&mut self.0)
    }

    /// Gives a matrix's memory to the pool when it is dropped.
    #[must_use]
    pub fn adopt(matrix: Array2<T>) -> Self {
        Self(matrix)
    }
}

impl<T: Scalar> Deref for WorkMatrix<T> {
    type Target = Array2<T>;

    fn deref(&self) -> &Array2<T> {
        &self.0
    }
}

impl<T: Scalar> DerefMut for WorkMatrix<T> {
    fn deref_mut(&mut self) -> &mut Array2<T> {
        &mut self.0
    }
}

impl<T: Scalar> Drop for WorkMatrix<T> {
    fn drop(&mut self) {
        let (numbers, _) = std::mem::take(&mut self.0).into_raw_vec_and_offset();
        if numbers.capacity() > 0 {
            T::buffers().matrices.lock().unwrap_or_else(PoisonError::into_inner).push(numbers);
        }
    }
}
