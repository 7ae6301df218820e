//! Coefficients below a softmax: each vector has a matrix of slopes for each sign of the coefficients.

use super::sums::Totals;
use crate::lane::{LANES, Lane};
use crate::relaxation::SoftmaxPlanes;
use crate::share::vectors;
use crate::simd::{VectorKernel, part, parts, set_part, vectorize};
use pulp::Simd;

/// `to[l] ← to[l] + Σ_k max(a[k], 0) · below[l, k] + min(a[k], 0) · above[l, k]` for one vector.
struct VectorBackward<'a> {
    /// Coefficients of the outputs, one after the other.
    from: &'a [Lane],
    /// The coefficients of the inputs.
    to: &'a mut [Lane],
    /// The first entry of the vector, and the step to the next one.
    entries: [usize; 2],
    below: &'a [f32],
    above: &'a [f32],
}

impl VectorKernel for VectorBackward<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { from, to, entries: [first, step], below, above } = self;
        let (size, zero) = (from.len(), simd.splat_f32s(0.0));
        for l in 0..size {
            let slopes = below[l * size..].iter().zip(&above[l * size..]);
            let to = &mut to[first + l * step];
            for half in 0..parts::<S>() {
                let mut sum = zero;
                for (lane, (&low, &high)) in from.iter().zip(slopes.clone()) {
                    let a = part::<S>(lane, half);
                    sum = simd.mul_add_f32s(simd.max_f32s(a, zero), simd.splat_f32s(low), sum);
                    sum = simd.mul_add_f32s(simd.min_f32s(a, zero), simd.splat_f32s(high), sum);
                }
                let sum = simd.add_f32s(part::<S>(to, half), sum);
                set_part::<S>(to, half, sum);
            }
        }
    }
}

/// The outputs of one vector, one after the other.
fn gathered(lanes: &[Lane], first: usize, [_, size, inner]: [usize; 3]) -> Vec<Lane> {
    (0..size).map(|k| lanes[first + k * inner]).collect()
}

/// Adds the coefficients of the input.
pub(crate) fn backward(shape: [usize; 3], planes: &SoftmaxPlanes, from: &[Lane], to: &mut [Lane], totals: &mut Totals) {
    let [_, size, inner] = shape;
    for (number, first) in vectors(shape).enumerate() {
        let own = gathered(from, first, shape);
        let (matrix, outputs) = (number * size * size.., number * size..);
        if !planes.below.is_empty() {
            vectorize(VectorBackward {
                from: &own,
                to,
                entries: [first, inner],
                below: &planes.below[matrix.clone()],
                above: &planes.above[matrix],
            });
        }
        let (floor, ceiling) = (&planes.floor[outputs.clone()], &planes.ceiling[outputs.clone()]);
        vectorize(super::lines::Intercepts { coefficients: &own, floor, ceiling, totals });
        let charges = &planes.charge[outputs];
        vectorize(super::sums::Dot { coefficients: &own, numbers: None, charges, factor: 1.0, totals });
    }
}

/// The heights of the planes that a backward pass chose, at points.
pub(crate) fn forward(
    shape: [usize; 3],
    planes: &SoftmaxPlanes,
    coefficients: &[Lane],
    from: &[Lane],
    to: &mut [Lane],
) {
    let [_, size, inner] = shape;
    for (number, first) in vectors(shape).enumerate() {
        let points = gathered(from, first, shape);
        for k in 0..size {
            let feature = first + k * inner;
            let slopes =
                |matrix: &[f32], l: usize| if matrix.is_empty() { 0.0 } else { matrix[(number * size + l) * size + k] };
            let height = |row: usize| {
                let (matrix, intercept) = if coefficients[feature].0[row] >= 0.0 {
                    (&planes.below, planes.floor[number * size + k])
                } else {
                    (&planes.above, planes.ceiling[number * size + k])
                };
                points.iter().enumerate().fold(intercept, |sum, (l, x)| sum + slopes(matrix, l) * x.0[row])
            };
            to[feature] = Lane(std::array::from_fn::<f32, LANES, _>(height));
        }
    }
}
