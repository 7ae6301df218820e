//! Buffers that are reused: after the first step, a step allocates none, as recording requires.

use crate::CudaError;
use crate::device::{Device, Element};
use crate::slice::Slice;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Free buffers of one type, by their length.
pub(crate) type Shelf<B> = Mutex<HashMap<usize, Vec<Arc<B>>>>;

/// Free buffers.
pub(crate) struct Pool<D: Device> {
    f32: Shelf<D::Buffer<f32>>,
    f64: Shelf<D::Buffer<f64>>,
    u32: Shelf<D::Buffer<u32>>,
}

impl<D: Device> Default for Pool<D> {
    fn default() -> Self {
        Self { f32: Shelf::default(), f64: Shelf::default(), u32: Shelf::default() }
    }
}

/// A type whose buffers are pooled.
pub(crate) trait Pooled: Element {
    fn shelf<D: Device>(pool: &Pool<D>) -> &Shelf<D::Buffer<Self>>;
}

impl Pooled for f32 {
    fn shelf<D: Device>(pool: &Pool<D>) -> &Shelf<D::Buffer<Self>> {
        &pool.f32
    }
}

impl Pooled for f64 {
    fn shelf<D: Device>(pool: &Pool<D>) -> &Shelf<D::Buffer<Self>> {
        &pool.f64
    }
}

impl Pooled for u32 {
    fn shelf<D: Device>(pool: &Pool<D>) -> &Shelf<D::Buffer<Self>> {
        &pool.u32
    }
}

/// A pooled buffer. Its initial contents are arbitrary.
///
/// It may return to the pool while the device still uses it, because work of the next owner follows later.
pub(crate) struct Loan<D: Device, T: Pooled> {
    buffer: Arc<D::Buffer<T>>,
    len: usize,
    pool: Arc<Pool<D>>,
}

impl<D: Device, T: Pooled> Loan<D, T> {
    /// A buffer of `len` numbers, from the pool or new.
    pub fn take(device: &D, pool: &Arc<Pool<D>>, len: usize) -> Result<Self, CudaError> {
        let mut shelf = T::shelf(pool).lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = shelf.get_mut(&len).and_then(Vec::pop);
        drop(shelf);
        let buffer = match waiting {
            Some(buffer) => buffer,
            None => Arc::new(device.zeros(len)?),
        };
        Ok(Self { buffer, len, pool: Arc::clone(pool) })
    }

    /// The whole buffer.
    pub fn all(&self) -> Slice<'_, D, T> {
        Slice::all(self.buffer.as_ref())
    }

    /// Overwrites the buffer.
    pub fn upload(&mut self, device: &D, from: &[T]) -> Result<(), CudaError> {
        if Arc::get_mut(&mut self.buffer).is_none() {
            self.buffer = Arc::new(device.zeros(self.len)?);
        }
        match Arc::get_mut(&mut self.buffer) {
            Some(buffer) => device.upload(from, buffer),
            None => Ok(()),
        }
    }

    /// Its numbers.
    pub fn download(&self, device: &D) -> Result<Vec<T>, CudaError> {
        let mut numbers = vec![T::default(); self.len];
        device.download(&self.buffer, &mut numbers)?;
        Ok(numbers)
    }
}

impl<D: Device, T: Pooled> Drop for Loan<D, T> {
    fn drop(&mut self) {
        let mut shelf = T::shelf(&self.pool).lock().unwrap_or_else(PoisonError::into_inner);
        shelf.entry(self.len).or_default().push(Arc::clone(&self.buffer));
    }
}
