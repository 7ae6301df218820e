//! What kernels run on: memory, launches, and recordings of launches.

mod emulated;
mod nvidia;

pub use emulated::{EmulatedBuffer, EmulatedDevice, EmulatedRecording, Order};
pub use nvidia::{NvidiaBuffer, NvidiaDevice, NvidiaRecording, nvrtc};

use crate::CudaError;

/// A number that devices store: `f32`, `f64` or `u32`.
pub trait Element: sealed::Sealed {}

impl Element for f32 {}
impl Element for f64 {}
impl Element for u32 {}

mod sealed {
    use cudarc::driver::{DeviceRepr, ValidAsZeroBits};

    /// What the two devices need to know of a number.
    pub trait Sealed: Copy + Default + Send + Sync + 'static + DeviceRepr + ValidAsZeroBits {
        /// Appends the number's bytes, the lowest first.
        fn put(self, to: &mut Vec<u8>);
        /// The number that `bytes` are, the lowest first; bytes that are missing count as zero.
        fn get(bytes: &[u8]) -> Self;
    }

    macro_rules! sealed {
        ($($t:ty),+) => {
            $(impl Sealed for $t {
                fn put(self, to: &mut Vec<u8>) {
                    to.extend_from_slice(&self.to_le_bytes());
                }

                fn get(bytes: &[u8]) -> Self {
                    let mut whole = [0; size_of::<$t>()];
                    for (to, from) in whole.iter_mut().zip(bytes) {
                        *to = *from;
                    }
                    Self::from_le_bytes(whole)
                }
            })+
        };
    }

    sealed!(f32, f64, u32);
}

/// Numbers in a device's memory.
pub trait Memory {
    /// How many.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What kernels run on. All work is done in the order in which it is asked for.
pub trait Device: Sized + Send + Sync + 'static {
    /// Numbers in the device's memory, freed when dropped.
    type Buffer<T: Element>: Memory + Send + Sync;

    /// Launches that were recorded, to be run again.
    type Recording;

    /// A new buffer of `len` zeros.
    ///
    /// # Errors
    ///
    /// Without enough memory, and while launches are recorded.
    fn zeros<T: Element>(&self, len: usize) -> Result<Self::Buffer<T>, CudaError>;

    /// Overwrites the buffer `to` with `from`.
    ///
    /// # Errors
    ///
    /// If the lengths differ, and while launches are recorded.
    fn upload<T: Element>(&self, from: &[T], to: &mut Self::Buffer<T>) -> Result<(), CudaError>;

    /// Overwrites `to` with the buffer `from`, once all launches before are done.
    ///
    /// # Errors
    ///
    /// If the lengths differ, while launches are recorded, and if a launch before has failed.
    fn download<T: Element>(&self, from: &Self::Buffer<T>, to: &mut [T]) -> Result<(), CudaError>;

    /// Runs `kernel` on `grid` blocks of `block` threads each, both in (x, y, z).
    ///
    /// `args` must be what the kernel takes, in order and kind. A kernel writes to those buffers that its source says it
    /// writes to, though they are borrowed as shared here.
    ///
    /// # Errors
    ///
    /// If no kernel has that name, for sizes that the device cannot take, for offsets beyond a buffer's end, and if the
    /// device fails; a failure of the kernel itself may come back from a later call.
    fn launch(
        &self,
        kernel: &'static str,
        grid: [u32; 3],
        block: [u32; 3],
        args: &[Arg<'_, Self>],
    ) -> Result<(), CudaError>;

    /// Calls `launches`, whose launches are recorded and do not run. In it nothing may be allocated, uploaded or downloaded.
    /// Buffers that a recording uses must outlive it.
    ///
    /// # Errors
    ///
    /// Those of `launches`, and if the device cannot record.
    fn record(&self, launches: impl FnOnce() -> Result<(), CudaError>) -> Result<Self::Recording, CudaError>;

    /// Runs the launches of a recording, in order.
    ///
    /// # Errors
    ///
    /// If the device fails, and while launches are recorded.
    fn replay(&self, recording: &Self::Recording) -> Result<(), CudaError>;

    /// Waits until all work is done.
    ///
    /// # Errors
    ///
    /// If a launch has failed, and while launches are recorded.
    fn synchronize(&self) -> Result<(), CudaError>;
}

/// One argument of a kernel: a pointer into a buffer, from an offset (in numbers) on; or a number.
pub enum Arg<'a, D: Device> {
    /// A pointer to `float`.
    F32(&'a D::Buffer<f32>, usize),
    /// A pointer to `double`.
    F64(&'a D::Buffer<f64>, usize),
    /// A pointer to `unsigned`.
    U32(&'a D::Buffer<u32>, usize),
    /// An `int`.
    Int(i32),
    /// A `float`.
    Float(f32),
    /// A `double`.
    Double(f64),
}

impl<D: Device> Clone for Arg<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Arg<'_, D> {}

/// The limits that all of NVIDIA's devices share, and the ends of buffers.
fn check_launch<D: Device>(
    kernel: &str,
    grid: [u32; 3],
    block: [u32; 3],
    args: &[Arg<'_, D>],
) -> Result<(), CudaError> {
    let fail = |found: String, expected: String| Err(CudaError::Launch { kernel: kernel.to_owned(), found, expected });
    let blocks = [i32::MAX as u32, 65_535, 65_535];
    if grid.iter().zip(blocks).any(|(&size, most)| size == 0 || size > most) {
        return fail(format!("a grid of {grid:?} blocks"), format!("from 1 to {blocks:?}"));
    }
    let threads: u64 = block.iter().map(|&size| u64::from(size)).product();
    if threads == 0 || threads > 1024 || block.iter().zip([1024, 1024, 64]).any(|(&size, most)| size > most) {
        return fail(format!("blocks of {block:?} threads"), "from 1 to [1024, 1024, 64], 1024 together".to_owned());
    }
    for (place, arg) in args.iter().enumerate() {
        let (offset, len) = match arg {
            Arg::F32(buffer, offset) => (*offset, buffer.len()),
            Arg::F64(buffer, offset) => (*offset, buffer.len()),
            Arg::U32(buffer, offset) => (*offset, buffer.len()),
            Arg::Int(_) | Arg::Float(_) | Arg::Double(_) => continue,
        };
        if offset > len {
            return fail(format!("offset {offset} of argument {place}"), format!("at most its {len} numbers"));
        }
    }
    Ok(())
}
