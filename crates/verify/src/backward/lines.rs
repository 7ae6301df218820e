//! Coefficients below functions of one number: each is multiplied by the slope of the line of its sign.

use super::sums::Totals;
use crate::lane::{LANES, Lane};
use crate::relaxation::CurveLines;
use crate::rounding::{CHUNK, gamma};
use crate::simd::{VectorKernel, part, parts, set_part};
use pulp::Simd;
use std::ops::Range;

/// `to ← max(a, 0) · below + min(a, 0) · above`.
pub(crate) struct LinesBackward<'a> {
    /// Coefficients of the outputs.
    pub(crate) from: &'a [Lane],
    /// Coefficients of the inputs.
    pub(crate) to: &'a mut [Lane],
    pub(crate) lines: &'a CurveLines,
    /// The features.
    pub(crate) run: Range<usize>,
    /// The largest sizes of the inputs.
    pub(crate) size: &'a [f32],
    pub(crate) add: bool,
    pub(crate) totals: &'a mut Totals,
}

impl VectorKernel for LinesBackward<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { from, to, lines, run, size, add, totals } = self;
        let zero = simd.splat_f32s(0.0);
        // The product with a slope is rounded once.
        let unit = gamma(2);
        for first in (0..from.len()).step_by(CHUNK) {
            let end = (first + CHUNK).min(from.len());
            let of = run.start + first..run.start + end;
            let (from, to) = (&from[first..end], &mut to[first..end]);
            let (below, above, size) = (&lines.below[of.clone()], &lines.above[of.clone()], &size[of]);
            let mut sums = Lane::ZERO;
            for half in 0..parts::<S>() {
                let mut error = zero;
                for i in 0..end - first {
                    let a = part::<S>(&from[i], half);
                    let (positive, negative) = (simd.max_f32s(a, zero), simd.min_f32s(a, zero));
                    let new = simd.mul_f32s(negative, simd.splat_f32s(above[i]));
                    let new = simd.mul_add_f32s(positive, simd.splat_f32s(below[i]), new);
                    error = simd.mul_add_f32s(simd.abs_f32s(new), simd.splat_f32s(size[i]), error);
                    let new = if add { simd.add_f32s(part::<S>(&to[i], half), new) } else { new };
                    set_part::<S>(&mut to[i], half, new);
                }
                set_part::<S>(&mut sums, half, error);
            }
            for row in 0..LANES {
                totals.error[row] += unit * f64::from(sums.0[row]);
            }
        }
    }
}

/// Adds `Σ max(a, 0) · floor + min(a, 0) · ceiling` to the constants, and the rounding of these sums to the errors.
pub(crate) struct Intercepts<'a> {
    pub(crate) coefficients: &'a [Lane],
    /// The intercepts below.
    pub(crate) floor: &'a [f32],
    /// The intercepts above.
    pub(crate) ceiling: &'a [f32],
    pub(crate) totals: &'a mut Totals,
}

impl VectorKernel for Intercepts<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { coefficients, floor, ceiling, totals } = self;
        let zero = simd.splat_f32s(0.0);
        // Two fused operations a feature, one of which adds zero.
        let chunk_error = gamma(2 * CHUNK + 2);
        for (chunk, lanes) in coefficients.chunks(CHUNK).enumerate() {
            let (floor, ceiling) = (&floor[chunk * CHUNK..], &ceiling[chunk * CHUNK..]);
            let mut sums = [Lane::ZERO; 2];
            for half in 0..parts::<S>() {
                let (mut constant, mut size) = (zero, zero);
                for ((lane, &low), &high) in lanes.iter().zip(floor).zip(ceiling) {
                    let a = part::<S>(lane, half);
                    let (positive, negative) = (simd.max_f32s(a, zero), simd.min_f32s(a, zero));
                    let (low, high) = (simd.splat_f32s(low), simd.splat_f32s(high));
                    constant = simd.mul_add_f32s(positive, low, constant);
                    constant = simd.mul_add_f32s(negative, high, constant);
                    size = simd.mul_add_f32s(positive, simd.abs_f32s(low), size);
                    size = simd.mul_add_f32s(simd.abs_f32s(negative), simd.abs_f32s(high), size);
                }
                set_part::<S>(&mut sums[0], half, constant);
                set_part::<S>(&mut sums[1], half, size);
            }
            for row in 0..LANES {
                totals.constant[row] += f64::from(sums[0].0[row]);
                totals.error[row] += chunk_error * f64::from(sums[1].0[row]);
            }
        }
    }
}

/// The heights of the lines that a backward pass chose, at points: the line below for `a ≥ 0` and the line above otherwise.
pub(crate) fn forward(lines: &CurveLines, run: Range<usize>, coefficients: &[Lane], from: &[Lane], to: &mut [Lane]) {
    for (feature, ((a, x), y)) in run.zip(coefficients.iter().zip(from).zip(to)) {
        let below = (lines.below[feature], lines.floor[feature]);
        let above = (lines.above[feature], lines.ceiling[feature]);
        *y = Lane(std::array::from_fn(|row| {
            let (slope, intercept) = if a.0[row] >= 0.0 { below } else { above };
            slope * x.0[row] + intercept
        }));
    }
}
