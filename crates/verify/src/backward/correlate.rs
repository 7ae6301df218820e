//! Sums of products of lanes and weights: both directions of a convolution.

use crate::lane::Lane;
use crate::simd::{VectorKernel, part, parts, set_part};
use pulp::Simd;

/// One entry of a kernel: where its lanes and its weights start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tap {
    /// Lanes from the segment's first place to the tap's.
    pub(crate) lanes: usize,
    /// The tap's first weight.
    pub(crate) weights: usize,
}

/// Neighbouring places that are computed with the same taps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The first lane that is read.
    pub(crate) from: usize,
    /// The first lane that is written.
    pub(crate) to: usize,
    /// The number of places.
    pub(crate) places: usize,
    /// The range of its taps.
    pub(crate) taps: [usize; 2],
}

/// `to[p, c] ← start + Σ_{tap, d} from[p, tap, d] · weight[tap, d, c]`, for the places of each segment.
pub(crate) struct Correlate<'a> {
    pub(crate) from: &'a [Lane],
    pub(crate) to: &'a mut [Lane],
    pub(crate) weights: &'a [f32],
    pub(crate) segments: &'a [Segment],
    pub(crate) taps: &'a [Tap],
    pub(crate) groups: usize,
    /// Channels of a group that are read.
    pub(crate) depth: usize,
    /// Channels of a group that are written.
    pub(crate) channels: usize,
    /// Lanes between the places that are read.
    pub(crate) from_step: usize,
    /// Lanes between the places that are written.
    pub(crate) to_step: usize,
    /// The first numbers of the sums, for each channel that is written; zero if there are none.
    pub(crate) bias: Option<&'a [f32]>,
    /// Whether the sums are added to the lanes.
    pub(crate) add: bool,
}

impl VectorKernel for Correlate<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        for segment in self.segments {
            for group in 0..self.groups {
                self.segment(simd, *segment, group);
            }
        }
    }
}

impl Correlate<'_> {
    #[inline(always)]
    fn segment<S: Simd>(&mut self, simd: S, segment: Segment, group: usize) {
        let end = self.channels;
        let mut place = 0;
        while place < segment.places {
            let left = segment.places - place;
            let mut c = 0;
            if left >= 8 && self.channels == 1 {
                self.tile::<S, 8, 1>(simd, segment, group, place, 0);
                place += 8;
            } else if left >= 4 {
                while c + 4 <= end {
                    self.tile::<S, 4, 4>(simd, segment, group, place, c);
                    c += 4;
                }
                match end - c {
                    3 => self.tile::<S, 4, 3>(simd, segment, group, place, c),
                    2 => self.tile::<S, 4, 2>(simd, segment, group, place, c),
                    1 => self.tile::<S, 4, 1>(simd, segment, group, place, c),
                    _ => {}
                }
                place += 4;
            } else {
                while c + 16 <= end {
                    self.tile::<S, 1, 16>(simd, segment, group, place, c);
                    c += 16;
                }
                while c + 4 <= end {
                    self.tile::<S, 1, 4>(simd, segment, group, place, c);
                    c += 4;
                }
                while c < end {
                    self.tile::<S, 1, 1>(simd, segment, group, place, c);
                    c += 1;
                }
                place += 1;
            }
        }
    }

    /// `P` places and `C` channels, whose sums stay in registers.
    #[inline(always)]
    fn tile<S: Simd, const P: usize, const C: usize>(
        &mut self,
        simd: S,
        segment: Segment,
        group: usize,
        place: usize,
        channel: usize,
    ) {
        let step = self.groups * self.channels;
        let column = group * self.channels + channel;
        let taps = &self.taps[segment.taps[0]..segment.taps[1]];
        let from = segment.from + place * self.from_step + group * self.depth;
        for half in 0..parts::<S>() {
            let mut sums = [[simd.splat_f32s(0.0); C]; P];
            if let Some(bias) = self.bias {
                for sums in &mut sums {
                    for (sum, &b) in sums.iter_mut().zip(&bias[column..column + C]) {
                        *sum = simd.splat_f32s(b);
                    }
                }
            }
            for tap in taps {
                let rows: [&[Lane]; P] =
                    std::array::from_fn(|p| &self.from[from + tap.lanes + p * self.from_step..][..self.depth]);
                let weights = self.weights[tap.weights + column..].chunks(step).take(self.depth);
                for (d, weights) in weights.enumerate() {
                    let weights: [S::f32s; C] = {
                        let weights = &weights[..C];
                        std::array::from_fn(|c| simd.splat_f32s(weights[c]))
                    };
                    for p in 0..P {
                        let x = part::<S>(&rows[p][d], half);
                        for c in 0..C {
                            sums[p][c] = simd.mul_add_f32s(x, weights[c], sums[p][c]);
                        }
                    }
                }
            }
            for (p, sums) in sums.iter().enumerate() {
                let to = segment.to + (place + p) * self.to_step + column;
                for (lane, &sum) in self.to[to..to + C].iter_mut().zip(sums) {
                    let sum = if self.add { simd.add_f32s(part::<S>(lane, half), sum) } else { sum };
                    set_part::<S>(lane, half, sum);
                }
            }
        }
    }
}
