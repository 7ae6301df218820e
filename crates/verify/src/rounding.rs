//! Rounding: what makes a bound hold for the network as it is computed in `f32`.
//!
//! Let `u = 2⁻²⁴` and `γ_n = n u / (1 − n u)` (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, lemma
//! 3.1). A sum of n products, computed in any order, with or without fused operations, differs from the exact sum by at
//! most `γ_{n+1}` times the sum of the absolute products. A term that is exactly zero does not count.
//!
//! **The network.** `z̃ₖ` are the numbers that the network computes in `f32`. An affine layer computes
//! `z̃ₖ = W z̃ₖ₋₁ + b + δₖ` with `|δₖ| ≤ γ_n vₖ`, where `vₖ = |W| mₖ₋₁ + |b|` and `mₖ₋₁` bounds `|z̃ₖ₋₁|` over the input
//! set. ReLU and maxima are exact. All bounds in this crate are bounds of `z̃`, so a proof speaks of the computed logits.
//!
//! **A backward step.** Before layer k, the target is at least `c + Aₖ z̃ₖ`, where the coefficients `Aₖ` are the very
//! `f32` numbers in memory. The step computes `Âₖ₋₁` instead of `Aₖ W`, with
//! `|Âₖ₋₁ − Aₖ W| ≤ γ_{n'} |Aₖ| |W|`. Therefore
//!
//! `Aₖ z̃ₖ = Aₖ W z̃ₖ₋₁ + Aₖ b + Aₖ δₖ ≥ Âₖ₋₁ z̃ₖ₋₁ + Aₖ b − (γ_n + γ_{n'}) |Aₖ| vₖ`.
//!
//! The product `Aₖ b` is summed in `f32` over `CHUNK` = 16 features at a time, and over chunks in `f64`, which adds
//! `γ_{CHUNK+2} |Aₖ| |b|`. So each layer costs one dot product of `|Aₖ|` with the *charge* `(γ_n + γ_{n'} + γ_{CHUNK+2}) vₖ`.
//! The number n counts terms that are not zero for any input of the set; the charge differs from feature to feature.
//!
//! **A ReLU** with pre-activation z̃ in [l, u] lies above `α z̃` for α from 0 to 1 and below `s z̃ + t`. The slope s is the
//! rounded `u / (u − l)`, and the intercept t is the larger of `−s l` and `u − s u`, rounded up: both ends of the
//! interval lie below the line, and ReLU is convex. The product `A α` or `A s` is rounded once, which costs `u |A′| m`
//! with the new coefficient A′ and the bound m of |z̃|.
//!
//! **A function of one number** has a line `s z + t` below and one above the *computed* numbers on [l, u]: the intercepts hold the
//! error of the network's evaluation, which the module `curve` derives for each function. So a coefficient is multiplied by one
//! slope, as under a ReLU, which costs `u |A′| m`. Intercepts are summed in `f32` over `CHUNK` features, at most two fused operations
//! each, which costs `γ_{2 CHUNK+2} |A| |t|`.
//!
//! **A product of matrices** is a sum of products in `f32`, so the network's rounding is an affine layer's with
//! `vₖ = |s| |a| |b|`. Its planes have one slope for each factor, whatever the sign of a coefficient, and lie a *gap* apart from their middle. A
//! step back to each factor is an affine layer's too. The gaps have room for the rounding of their sums.
//!
//! **A softmax** has planes below and above the computed shares, whose intercepts hold the network's error and the rounding of
//! slopes to `f32`. A step back costs `γ_{2n+2} |A| |slopes| m` for vectors of n numbers.
//!
//! **A normalisation** consists of the steps that the network computes, one node each.
//!
//! **Sums of coefficients** of a value that several layers read cost `u |A′| m` for each addition.
//!
//! **Underflow** of a product loses at most 2⁻¹⁴⁹. Charges are raised by `TINY` = 10⁻³⁶ and bounds lowered by
//! `FLOOR` = 10⁻³⁰ times one more than the largest magnitude, far above the sums
//! of these losses. An overflow gives infinite or NaN bounds, which prove nothing.
//!
//! Charges are rounded up. Their sums are enlarged by `ROOM` = 1.0001, which covers the rounding of those sums and of the sums
//! over chunks.

/// Whether bounds account for rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Bounds hold for the network as it is computed in `f32`, and include the rounding of their own computation.
    #[default]
    Sound,
    /// Rounding is ignored, as most verifiers do. Such bounds prove nothing. They serve comparisons with other programs.
    Ignored,
}

impl Rounding {
    /// The factor of errors.
    pub(crate) fn factor(self) -> f64 {
        match self {
            Self::Sound => 1.0,
            Self::Ignored => 0.0,
        }
    }
}

/// The unit roundoff of `f32`.
const UNIT: f64 = 1.0 / 16_777_216.0;

/// The number of features that are summed in `f32` before the sum is added in `f64`.
pub(crate) const CHUNK: usize = 16;

/// What charges are raised by: far above the losses to underflow in a sum of products.
pub(crate) const TINY: f64 = 1e-36;

/// What bounds are lowered by, times one more than the largest magnitude of a value: above the sum of the losses to
/// underflow of all coefficients.
pub(crate) const FLOOR: f64 = 1e-30;

/// A partial sum or a function's number above this may be infinite in `f32`: [`f32::MAX`], with room for rounding.
pub(crate) const LARGEST: f64 = 3.3e38;

/// The factor of sums of charges.
pub(crate) const ROOM: f64 = 1.000_1;

/// `γ_n` of `f32`; infinite if it has no bound.
#[inline(always)]
pub(crate) fn gamma(n: usize) -> f64 {
    let n = n as f64 * UNIT;
    if n < 0.5 { n / (1.0 - n) * (1.0 + 1e-12) } else { f64::INFINITY }
}

/// The relative rounding of a sum of n terms in `f64`, with room.
#[inline(always)]
pub(crate) fn gamma64(n: usize) -> f64 {
    (n + 8) as f64 * f64::EPSILON
}

/// The least `f32` that is not below `x`. A NaN stays a NaN.
#[inline(always)]
pub(crate) fn up(x: f64) -> f32 {
    let nearest = x as f32;
    // Without a branch, because either case is as likely. A zero that is below `x` has no sign.
    let (bits, below) = (nearest.to_bits(), u32::from(f64::from(nearest) < x));
    let step = if bits >> 31 == 0 { below } else { below.wrapping_neg() };
    f32::from_bits(bits.wrapping_add(step))
}

/// The largest `f32` that is not above `x`. A NaN stays a NaN.
#[inline(always)]
pub(crate) fn down(x: f64) -> f32 {
    -up(-x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_encloses() {
        let largest = f64::from(f32::MAX);
        let infinite = [f64::INFINITY, f64::NEG_INFINITY];
        for x in [0.1, 1.0 + 1e-12, 3.0e38, largest, largest * 1.1, 1e39, 1e-40, 1e-50, 0.0].into_iter().chain(infinite)
        {
            for x in [x, -x] {
                assert!(f64::from(down(x)) <= x && x <= f64::from(up(x)), "{x}");
                let nearest = x as f32;
                let expected = if f64::from(nearest) < x { nearest.next_up() } else { nearest };
                assert_eq!(up(x).to_bits(), expected.to_bits(), "{x}");
            }
        }
        assert_eq!(up(0.5), 0.5);
        assert!(up(f64::NAN).is_nan());
    }

    #[test]
    fn gamma_is_above_the_definition() {
        assert!(gamma(1) > UNIT && gamma(1000) > 1000.0 * UNIT);
        assert_eq!(gamma(1 << 23), f64::INFINITY);
    }
}
