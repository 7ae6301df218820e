//! The sizes of a convolution on feature maps of one shape.

use super::Conv2dSpec;
use super::correlate::Start;
use super::padding::entries;

/// A convolution on feature maps of one shape.
#[derive(Clone, Debug)]
pub(crate) struct Conv2d {
    pub(super) spec: Conv2dSpec,
    pub(super) input: [usize; 3],
    pub(super) output: [usize; 3],
    /// Rows and columns of zeros above and to the left.
    pub(super) low: [usize; 2],
    /// Height and width with the border.
    pub(super) padded: [usize; 2],
    /// Height and width of the part of the padded input that one output reads.
    pub(super) reach: [usize; 2],
}

impl Conv2d {
    /// A convolution on an input `(height, width, channels)`. Returns `None` if a size is zero or too large, the kernel
    /// does not fit, or the groups do not divide the channels.
    pub(crate) fn new(spec: Conv2dSpec, input: [usize; 3]) -> Option<Self> {
        let (inputs, out) = (input[2], spec.features);
        if inputs == 0 || out == 0 || spec.groups == 0 || inputs % spec.groups != 0 || out % spec.groups != 0 {
            return None;
        }
        let mut conv = Self { spec, input, output: [0, 0, out], low: [0; 2], padded: [0; 2], reach: [0; 2] };
        for (axis, &size) in input[..2].iter().enumerate() {
            let (kernel, dilation) = (spec.kernel[axis], spec.dilation[axis]);
            if dilation == 0 {
                return None;
            }
            let reach = kernel.checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
            let extent = spec.padding.extent(axis, size, reach, spec.stride[axis])?;
            conv.reach[axis] = reach;
            conv.low[axis] = extent.low;
            conv.padded[axis] = extent.padded;
            conv.output[axis] = extent.windows;
        }
        entries(&[conv.padded[0], conv.padded[1], inputs])?;
        entries(&conv.kernel_shape())?;
        entries(&conv.output)?;
        let [height, width] = conv.spread_size();
        entries(&[height, width, out])?;
        Some(conv)
    }

    /// Its specification.
    #[inline(always)]
    pub(crate) fn spec(&self) -> Conv2dSpec {
        self.spec
    }

    /// Shape of the input `(height, width, channels)`.
    #[inline(always)]
    pub(crate) fn input(&self) -> [usize; 3] {
        self.input
    }

    /// Shape of the output `(height, width, channels)`.
    #[inline(always)]
    pub(crate) fn output(&self) -> [usize; 3] {
        self.output
    }

    /// Height and width of the padded input.
    #[inline(always)]
    pub(super) fn padded(&self) -> [usize; 2] {
        self.padded
    }

    /// Shape of the kernel `(height, width, in / groups, out)`.
    #[inline(always)]
    pub(super) fn kernel_shape(&self) -> [usize; 4] {
        [self.spec.kernel[0], self.spec.kernel[1], self.input[2] / self.spec.groups, self.spec.features]
    }

    /// Whether it has one group and reads neighbouring entries.
    pub(super) fn is_plain(&self) -> bool {
        self.spec.groups == 1 && self.reach == self.spec.kernel
    }

    /// The number of biases.
    pub(super) fn biases(&self) -> usize {
        if self.spec.bias { self.spec.features } else { 0 }
    }

    /// The outputs' initial values and the kernel, from the flat parameters.
    pub(super) fn start_and_kernel<'p, T>(&self, params: &'p [T]) -> (Start<'p, T>, &'p [T]) {
        let (bias, kernel) = params.split_at(self.biases());
        (if self.spec.bias { Start::Bias(bias) } else { Start::Zero }, kernel)
    }

    /// Height and width of the cotangent of the output with a stride between its entries and a border.
    pub(super) fn spread_size(&self) -> [usize; 2] {
        [self.input[0] + self.reach[0] - 1, self.input[1] + self.reach[1] - 1]
    }
}
