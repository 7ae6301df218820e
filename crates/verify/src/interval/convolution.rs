//! The ranges of a convolution's outputs.

use super::outputs::{Counts, Outputs, Sums};
use crate::program::{BLOCK, Convolution};
use crate::simd::VectorKernel;
use pulp::Simd;
use pulp::bytemuck::{cast_slice, cast_slice_mut};

/// A range of a number.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    middle: f64,
    radius: f64,
    /// The largest size.
    size: f64,
}

impl Spread {
    /// The range from `low` to `high`.
    pub(super) fn new(low: f64, high: f64) -> Self {
        Self { middle: 0.5 * (low + high), radius: 0.5 * (high - low), size: low.abs().max(high.abs()) }
    }
}

/// Sums `W middle + b`, `|W| radius` and `|W| size + |b|` of all outputs.
pub(super) struct IntervalConvolution<'a> {
    pub(super) conv: &'a Convolution,
    /// The ranges of the inputs.
    pub(super) inputs: &'a [Spread],
    pub(super) out: &'a mut Outputs,
}

impl VectorKernel for IntervalConvolution<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { conv, inputs, out } = self;
        let counts = Counts { fan_in: conv.fan_in(), fan_out: conv.fan_out() };
        let each_out = conv.output[2] / conv.groups;
        for row in 0..conv.output[0] {
            for column in 0..conv.output[1] {
                for group in 0..conv.groups {
                    for first in (0..each_out).step_by(BLOCK) {
                        let (sums, terms) = block_sums(simd, conv, inputs, [row, column], group, first);
                        for i in 0..BLOCK.min(each_out - first) {
                            let [middle, radius, magnitude] = sums.map(|sums| sums[i]);
                            let (lower, upper) = (middle - radius, middle + radius);
                            out.put(Sums { lower, upper, magnitude, terms }, counts);
                        }
                    }
                }
            }
        }
    }
}

/// The sums of the middles, the radii and the magnitudes of a block of outputs of a group at one place, and the number of terms.
#[inline(always)]
fn block_sums<S: Simd>(
    simd: S,
    conv: &Convolution,
    inputs: &[Spread],
    [row, column]: [usize; 2],
    group: usize,
    first: usize,
) -> ([[f64; BLOCK]; 3], usize) {
    let (each_in, each_out) = (conv.input[2] / conv.groups, conv.output[2] / conv.groups);
    let [vertical, horizontal] = conv.axes;
    let weights = conv.wide_block(group, first);
    let mut biases = [0.0; BLOCK];
    let own = &conv.bias[group * each_out + first..(group + 1) * each_out];
    biases.iter_mut().zip(own).for_each(|(to, &b)| *to = f64::from(b));
    let mut found = [[0.0; BLOCK]; 3];
    let mut terms = 0;
    for part in 0..BLOCK / S::F64_LANES {
        let register = |numbers: &[f64; BLOCK]| cast_slice::<f64, S::f64s>(numbers)[part];
        let mut middles = register(&biases);
        let (mut radii, mut magnitudes) = (simd.splat_f64s(0.0), simd.abs_f64s(middles));
        terms = 0;
        for k in 0..vertical.kernel {
            let Some(y) = vertical.read(row, k) else { continue };
            for l in 0..horizontal.kernel {
                let Some(x) = horizontal.read(column, l) else { continue };
                let start = (y * conv.input[1] + x) * conv.input[2] + group * each_in;
                let weights = &weights[(k * horizontal.kernel + l) * each_in..][..each_in];
                for (input, weights) in inputs[start..start + each_in].iter().zip(weights) {
                    // An input that is 0 on the whole set adds nothing, and no rounding.
                    if input.size == 0.0 {
                        continue;
                    }
                    terms += 1;
                    let w = register(weights);
                    let size = simd.abs_f64s(w);
                    let times = |w, x| simd.mul_f64s(w, simd.splat_f64s(x));
                    middles = simd.add_f64s(middles, times(w, input.middle));
                    radii = simd.add_f64s(radii, times(size, input.radius));
                    magnitudes = simd.add_f64s(magnitudes, times(size, input.size));
                }
            }
        }
        for (to, sums) in found.iter_mut().zip([middles, radii, magnitudes]) {
            cast_slice_mut::<f64, S::f64s>(to)[part] = sums;
        }
    }
    (found, terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Axis;
    use crate::simd::vectorize;

    #[test]
    fn sums_of_groups_and_blocks_are_those_of_plain_loops() {
        // Each group has outputs of a whole block and a part of one.
        let (groups, each_in, each_out) = (2, 3, BLOCK + 3);
        let axis = Axis { kernel: 2, stride: 2, dilation: 2, low: 1, input: 5 };
        let number = |i: usize| ((i * 37 + 11) % 101) as f32 / 50.0 - 1.0;
        let weights: Vec<f32> = (0..4 * each_in * groups * each_out).map(number).collect();
        let bias: Vec<f32> = (0..groups * each_out).map(|i| number(i + 7)).collect();
        let (input, output) = ([5, 5, groups * each_in], [2, 2, groups * each_out]);
        let conv = Convolution::new([axis; 2], groups, input, output, &weights, Some(&bias));
        let ends =
            |i: usize| if i.is_multiple_of(5) { [0.0; 2] } else { [f64::from(number(i)), f64::from(number(i)) + 0.25] };
        let inputs: Vec<Spread> = (0..25 * input[2]).map(|i| Spread::new(ends(i)[0], ends(i)[1])).collect();
        let mut out = Outputs::new(4 * output[2], 0.0);
        vectorize(IntervalConvolution { conv: &conv, inputs: &inputs, out: &mut out });
        let [lower, upper, _] = out.into_parts();
        for feature in 0..4 * output[2] {
            let (place, o) = (feature / output[2], feature % output[2]);
            let [mut low, mut high] = [f64::from(bias[o]); 2];
            for tap in 0..4 {
                let [y, x] =
                    [(place / 2, tap / 2), (place % 2, tap % 2)].map(|(out, k)| (2 * out + 2 * k).checked_sub(1));
                let (Some(y), Some(x)) = (y, x) else { continue };
                for i in (0..each_in).filter(|_| y < 5 && x < 5) {
                    let w = f64::from(weights[(tap * each_in + i) * output[2] + o]);
                    let [a, b] = ends((y * 5 + x) * input[2] + o / each_out * each_in + i).map(|end| w * end);
                    (low, high) = (low + a.min(b), high + a.max(b));
                }
            }
            let [lower, upper] = [lower[feature], upper[feature]].map(f64::from);
            // The numbers are rounded outward to `f32`, by at most a unit in the last place.
            assert!(lower <= low && low - lower <= 3e-7 * low.abs() + 1e-12, "{feature}: {lower} {low}");
            assert!(upper >= high && upper - high <= 3e-7 * high.abs() + 1e-12, "{feature}: {upper} {high}");
        }
    }
}
