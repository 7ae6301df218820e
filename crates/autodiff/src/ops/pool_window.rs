//! The pooling windows of a feature map.

use super::padding::{Padding, entries};
use std::ops::Range;

/// A pooling to be added to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSpec {
    /// Height and width of a window.
    pub window: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The border. A maximum ignores it, and for a mean it is zero.
    pub padding: Padding,
    /// Whether a mean divides by the window's area. Otherwise it divides by the number of entries within the image. A
    /// maximum does not depend on it.
    pub count_padding: bool,
}

impl PoolSpec {
    /// Windows within the image.
    #[must_use]
    pub fn new(window: [usize; 2], stride: [usize; 2]) -> Self {
        Self { window, stride, padding: Padding::Valid, count_padding: true }
    }

    /// The same windows on an image with a border.
    #[must_use]
    pub fn with_padding(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// The same windows, whose means do not count entries of the border.
    #[must_use]
    pub fn excluding_padding(self) -> Self {
        Self { count_padding: false, ..self }
    }
}

/// The windows of a pooling layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Height and width of a window.
    pub size: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The border. Every window has an entry within the image.
    pub padding: Padding,
    /// Whether a mean divides by the window's area. Otherwise it divides by the number of entries within the image.
    pub count_padding: bool,
    /// The input's shape.
    pub input: [usize; 3],
}

/// Windows on feature maps `(height, width, channels)`.
#[derive(Clone, Debug)]
pub(crate) struct PoolWindow {
    spec: PoolSpec,
    input: [usize; 3],
    output: [usize; 3],
    /// Rows and columns of the border above and to the left.
    low: [usize; 2],
    /// Whether a window reaches beyond the image.
    clipped: bool,
}

impl PoolWindow {
    /// Returns `None` if a size is zero or too large, no window fits, or a window lies wholly in the border.
    pub(crate) fn new(spec: PoolSpec, input: [usize; 3]) -> Option<Self> {
        let mut window = Self { spec, input, output: [0, 0, input[2]], low: [0; 2], clipped: false };
        for (axis, &entries) in input[..2].iter().enumerate() {
            let (size, stride) = (spec.window[axis], spec.stride[axis]);
            let extent = spec.padding.extent(axis, entries, size, stride)?;
            let last = (extent.windows - 1) * stride;
            if extent.low >= size || last >= entries + extent.low {
                return None;
            }
            window.output[axis] = extent.windows;
            window.low[axis] = extent.low;
            window.clipped |= extent.low > 0 || last + size > entries;
        }
        let sizes = [&input[..], &window.output, &spec.window];
        sizes.iter().all(|shape| entries(shape).is_some_and(|count| count > 0)).then_some(window)
    }

    /// The sizes it was built with.
    pub(crate) fn description(&self) -> Pooling {
        let PoolSpec { window, stride, padding, count_padding } = self.spec;
        Pooling { size: window, stride, padding, count_padding, input: self.input }
    }

    /// Shape of the output `(height, width, channels)`.
    pub(crate) fn output(&self) -> [usize; 3] {
        self.output
    }

    /// The number of entries in a window.
    pub(crate) fn area(&self) -> usize {
        self.spec.window[0] * self.spec.window[1]
    }

    /// Whether every input entry lies in exactly one window.
    pub(crate) fn tiles(&self) -> bool {
        let fits = |axis| {
            let size: usize = self.spec.window[axis];
            size == self.spec.stride[axis] && self.output[axis] * size == self.input[axis]
        };
        !self.clipped && fits(0) && fits(1)
    }

    /// Whether the means of windows divide by different numbers of entries.
    pub(crate) fn is_uneven(&self) -> bool {
        self.clipped && !self.spec.count_padding
    }

    /// The rows and columns of the image in the window of output place `place`.
    #[inline(always)]
    pub(crate) fn within_image(&self, place: usize) -> [Range<usize>; 2] {
        let along = |axis: usize, window: usize| {
            let start = window * self.spec.stride[axis];
            let end = start + self.spec.window[axis] - self.low[axis];
            start.saturating_sub(self.low[axis])..end.min(self.input[axis])
        };
        [along(0, place / self.output[1]), along(1, place % self.output[1])]
    }

    /// Calls `visit(output entry, input entry)` for each entry within the image of each output's window, one window
    /// after another.
    #[inline(always)]
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        if self.clipped {
            for place in 0..self.output[0] * self.output[1] {
                self.for_each_at(place, &mut visit);
            }
            return;
        }
        let ([height, width, channels], size, stride) = (self.output, self.spec.window, self.spec.stride);
        for h in 0..height {
            for w in 0..width {
                for c in 0..channels {
                    let y = (h * width + w) * channels + c;
                    for k in 0..size[0] {
                        let row = (h * stride[0] + k) * self.input[1] + w * stride[1];
                        for l in 0..size[1] {
                            visit(y, (row + l) * channels + c);
                        }
                    }
                }
            }
        }
    }

    /// Calls `visit` as [`for_each`](Self::for_each) does, for the windows of one output place.
    #[inline(always)]
    pub(crate) fn for_each_at(&self, place: usize, mut visit: impl FnMut(usize, usize)) {
        let channels = self.output[2];
        let [rows, columns] = self.within_image(place);
        for c in 0..channels {
            for row in rows.clone() {
                for column in columns.clone() {
                    visit(place * channels + c, (row * self.input[1] + column) * channels + c);
                }
            }
        }
    }
}
