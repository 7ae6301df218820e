//! Coefficients and values of a convolution: transposed and forward.

use super::correlate::{Correlate, Segment, Tap};
use crate::lane::Lane;
use crate::program::{Axis, Convolution};
use crate::region::{Map, Region};
use crate::simd::vectorize;

/// Space of a convolution's passes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    lanes: Vec<Lane>,
    segments: Vec<Segment>,
    taps: Vec<Tap>,
}

/// A range of an axis that may reach beyond the map.
type Span = [isize; 2];

impl Frame {
    /// Copies a region of a map into the middle of zeros.
    fn fill(&mut self, from: &[Lane], map: Map, region: Region, [rows, columns]: [Span; 2]) {
        let [_, width, channels] = map;
        let (height, across) = ((rows[1] - rows[0]) as usize, (columns[1] - columns[0]) as usize * channels);
        self.lanes.resize(height * across, Lane::ZERO);
        if across == 0 {
            return;
        }
        let within = |span: Span, [from, to]: [usize; 2]| [span[0].max(from as isize), span[1].min(to as isize)];
        let [top, bottom] = within(rows, region.rows);
        let [left, right] = within(columns, region.columns);
        for (row, to) in (rows[0]..).zip(self.lanes.chunks_exact_mut(across)) {
            if row < top || row >= bottom || left >= right {
                to.fill(Lane::ZERO);
                continue;
            }
            let run = (right - left) as usize * channels;
            let source = (row as usize * width + left as usize) * channels;
            let (before, to) = to.split_at_mut((left - columns[0]) as usize * channels);
            let (to, after) = to.split_at_mut(run);
            before.fill(Lane::ZERO);
            to.copy_from_slice(&from[source..source + run]);
            after.fill(Lane::ZERO);
        }
    }

    /// `to ← Wᵀ from` on a region of the input, from a region of the output.
    pub(crate) fn transposed(
        &mut self,
        conv: &Convolution,
        (from, of): (&[Lane], Region),
        (to, onto): (&mut [Lane], Region),
        add: bool,
    ) {
        if onto.len(conv.input) == 0 {
            return;
        }
        let [vertical, horizontal] = conv.axes;
        let spans = [vertical.reached(onto.rows), horizontal.reached(onto.columns)];
        self.fill(from, conv.output, of, spans);
        let (inputs, outputs) = (conv.input[2], conv.output[2]);
        let across = (spans[1][1] - spans[1][0]) as usize * outputs;
        self.segments.clear();
        self.taps.clear();
        // The taps that meet an entry, with the output of each relative to the span.
        let meets = |axis: Axis, entry: usize, span: Span| {
            (0..axis.kernel).filter_map(move |k| {
                let shifted = entry as isize + axis.low as isize - (k * axis.dilation) as isize;
                let output = shifted.div_euclid(axis.stride as isize) - span[0];
                (shifted.rem_euclid(axis.stride as isize) == 0 && output >= 0).then_some((k, output as usize))
            })
        };
        let [left, right] = onto.columns;
        for row in onto.rows[0]..onto.rows[1] {
            for phase in 0..horizontal.stride.min(right - left) {
                let first = self.taps.len();
                for (k, down) in meets(vertical, row, spans[0]) {
                    for (l, over) in meets(horizontal, left + phase, spans[1]) {
                        let weights = (k * horizontal.kernel + l) * (outputs / conv.groups) * inputs;
                        self.taps.push(Tap { lanes: down * across + over * outputs, weights });
                    }
                }
                self.segments.push(Segment {
                    from: 0,
                    to: (row * conv.input[1] + left + phase) * inputs,
                    places: (right - left - phase).div_ceil(horizontal.stride),
                    taps: [first, self.taps.len()],
                });
            }
        }
        vectorize(Correlate {
            from: &self.lanes,
            to,
            weights: &conv.transposed,
            segments: &self.segments,
            taps: &self.taps,
            groups: conv.groups,
            depth: outputs / conv.groups,
            channels: inputs / conv.groups,
            from_step: outputs,
            to_step: horizontal.stride * inputs,
            bias: None,
            add,
        });
    }

    /// `to ← W from + bias` on a region of the output, from a region of the input.
    pub(crate) fn forward(
        &mut self,
        conv: &Convolution,
        (from, of): (&[Lane], Region),
        (to, onto): (&mut [Lane], Region),
    ) {
        let span = |axis: Axis, [from, to]: [usize; 2]| {
            let first = (from * axis.stride) as isize - axis.low as isize;
            let last = ((to - 1) * axis.stride + (axis.kernel - 1) * axis.dilation) as isize - axis.low as isize;
            [first, last + 1]
        };
        let [vertical, horizontal] = conv.axes;
        let spans = [span(vertical, onto.rows), span(horizontal, onto.columns)];
        self.fill(from, conv.input, of, spans);
        let (inputs, outputs) = (conv.input[2], conv.output[2]);
        let across = (spans[1][1] - spans[1][0]) as usize * inputs;
        self.segments.clear();
        self.taps.clear();
        for k in 0..vertical.kernel {
            for l in 0..horizontal.kernel {
                let lanes = k * vertical.dilation * across + l * horizontal.dilation * inputs;
                let weights = (k * horizontal.kernel + l) * (inputs / conv.groups) * outputs;
                self.taps.push(Tap { lanes, weights });
            }
        }
        let places = onto.columns[1] - onto.columns[0];
        for row in onto.rows[0]..onto.rows[1] {
            self.segments.push(Segment {
                from: (row - onto.rows[0]) * vertical.stride * across,
                to: (row * conv.output[1] + onto.columns[0]) * outputs,
                places,
                taps: [0, self.taps.len()],
            });
        }
        vectorize(Correlate {
            from: &self.lanes,
            to,
            weights: &conv.weights,
            segments: &self.segments,
            taps: &self.taps,
            groups: conv.groups,
            depth: inputs / conv.groups,
            channels: outputs / conv.groups,
            from_step: horizontal.stride * inputs,
            to_step: outputs,
            bias: Some(&conv.bias),
            add: false,
        });
    }
}
