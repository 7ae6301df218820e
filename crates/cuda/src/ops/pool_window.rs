//! The pooling windows of a feature map.

use super::Windows;
use crate::CudaError;
use crate::columns::check_tensor;
use crate::device::Device;
use crate::slice::Slice;
use minima_autodiff::{Padding, Pooling};

/// Windows on feature maps `(height, width, channels)`. Each has an entry within the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolWindow {
    pooling: Pooling,
    output: [usize; 3],
    /// Rows and columns of the border above and to the left.
    low: [usize; 2],
}

impl PoolWindow {
    /// Windows of `size`, `stride` apart, within an input `(height, width, channels)`.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if a size is zero or the window does not fit.
    pub fn new(size: [usize; 2], stride: [usize; 2], input: [usize; 3]) -> Result<Self, CudaError> {
        Self::of(Pooling { size, stride, padding: Padding::Valid, count_padding: true, input })
    }

    /// The windows of a pooling, which may have a border.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if a size is zero, no window fits, or a window lies wholly in the border.
    pub fn of(pooling: Pooling) -> Result<Self, CudaError> {
        let Pooling { size, stride, padding, input, .. } = pooling;
        let refused = || CudaError::Shape { what: "pooling", found: format!("{pooling:?}") };
        let (mut output, mut low) = ([0, 0, input[2]], [0; 2]);
        for axis in 0..2 {
            let windows = Windows::new(padding, axis, input[axis], size[axis], stride[axis]).ok_or_else(refused)?;
            let last = (windows.count - 1) * stride[axis];
            if windows.low >= size[axis] || last >= input[axis] + windows.low || input[2] == 0 {
                return Err(refused());
            }
            (output[axis], low[axis]) = (windows.count, windows.low);
        }
        Ok(Self { pooling, output, low })
    }

    /// Shape of the output `(height, width, channels)`.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        self.output
    }

    /// The size of an input.
    pub(super) fn inputs(&self) -> usize {
        self.pooling.input.iter().product()
    }

    /// The size of an output.
    pub(super) fn outputs(&self) -> usize {
        self.output.iter().product()
    }

    /// The shape, as arguments of the kernels.
    pub(super) fn shape(&self) -> [usize; 12] {
        let ([height, width, channels], [out_height, out_width, _]) = (self.pooling.input, self.output);
        let ([window_height, window_width], [down, across]) = (self.pooling.size, self.pooling.stride);
        let ([above, left], whole) = (self.low, usize::from(self.pooling.count_padding));
        let maps = [height, width, channels, out_height, out_width];
        let windows = [window_height, window_width, down, across, above, left, whole];
        std::array::from_fn(|at| if at < 5 { maps[at] } else { windows[at - 5] })
    }

    pub(super) fn check_input<D: Device>(
        &self,
        what: &'static str,
        x: Slice<'_, D, f32>,
        columns: usize,
    ) -> Result<(), CudaError> {
        check_tensor(what, x, self.inputs(), columns)
    }

    pub(super) fn check_output<D: Device>(
        &self,
        what: &'static str,
        y: Slice<'_, D, f32>,
        columns: usize,
    ) -> Result<(), CudaError> {
        check_tensor(what, y, self.outputs(), columns)
    }
}
