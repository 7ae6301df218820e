//! What kernels run on: memory, launches, and recordings of launches.

use crate::CudaError;

/// A number that devices store: `f32`, `f64` or `u32`.
pub trait Element: sealed::Sealed {}

impl Element for f32 {}
impl Element for f64 {}
impl Element for u32 {}

mod sealed {
    use cudarc::driver::{DeviceRepr, ValidAsZeroBits};

    /// The byte representation of a number, for both devices.
    pub trait Sealed: Copy + Default + Send + Sync + 'static + DeviceRepr + ValidAsZeroBits {
        /// Appends the number's bytes in little-endian order.
        fn put(self, to: &mut Vec<u8>);
        /// The number with these little-endian bytes. Missing bytes count as zero.
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
    /// The number of its numbers.
    fn len(&self) -> usize;

    /// Whether it is empty.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A device that runs kernels. All work is done in the order of the calls.
pub trait Device: Sized + Send + Sync + 'static {
    /// Numbers in the device's memory, freed on drop.
    type Buffer<T: Element>: Memory + Send + Sync;

    /// Recorded launches, which can be run again.
    type Recording;

    /// A new buffer of `len` zeros.
    ///
    /// # Errors
    ///
    /// Returns a [`CudaError`] if there is too little memory, and [`CudaError::Recording`] while launches are recorded.
    fn zeros<T: Element>(&self, len: usize) -> Result<Self::Buffer<T>, CudaError>;

    /// Overwrites the buffer `to` with `from`.
    ///
    /// # Errors
    ///
    /// Returns [`CudaError::Length`] if the lengths differ, and [`CudaError::Recording`] while launches are recorded.
    fn upload<T: Element>(&self, from: &[T], to: &mut Self::Buffer<T>) -> Result<(), CudaError>;

    /// Overwrites `to` with the buffer `from`, after all earlier launches.
    ///
    /// # Errors
    ///
    /// Returns [`CudaError::Length`] if the lengths differ, [`CudaError::Recording`] while launches are recorded, and
    /// the error of an earlier launch that failed.
    fn download<T: Element>(&self, from: &Self::Buffer<T>, to: &mut [T]) -> Result<(), CudaError>;

    /// Runs `kernel` on `grid` blocks of `block` threads each, both in (x, y, z).
    ///
    /// `args` must match the kernel's parameters in order and type. A kernel writes to the buffers that its source says
    /// it writes to, although they are borrowed as shared here.
    ///
    /// # Errors
    ///
    /// Returns [`CudaError::UnknownKernel`] if no kernel has that name, [`CudaError::Launch`] if the device does not
    /// accept the sizes, the arguments or an offset, and a [`CudaError`] if the device fails. A later call may return
    /// the failure of the kernel itself.
    fn launch(
        &self,
        kernel: &'static str,
        grid: [u32; 3],
        block: [u32; 3],
        args: &[Arg<'_, Self>],
    ) -> Result<(), CudaError>;

    /// The least number of multiply-adds of a product that [`gemm`](Self::gemm) or [`syrk`](Self::syrk) should compute; `None` if
    /// this device has no library of linear algebra, and kernels compute all products.
    fn products_from(&self) -> Option<usize>;

    /// A product of matrices by the device's library, in the order of the launches. Like a launch, it can be recorded. The same
    /// call gives the same bits each time.
    ///
    /// # Errors
    ///
    /// Returns [`CudaError::Launch`] if the matrices are empty or reach beyond their numbers, [`CudaError::TooLarge`] if a
    /// size exceeds an `int`, and a [`CudaError`] if the device has no library or fails.
    fn gemm(&self, product: &Gemm<'_, Self>) -> Result<(), CudaError>;

    /// A product of a matrix with its transpose by the device's library.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`gemm`](Self::gemm).
    fn syrk(&self, product: &Syrk<'_, Self>) -> Result<(), CudaError>;

    /// Calls `launches` and records its launches, which do not run. During the call nothing may be allocated, uploaded
    /// or downloaded. The buffers that a recording uses must outlive it.
    ///
    /// # Errors
    ///
    /// Returns the errors of `launches`, and a [`CudaError`] if the device cannot record.
    fn record(&self, launches: impl FnOnce() -> Result<(), CudaError>) -> Result<Self::Recording, CudaError>;

    /// Runs the launches of a recording, in order.
    ///
    /// # Errors
    ///
    /// Returns a [`CudaError`] if the device fails, and [`CudaError::Recording`] while launches are recorded.
    fn replay(&self, recording: &Self::Recording) -> Result<(), CudaError>;

    /// Waits until all work is completed.
    ///
    /// # Errors
    ///
    /// Returns the error of a launch that failed, and [`CudaError::Recording`] while launches are recorded.
    fn synchronize(&self) -> Result<(), CudaError>;
}

/// Column-major matrices in a buffer.
pub struct Operand<'a, D: Device> {
    /// The buffer.
    pub buffer: &'a D::Buffer<f32>,
    /// The first number.
    pub offset: usize,
    /// The numbers from there on that may be read or written.
    pub count: usize,
    /// The distance from one column to the next.
    pub leading: usize,
    /// The distance from one matrix of a batch to the next. It may be 0 for a factor.
    pub stride: usize,
}

impl<D: Device> Clone for Operand<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Operand<'_, D> {}

/// `C = alpha · op(A) op(B) + beta · C` for each matrix of a batch, with op(A) of `m × k` and op(B) of `k × n`. C is not read if
/// `beta` is 0.
pub struct Gemm<'a, D: Device> {
    /// m, n and k.
    pub size: [usize; 3],
    /// Whether op transposes A, and B.
    pub transposed: [bool; 2],
    /// The number of matrices.
    pub batch: usize,
    /// The factor of the product.
    pub alpha: f32,
    /// The factor of the old C.
    pub beta: f32,
    /// A, B and C.
    pub operands: [Operand<'a, D>; 3],
}

/// The upper triangle of `C = A Aᵀ + beta · C`, with A of `n × k`. C is not read if `beta` is 0, and nothing is written below its
/// diagonal.
pub struct Syrk<'a, D: Device> {
    /// n and k.
    pub size: [usize; 2],
    /// The factor of the old C.
    pub beta: f32,
    /// A and C.
    pub operands: [Operand<'a, D>; 2],
}

/// One argument of a kernel: a number, or a pointer into a buffer, with its offset and the count of the numbers that the kernel
/// may read or write from there on.
pub enum Arg<'a, D: Device> {
    /// A pointer to `float`.
    F32(&'a D::Buffer<f32>, usize, usize),
    /// A pointer to `double`.
    F64(&'a D::Buffer<f64>, usize, usize),
    /// A pointer to `unsigned`.
    U32(&'a D::Buffer<u32>, usize, usize),
    /// An `int`.
    Int(i32),
    /// A `float`.
    Float(f32),
    /// A `double`.
    Double(f64),
}

impl<D: Device> Arg<'_, D> {
    /// The offset and the count of a pointer's numbers, and the length of its buffer.
    pub(super) fn part(&self) -> Option<[usize; 3]> {
        match self {
            Arg::F32(buffer, offset, count) => Some([*offset, *count, buffer.len()]),
            Arg::F64(buffer, offset, count) => Some([*offset, *count, buffer.len()]),
            Arg::U32(buffer, offset, count) => Some([*offset, *count, buffer.len()]),
            Arg::Int(_) | Arg::Float(_) | Arg::Double(_) => None,
        }
    }

    /// What tells a pointer's numbers from those of other pointers: the buffer's address here, the offset and the count.
    pub(super) fn identity(&self) -> Option<[usize; 3]> {
        let address = match self {
            Arg::F32(buffer, ..) => std::ptr::from_ref(*buffer).addr(),
            Arg::F64(buffer, ..) => std::ptr::from_ref(*buffer).addr(),
            Arg::U32(buffer, ..) => std::ptr::from_ref(*buffer).addr(),
            Arg::Int(_) | Arg::Float(_) | Arg::Double(_) => return None,
        };
        self.part().map(|[offset, count, _]| [address, offset, count])
    }

    /// The bytes of a pointer's numbers; 0 for a number.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Arg::F32(_, _, count) | Arg::U32(_, _, count) => 4 * *count as u64,
            Arg::F64(_, _, count) => 8 * *count as u64,
            Arg::Int(_) | Arg::Float(_) | Arg::Double(_) => 0,
        }
    }
}

impl<D: Device> Clone for Arg<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Arg<'_, D> {}

/// Checks the limits of all NVIDIA devices, and that offsets lie within their buffers.
pub(super) fn check_launch<D: Device>(
    kernel: &str,
    grid: [u32; 3],
    block: [u32; 3],
    args: &[Arg<'_, D>],
) -> Result<(), CudaError> {
    let fail = |found: String, expected: String| Err(CudaError::Launch { kernel: kernel.to_owned(), found, expected });
    let blocks = [i32::MAX as u32, 65_535, 65_535];
    if grid.iter().zip(blocks).any(|(&size, most)| size == 0 || size > most) {
        return fail(format!("a grid of {grid:?} blocks"), format!("1 to {blocks:?} blocks"));
    }
    let threads: u64 = block.iter().map(|&size| u64::from(size)).product();
    if threads == 0 || threads > 1024 || block.iter().zip([1024, 1024, 64]).any(|(&size, most)| size > most) {
        let expected = "1 to [1024, 1024, 64] threads, at most 1024 in total".to_owned();
        return fail(format!("blocks of {block:?} threads"), expected);
    }
    for (place, arg) in args.iter().enumerate() {
        let Some([offset, count, len]) = arg.part() else { continue };
        if offset.checked_add(count).is_none_or(|end| end > len) {
            return fail(
                format!("{count} numbers at {offset} for argument {place}"),
                format!("at most its {len} numbers"),
            );
        }
    }
    Ok(())
}
