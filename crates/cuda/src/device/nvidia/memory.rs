//! Numbers in a GPU's memory, which recordings keep alive.

use crate::device::interface::{Element, Memory};
use cudarc::driver::CudaSlice;
use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory, or another object that must outlive a recording that uses it.
pub(super) type Kept = Arc<dyn Any + Send + Sync>;

/// The memory that launches use while they are recorded.
#[derive(Default)]
pub(super) struct Capture(Mutex<Option<Vec<Kept>>>);

impl Capture {
    pub fn kept(&self) -> MutexGuard<'_, Option<Vec<Kept>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps memory alive until the recording is dropped, if there is one. Freeing the memory would become part of the
    /// recording.
    pub fn keep(&self, memory: impl FnOnce() -> Kept) {
        if let Some(kept) = &mut *self.kept() {
            kept.push(memory());
        }
    }
}

/// Numbers in a GPU's memory.
pub struct NvidiaBuffer<T: Element> {
    pub(super) memory: Arc<CudaSlice<T>>,
    /// The address of the first number.
    pub(super) address: u64,
    pub(super) len: usize,
    pub(super) capture: Arc<Capture>,
}

impl<T: Element> NvidiaBuffer<T> {
    /// The address of number `offset`, for a launch.
    pub(super) fn at(&self, offset: usize) -> u64 {
        self.capture.keep(|| Arc::clone(&self.memory) as Kept);
        self.address + (offset * size_of::<T>()) as u64
    }
}

impl<T: Element> Memory for NvidiaBuffer<T> {
    fn len(&self) -> usize {
        self.len
    }
}

impl<T: Element> Drop for NvidiaBuffer<T> {
    fn drop(&mut self) {
        self.capture.keep(|| Arc::clone(&self.memory) as Kept);
    }
}
