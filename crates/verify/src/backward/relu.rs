//! Coefficients below a ReLU: each is multiplied by the slope of the line of its sign.

use super::sums::Totals;
use crate::lane::{LANES, Lane};
use crate::relaxation::ReluLines;
use crate::rounding::{CHUNK, gamma};
use crate::simd::{VectorKernel, part, parts, set_part};
use pulp::Simd;
use std::ops::Range;

/// `to ← max(a, 0) · α + min(a, 0) · s`, with `Σ min(a, 0) · t` for the constants.
pub(crate) struct ReluBackward<'a> {
    /// Coefficients of the outputs.
    pub(crate) from: &'a [Lane],
    /// Coefficients of the inputs.
    pub(crate) to: &'a mut [Lane],
    pub(crate) lines: &'a ReluLines,
    /// The features.
    pub(crate) run: Range<usize>,
    /// The slope α of each feature and row; the adaptive ones if there are none.
    pub(crate) slopes: Option<&'a [Lane]>,
    /// The largest sizes of the inputs.
    pub(crate) size: &'a [f32],
    pub(crate) add: bool,
    pub(crate) totals: &'a mut Totals,
}

impl VectorKernel for ReluBackward<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { from, to, lines, run, slopes, size, add, totals } = self;
        let zero = simd.splat_f32s(0.0);
        let (unit, chunk_error) = (gamma(2), gamma(CHUNK + 2));
        for first in (0..from.len()).step_by(CHUNK) {
            let end = (first + CHUNK).min(from.len());
            let of = run.start + first..run.start + end;
            let (from, to) = (&from[first..end], &mut to[first..end]);
            let (upper, intercept, size) = (&lines.upper[of.clone()], &lines.intercept[of.clone()], &size[of.clone()]);
            let (least, most, adaptive) = (&lines.least[of.clone()], &lines.most[of.clone()], &lines.adaptive[of]);
            let mut sums = [Lane::ZERO; 2];
            for half in 0..parts::<S>() {
                let (mut constant, mut error) = (zero, zero);
                for i in 0..end - first {
                    let a = part::<S>(&from[i], half);
                    let (positive, negative) = (simd.max_f32s(a, zero), simd.min_f32s(a, zero));
                    let below = match slopes {
                        Some(slopes) => {
                            let slope = part::<S>(&slopes[first + i], half);
                            simd.min_f32s(simd.max_f32s(slope, simd.splat_f32s(least[i])), simd.splat_f32s(most[i]))
                        }
                        None => simd.splat_f32s(adaptive[i]),
                    };
                    let new = simd.mul_f32s(negative, simd.splat_f32s(upper[i]));
                    let new = simd.mul_add_f32s(positive, below, new);
                    constant = simd.mul_add_f32s(negative, simd.splat_f32s(intercept[i]), constant);
                    error = simd.mul_add_f32s(simd.abs_f32s(new), simd.splat_f32s(size[i]), error);
                    let new = if add { simd.add_f32s(part::<S>(&to[i], half), new) } else { new };
                    set_part::<S>(&mut to[i], half, new);
                }
                set_part::<S>(&mut sums[0], half, constant);
                set_part::<S>(&mut sums[1], half, error);
            }
            for row in 0..LANES {
                // All terms of the constant have one sign.
                let constant = f64::from(sums[0].0[row]);
                totals.constant[row] += constant;
                totals.error[row] += unit * f64::from(sums[1].0[row]) - chunk_error * constant;
            }
        }
    }
}

/// Values of the lines that a backward pass chose: `α z` for `a ≥ 0` and `s z + t` otherwise.
pub(crate) struct ReluForward<'a> {
    /// Coefficients of the outputs.
    pub(crate) coefficients: &'a [Lane],
    /// Values of the inputs.
    pub(crate) from: &'a [Lane],
    /// Values of the outputs.
    pub(crate) to: &'a mut [Lane],
    pub(crate) lines: &'a ReluLines,
    pub(crate) run: Range<usize>,
    pub(crate) slopes: Option<&'a [Lane]>,
}

impl VectorKernel for ReluForward<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { coefficients, from, to, lines, run, slopes } = self;
        let zero = simd.splat_f32s(0.0);
        let lines_of = |i: usize| {
            let of = run.start + i;
            (lines.least[of], lines.most[of], lines.adaptive[of], lines.upper[of], lines.intercept[of])
        };
        for (i, ((a, x), y)) in coefficients.iter().zip(from).zip(to).enumerate() {
            let (least, most, adaptive, upper, intercept) = lines_of(i);
            for half in 0..parts::<S>() {
                let x = part::<S>(x, half);
                let below = match slopes {
                    Some(slopes) => {
                        let slope = part::<S>(&slopes[i], half);
                        simd.min_f32s(simd.max_f32s(slope, simd.splat_f32s(least)), simd.splat_f32s(most))
                    }
                    None => simd.splat_f32s(adaptive),
                };
                let above = simd.mul_add_f32s(simd.splat_f32s(upper), x, simd.splat_f32s(intercept));
                let below = simd.mul_f32s(below, x);
                let negative = simd.less_than_f32s(part::<S>(a, half), zero);
                set_part::<S>(y, half, simd.select_f32s(negative, above, below));
            }
        }
    }
}
