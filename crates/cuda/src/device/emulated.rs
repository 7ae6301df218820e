//! Placeholder, filled next.

use super::{Arg, Device, Element, Memory};
use crate::CudaError;
use std::marker::PhantomData;

/// To be filled.
pub struct EmulatedDevice(());

/// To be filled.
pub struct EmulatedBuffer<T>(PhantomData<T>);

impl<T: Element> Memory for EmulatedBuffer<T> {
    fn len(&self) -> usize {
        0
    }
}

impl Device for EmulatedDevice {
    type Buffer<T: Element> = EmulatedBuffer<T>;
    type Recording = ();

    fn zeros<T: Element>(&self, _len: usize) -> Result<Self::Buffer<T>, CudaError> {
        Ok(EmulatedBuffer(PhantomData))
    }

    fn upload<T: Element>(&self, _from: &[T], _to: &mut Self::Buffer<T>) -> Result<(), CudaError> {
        Ok(())
    }

    fn download<T: Element>(&self, _from: &Self::Buffer<T>, _to: &mut [T]) -> Result<(), CudaError> {
        Ok(())
    }

    fn launch(
        &self,
        _kernel: &'static str,
        _grid: [u32; 3],
        _block: [u32; 3],
        _args: &[Arg<'_, Self>],
    ) -> Result<(), CudaError> {
        Ok(())
    }

    fn record(&self, launches: impl FnOnce() -> Result<(), CudaError>) -> Result<Self::Recording, CudaError> {
        launches()
    }

    fn replay(&self, _recording: &Self::Recording) -> Result<(), CudaError> {
        Ok(())
    }

    fn synchronize(&self) -> Result<(), CudaError> {
        Ok(())
    }
}
