//! The rounding of the network: how far the numbers that it computes in `f32` are from exact sums.
//!
//! Let u = 2⁻²⁴. If a and b are `f32` numbers and no operation overflows, then `f32` arithmetic computes
//! `(a + b)(1 + δ)` for a sum and `a b (1 + δ) + η` for a product, with |δ| ≤ u and |η| ≤ 2⁻¹⁵⁰. A fused multiply-add
//! computes `(a + b c)(1 + δ) + η`.
//!
//! An output of an affine operation is `b + Σ wᵢ xᵢ` over n terms. In any order, and with any partial sums, each term goes
//! through one product and at most n additions of nonzero numbers. So the computed output is `b (1 + θ₀) + Σ wᵢ xᵢ (1 + θᵢ)` plus
//! the underflow of n products, with |θ| ≤ (1 + u)ⁿ⁺¹ − 1 ≤ γ for
//!
//! `γ = (n + 1) u / (1 − (n + 1) u)`.
//!
//! A mean is a sum of n entries, times the `f32` number next to 1/n: again at most n + 1 roundings of each term. So with m the
//! largest size of each x, the computed output differs from the exact one by at most
//!
//! `e = γ (|b| + Σ |wᵢ| mᵢ) + n 2⁻¹⁴⁸`,
//!
//! where 2⁻¹⁴⁸ is more than an underflow that later operations enlarge. Terms that are zero count as no term: to add zero is exact. One
//! term with weight 1 and no bias is exact. No number may exceed the largest `f32` number, else the checker refuses the network.
//!
//! A maximum and a ReLU are exact. A leaky ReLU computes one product for a negative input.

use crate::interval::{add_up, times_up};

/// u.
const UNIT: f64 = 1.0 / 16_777_216.0;

/// More than what one product loses to underflow.
const UNDERFLOW: f64 = 2.802_596_928_649_634e-45;

/// The error of a sum of `terms` products, whose absolute values and bias add up to `magnitude`. Infinite if the network might
/// overflow.
pub(crate) fn of_sum(terms: usize, magnitude: f64) -> f64 {
    let roundings = (terms + 1) as f64 * UNIT;
    if roundings >= 0.5 {
        return f64::INFINITY;
    }
    // u is a power of two, so that its multiples and their differences from 1 are exact.
    let gamma = (roundings / (1.0 - roundings)).next_up();
    let error = add_up(times_up(gamma, magnitude), times_up(terms as f64, UNDERFLOW));
    if add_up(magnitude, error) <= f64::from(f32::MAX) { error } else { f64::INFINITY }
}

/// The error of a product of a number of at most this size with a slope from 0 to 1.
pub(crate) fn of_product(slope: f64, size: f64) -> f64 {
    if slope == 0.0 || slope == 1.0 { 0.0 } else { add_up(times_up(UNIT, times_up(slope, size)), UNDERFLOW) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_f32_differ_by_less() {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut worst = 0.0_f64;
        for n in [1_usize, 3, 50, 1000] {
            for _ in 0..50 {
                let terms: Vec<(f32, f32)> = (0..n).map(|_| (random(), random())).collect();
                let computed = terms.iter().fold(0.3_f32, |sum, (w, x)| sum + w * x);
                // The products are exact in `f64`, and their sums nearly so.
                let exact = terms.iter().fold(f64::from(0.3_f32), |sum, (w, x)| sum + f64::from(*w) * f64::from(*x));
                let magnitude = terms.iter().fold(0.3, |sum, (w, x)| sum + f64::from((w * x).abs()));
                let ratio = (f64::from(computed) - exact).abs() / of_sum(n, magnitude);
                assert!(ratio <= 1.0, "{n}: {ratio}");
                worst = worst.max(ratio);
            }
        }
        assert!(worst > 0.1, "{worst}");
        assert_eq!(of_sum(1, 4e38), f64::INFINITY);
        assert_eq!(of_sum(1 << 23, 1.0), f64::INFINITY);
        assert_eq!(UNDERFLOW, 2.0_f64.powi(-148));
    }
}
