//! Sums over features, for each row: constants of bounds, and what their rounding is charged.

use crate::lane::{LANES, Lane};
use crate::rounding::CHUNK;
use crate::simd::{VectorKernel, part, parts, set_part};
use pulp::Simd;

/// The constant of each row's bound, and the error that is subtracted in the end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) constant: [f64; LANES],
    pub(crate) error: [f64; LANES],
}

/// Adds `Σ a · number` to the constants and `Σ |a| · charge` to the errors.
pub(crate) struct Dot<'a> {
    pub(crate) coefficients: &'a [Lane],
    /// No numbers are zeros.
    pub(crate) numbers: Option<&'a [f32]>,
    pub(crate) charges: &'a [f32],
    /// The factor of charges.
    pub(crate) factor: f64,
    pub(crate) totals: &'a mut Totals,
}

impl VectorKernel for Dot<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { coefficients, numbers, charges, factor, totals } = self;
        for (chunk, lanes) in coefficients.chunks(CHUNK).enumerate() {
            let charges = &charges[chunk * CHUNK..];
            let mut sums = [Lane::ZERO; 2];
            for half in 0..parts::<S>() {
                let mut constant = simd.splat_f32s(0.0);
                let mut error = simd.splat_f32s(0.0);
                for (lane, &charge) in lanes.iter().zip(charges) {
                    let a = simd.abs_f32s(part::<S>(lane, half));
                    error = simd.mul_add_f32s(a, simd.splat_f32s(charge), error);
                }
                if let Some(numbers) = numbers {
                    for (lane, &number) in lanes.iter().zip(&numbers[chunk * CHUNK..]) {
                        constant = simd.mul_add_f32s(part::<S>(lane, half), simd.splat_f32s(number), constant);
                    }
                }
                set_part::<S>(&mut sums[0], half, constant);
                set_part::<S>(&mut sums[1], half, error);
            }
            for row in 0..LANES {
                totals.constant[row] += f64::from(sums[0].0[row]);
                totals.error[row] += factor * f64::from(sums[1].0[row]);
            }
        }
    }
}

/// Adds the least of `a · x` for x in a box to the constants, and `Σ |a| · charge` to the errors.
pub(crate) struct BoxMinimum<'a> {
    pub(crate) coefficients: &'a [Lane],
    pub(crate) lower: &'a [f32],
    pub(crate) upper: &'a [f32],
    pub(crate) charges: &'a [f32],
    pub(crate) totals: &'a mut Totals,
}

impl VectorKernel for BoxMinimum<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { coefficients, lower, upper, charges, totals } = self;
        let zero = simd.splat_f32s(0.0);
        for (chunk, lanes) in coefficients.chunks(CHUNK).enumerate() {
            let ends = lower[chunk * CHUNK..].iter().zip(&upper[chunk * CHUNK..]);
            let mut sums = [Lane::ZERO; 2];
            for half in 0..parts::<S>() {
                let (mut constant, mut error) = (zero, zero);
                for ((lane, (&low, &high)), &charge) in lanes.iter().zip(ends.clone()).zip(&charges[chunk * CHUNK..]) {
                    let a = part::<S>(lane, half);
                    let (positive, negative) = (simd.max_f32s(a, zero), simd.min_f32s(a, zero));
                    constant = simd.mul_add_f32s(positive, simd.splat_f32s(low), constant);
                    constant = simd.mul_add_f32s(negative, simd.splat_f32s(high), constant);
                    error = simd.mul_add_f32s(simd.abs_f32s(a), simd.splat_f32s(charge), error);
                }
                set_part::<S>(&mut sums[0], half, constant);
                set_part::<S>(&mut sums[1], half, error);
            }
            for row in 0..LANES {
                totals.constant[row] += f64::from(sums[0].0[row]);
                totals.error[row] += f64::from(sums[1].0[row]);
            }
        }
    }
}
