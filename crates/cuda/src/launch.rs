//! One launch of a kernel, with its grid and its checked arguments.

use crate::device::{Arg, Device};
use crate::slice::{Passed, Slice};
use crate::{CudaError, Real};

/// Blocks of threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    /// Blocks along x and y.
    blocks: [usize; 2],
    /// Threads of a block along x and y.
    threads: [u32; 2],
}

impl Grid {
    /// `blocks` of `threads`, along x and y.
    pub fn new(blocks: [usize; 2], threads: [u32; 2]) -> Self {
        Self { blocks, threads }
    }

    /// One thread for each of `count` numbers.
    pub fn flat(count: usize) -> Self {
        const THREADS: u32 = 256;
        Self { blocks: [count.div_ceil(THREADS as usize), 1], threads: [THREADS, 1] }
    }

    /// One thread for each of `count` numbers, in blocks of one warp, for few threads that each run long.
    pub fn warps(count: usize) -> Self {
        const WARP: u32 = 32;
        Self { blocks: [count.div_ceil(WARP as usize), 1], threads: [WARP, 1] }
    }

    /// One row of threads for each of `features`; each thread has `each` of the columns.
    pub fn over_columns(features: usize, columns: usize, each: usize) -> Self {
        const WARP: usize = 32;
        const MOST: usize = 128;
        let threads = columns.div_ceil(each).next_multiple_of(WARP).clamp(WARP, MOST);
        Self { blocks: [features, columns.div_ceil(threads * each)], threads: [threads as u32, 1] }
    }

    /// One row of threads for each row of a square matrix.
    pub fn over_matrix(order: usize) -> Self {
        const THREADS: u32 = 128;
        Self { blocks: [order.div_ceil(THREADS as usize), order], threads: [THREADS, 1] }
    }
}

/// A launch under construction.
pub(crate) struct Launch<'a, D: Device> {
    kernel: &'static str,
    args: Vec<Arg<'a, D>>,
    /// The first number that is too large for a kernel's `int`.
    too_large: Option<usize>,
}

impl<'a, D: Device> Launch<'a, D> {
    /// A launch of the kernel with this name.
    pub fn of(kernel: &'static str) -> Self {
        Self { kernel, args: Vec::new(), too_large: None }
    }

    /// The next argument: a pointer. Its slice's indices must fit an `int`.
    pub fn slice<T: Passed>(mut self, slice: Slice<'a, D, T>) -> Self {
        if i32::try_from(slice.len()).is_err() {
            self.too_large.get_or_insert(slice.len());
        }
        self.args.push(T::arg(slice));
        self
    }

    /// The next arguments: sizes and counts.
    pub fn ints(mut self, values: impl IntoIterator<Item = usize>) -> Self {
        for value in values {
            match i32::try_from(value) {
                Ok(value) => self.args.push(Arg::Int(value)),
                Err(_) => {
                    self.too_large.get_or_insert(value);
                }
            }
        }
        self
    }

    /// The next argument: a flag.
    pub fn flag(self, value: bool) -> Self {
        self.ints([usize::from(value)])
    }

    /// The next argument: a number in single precision.
    pub fn float(mut self, value: f64) -> Self {
        self.args.push(Arg::Float(value as f32));
        self
    }

    /// The next argument: a number in double precision.
    pub fn double(mut self, value: f64) -> Self {
        self.args.push(Arg::Double(value));
        self
    }

    /// The next argument: a number in the precision `R`.
    pub fn real<R: Real>(mut self, value: f64) -> Self {
        self.args.push(R::scalar(value));
        self
    }

    /// Launches the kernel. An empty grid launches nothing.
    pub fn run(self, device: &D, grid: Grid) -> Result<(), CudaError> {
        const ROWS: usize = 65_535;
        if let Some(found) = self.too_large {
            return Err(CudaError::TooLarge { what: self.kernel, found, limit: i32::MAX as usize });
        }
        let [x, y] = grid.blocks;
        if x == 0 || y == 0 {
            return Ok(());
        }
        let (Ok(x), true) = (i32::try_from(x), y <= ROWS) else {
            return Err(CudaError::TooLarge { what: self.kernel, found: x.max(y), limit: ROWS });
        };
        let [threads, lines] = grid.threads;
        device.launch(self.kernel, [x.unsigned_abs(), y as u32, 1], [threads, lines, 1], &self.args)
    }
}
