//! The border of a feature map, and the windows that fit into the map with its border.

/// How a convolution or a pooling treats its input's border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// A border around the input, so that the output has ⌈size / stride⌉ entries. An odd border has its extra entry
    /// below and to the right.
    Same,
    /// No border: only windows that lie within the input.
    Valid,
    /// A border of these sizes.
    Explicit {
        /// Rows above the input and columns to its left.
        low: [usize; 2],
        /// Rows below the input and columns to its right.
        high: [usize; 2],
    },
}

/// The windows along one axis of a feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Entries of the border before the first entry of the map.
    pub low: usize,
    /// Entries of the map with its border.
    pub padded: usize,
    /// The number of windows.
    pub windows: usize,
}

impl Padding {
    /// The windows along `axis` (0 vertical, 1 horizontal) of a map with `size` entries there. A window reaches over
    /// `reach` entries. Returns `None` if a size is zero, no window fits, or a size overflows.
    pub(crate) fn extent(self, axis: usize, size: usize, reach: usize, stride: usize) -> Option<Extent> {
        if size == 0 || reach == 0 || stride == 0 {
            return None;
        }
        let (low, border) = match self {
            Self::Same => {
                let last = (size.div_ceil(stride) - 1).checked_mul(stride)?;
                let border = last.checked_add(reach)?.saturating_sub(size);
                (border / 2, border)
            }
            Self::Valid => (0, 0),
            Self::Explicit { low, high } => (low[axis], low[axis].checked_add(high[axis])?),
        };
        let padded = size.checked_add(border)?;
        let windows = padded.checked_sub(reach)? / stride + 1;
        Some(Extent { low, padded, windows })
    }
}

/// The largest number of entries of a feature map or kernel. In lanes of 16 samples it takes 137 GB in `f32`.
const MOST_ENTRIES: usize = 1 << 31;

/// The number of entries of an array, or `None` if it is too large for memory.
pub(crate) fn entries(shape: &[usize]) -> Option<usize> {
    let product = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    product.filter(|&count| count <= MOST_ENTRIES)
}
