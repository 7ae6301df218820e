//! The description of a convolution.

use super::Padding;

/// A convolution to be added to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dSpec {
    /// Output channels.
    pub features: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The border, which is zero.
    pub padding: Padding,
    /// Vertical and horizontal distance of the input's entries that neighbouring entries of the kernel multiply. With 1
    /// they are neighbours.
    pub dilation: [usize; 2],
    /// The number of groups, which divides the input's and the output's channels. An output channel reads only the
    /// input channels of its own group. Each group has neighbouring channels. As many groups as input channels make a
    /// depthwise convolution.
    pub groups: usize,
    /// Whether each output channel has a bias.
    pub bias: bool,
}

impl Conv2dSpec {
    /// A kernel of `size × size` with stride 1, SAME padding, dilation 1, one group and biases.
    #[must_use]
    pub fn same(features: usize, size: usize) -> Self {
        Self {
            features,
            kernel: [size, size],
            stride: [1, 1],
            padding: Padding::Same,
            dilation: [1, 1],
            groups: 1,
            bias: true,
        }
    }
}
