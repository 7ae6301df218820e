//! The windows of a convolution or a pooling along one axis.

use minima_autodiff::Padding;

/// The windows along one axis of a feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Windows {
    /// The number of windows.
    pub count: usize,
    /// Entries of the border before the first entry of the map.
    pub low: usize,
}

impl Windows {
    /// Windows over `reach` entries, `stride` apart, along `axis` (0 vertical, 1 horizontal) of a map with `size` entries
    /// there. Returns `None` if a size is zero, no window fits, or a size overflows.
    pub fn new(padding: Padding, axis: usize, size: usize, reach: usize, stride: usize) -> Option<Self> {
        if size == 0 || reach == 0 || stride == 0 {
            return None;
        }
        let (low, border) = match padding {
            Padding::Same => {
                let last = (size.div_ceil(stride) - 1).checked_mul(stride)?;
                let border = last.checked_add(reach)?.saturating_sub(size);
                (border / 2, border)
            }
            Padding::Valid => (0, 0),
            Padding::Explicit { low, high } => (low[axis], low[axis].checked_add(high[axis])?),
        };
        Some(Self { count: size.checked_add(border)?.checked_sub(reach)? / stride + 1, low })
    }
}
