//! A convolution with its weights in the orders in which passes read them.

use crate::region::{Map, Region};

/// The geometry of a convolution along one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    /// Entries of the border before the first entry.
    pub(crate) low: usize,
    pub(crate) input: usize,
}

impl Axis {
    /// The entries of the input that a range of outputs reads, within the map.
    pub(crate) fn reach(self, [from, to]: [usize; 2]) -> [usize; 2] {
        let start = (from * self.stride).saturating_sub(self.low).min(self.input);
        let end = ((to - 1) * self.stride + (self.kernel - 1) * self.dilation + 1).saturating_sub(self.low);
        [start, end.min(self.input).max(start)]
    }

    /// The entry of the input that an output reads with an entry of the kernel; `None` in the border.
    #[inline(always)]
    pub(crate) fn read(self, output: usize, kernel: usize) -> Option<usize> {
        let entry = (output * self.stride + kernel * self.dilation).checked_sub(self.low)?;
        (entry < self.input).then_some(entry)
    }

    /// The outputs, which may lie outside the map, that a range of inputs reaches: from and to.
    pub(crate) fn reached(self, [from, to]: [usize; 2]) -> [isize; 2] {
        let (low, stride) = (self.low as isize, self.stride as isize);
        let span = ((self.kernel - 1) * self.dilation) as isize;
        [(from as isize + low - span).div_euclid(stride), (to as isize - 1 + low).div_euclid(stride) + 1]
    }
}

/// Outputs whose weights in `f64` are together.
pub(crate) const BLOCK: usize = 8;

/// A convolution with its weights.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    pub(crate) axes: [Axis; 2],
    pub(crate) groups: usize,
    pub(crate) input: Map,
    pub(crate) output: Map,
    /// `(height, width, in / groups, out)`.
    pub(crate) weights: Vec<f32>,
    /// The same in `f64` in blocks of outputs, the last of a group filled with zeros: `(group, block, height, width, in / groups)`.
    wide: Vec<[f64; BLOCK]>,
    /// `(height, width, out / groups, in)`.
    pub(crate) transposed: Vec<f32>,
    /// `(out)`.
    pub(crate) bias: Vec<f32>,
    /// The bias of every output feature.
    pub(crate) biases: Vec<f32>,
}

impl Convolution {
    pub(crate) fn new(
        axes: [Axis; 2],
        groups: usize,
        input: Map,
        output: Map,
        weights: &[f32],
        bias: Option<&[f32]>,
    ) -> Self {
        let (inputs, outputs) = (input[2], output[2]);
        let (each_in, each_out) = (inputs / groups, outputs / groups);
        let mut transposed = vec![0.0; weights.len()];
        let taps = weights.chunks_exact((each_in * outputs).max(1));
        for (tap, to) in taps.zip(transposed.chunks_exact_mut((each_out * inputs).max(1))) {
            for (i, row) in tap.chunks_exact(outputs).enumerate() {
                for (o, &w) in row.iter().enumerate() {
                    let group = o / each_out;
                    to[(o % each_out) * inputs + group * each_in + i] = w;
                }
            }
        }
        let bias = bias.map_or_else(|| vec![0.0; outputs], <[f32]>::to_vec);
        let biases = bias.repeat(output[0] * output[1]);
        let mut wide = Vec::new();
        for group in 0..groups {
            for first in (0..each_out).step_by(BLOCK) {
                for row in weights.chunks_exact(outputs) {
                    let mut block = [0.0; BLOCK];
                    let own = &row[group * each_out + first..(group + 1) * each_out];
                    block.iter_mut().zip(own).for_each(|(to, &w)| *to = f64::from(w));
                    wide.push(block);
                }
            }
        }
        Self { axes, groups, input, output, weights: weights.to_vec(), wide, transposed, bias, biases }
    }

    /// The weights in `f64` of the outputs of a group from `first` on, in the order `(height, width, in / groups)`.
    pub(crate) fn wide_block(&self, group: usize, first: usize) -> &[[f64; BLOCK]] {
        let [blocks, entries] = [(self.output[2] / self.groups).div_ceil(BLOCK), self.fan_in()];
        let start = (group * blocks + first / BLOCK) * entries;
        &self.wide[start..start + entries]
    }

    /// The number of terms of an output, without the bias.
    pub(crate) fn fan_in(&self) -> usize {
        self.axes[0].kernel * self.axes[1].kernel * self.input[2] / self.groups
    }

    /// The largest number of outputs that read an entry of the input.
    pub(crate) fn fan_out(&self) -> usize {
        let along = |axis: Axis| axis.kernel.div_ceil(if axis.dilation == 1 { axis.stride } else { 1 });
        along(self.axes[0]) * along(self.axes[1]) * self.output[2] / self.groups
    }

    /// The region of the input that a region of the output reads.
    pub(crate) fn reach(&self, region: Region) -> Region {
        Region { rows: self.axes[0].reach(region.rows), columns: self.axes[1].reach(region.columns) }
    }
}
