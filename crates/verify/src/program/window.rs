//! The windows of a pooling layer.

use crate::region::{Map, Region};
use minima_autodiff::{Padding, Pooling};
use std::ops::Range;

/// Windows on a feature map.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) size: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) low: [usize; 2],
    pub(crate) input: Map,
    pub(crate) output: Map,
}

impl Window {
    pub(crate) fn new(pool: &Pooling, output: Map) -> Self {
        let low = std::array::from_fn(|axis| {
            border(pool.padding, axis, pool.input[axis], pool.size[axis], pool.stride[axis])
        });
        Self { size: pool.size, stride: pool.stride, low, input: pool.input, output }
    }

    /// The entries along an axis that a window covers.
    fn along(&self, axis: usize, window: usize) -> Range<usize> {
        let start = window * self.stride[axis];
        let end = (start + self.size[axis]).saturating_sub(self.low[axis]).min(self.input[axis]);
        start.saturating_sub(self.low[axis]).min(end)..end
    }

    /// The rows and the columns of the input that an output place covers.
    pub(crate) fn covered(&self, row: usize, column: usize) -> [Range<usize>; 2] {
        [self.along(0, row), self.along(1, column)]
    }

    /// The features of the input that an output feature covers.
    pub(crate) fn entries(&self, feature: usize) -> impl Iterator<Item = usize> + use<> {
        let [_, width, channels] = self.output;
        let (place, channel) = (feature / channels, feature % channels);
        let [rows, columns] = self.covered(place / width, place % width);
        let across = self.input[1];
        rows.flat_map(move |row| columns.clone().map(move |column| (row * across + column) * channels + channel))
    }

    /// The region of the input that a region of the output covers.
    pub(crate) fn reach(&self, region: Region) -> Region {
        let axis = |axis: usize, [from, to]: [usize; 2]| {
            [self.along(axis, from).start, self.along(axis, to - 1).end.max(self.along(axis, from).start)]
        };
        Region { rows: axis(0, region.rows), columns: axis(1, region.columns) }
    }

    /// The largest number of windows over an entry.
    pub(crate) fn overlap(&self) -> usize {
        (0..2).map(|axis| self.size[axis].div_ceil(self.stride[axis])).product()
    }
}

/// The number of entries of the border before the first entry of an axis.
pub(crate) fn border(padding: Padding, axis: usize, size: usize, reach: usize, stride: usize) -> usize {
    match padding {
        Padding::Same => ((size.div_ceil(stride) - 1) * stride + reach).saturating_sub(size) / 2,
        Padding::Valid => 0,
        Padding::Explicit { low, .. } => low[axis],
    }
}
