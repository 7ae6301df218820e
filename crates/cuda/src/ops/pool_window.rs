//! The pooling windows of a feature map, all within its border.

use crate::CudaError;
use crate::columns::check_tensor;
use crate::device::Device;
use crate::slice::Slice;

/// Windows on feature maps `(height, width, channels)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolWindow {
    size: [usize; 2],
    stride: [usize; 2],
    input: [usize; 3],
    output: [usize; 3],
}

impl PoolWindow {
    /// Windows of `size`, `stride` apart, on an input `(height, width, channels)`.
    ///
    /// # Errors
    /// Returns [`CudaError::Shape`] if a size is zero or the window does not fit.
    pub fn new(size: [usize; 2], stride: [usize; 2], input: [usize; 3]) -> Result<Self, CudaError> {
        let found = || format!("windows of {size:?}, {stride:?} apart, on {input:?}");
        let refused = || CudaError::Shape { what: "pooling", found: found() };
        let mut output = [0, 0, input[2]];
        for axis in 0..2 {
            if size[axis] == 0 || stride[axis] == 0 || input[2] == 0 {
                return Err(refused());
            }
            output[axis] = input[axis].checked_sub(size[axis]).ok_or_else(refused)? / stride[axis] + 1;
        }
        Ok(Self { size, stride, input, output })
    }

    /// Shape of the output `(height, width, channels)`.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        self.output
    }

    /// The size of an input.
    pub(super) fn inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// The size of an output.
    pub(super) fn outputs(&self) -> usize {
        self.output.iter().product()
    }

    /// The arguments of a kernel with one thread per output.
    pub(super) fn forward_shape(&self) -> [usize; 7] {
        let ([_, width, channels], [_, out_width, _]) = (self.input, self.output);
        [width, channels, out_width, self.size[0], self.size[1], self.stride[0], self.stride[1]]
    }

    /// The arguments of a kernel with one thread per input.
    pub(super) fn vjp_shape(&self) -> [usize; 8] {
        let ([_, width, channels], [out_height, out_width, _]) = (self.input, self.output);
        [width, channels, out_height, out_width, self.size[0], self.size[1], self.stride[0], self.stride[1]]
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
