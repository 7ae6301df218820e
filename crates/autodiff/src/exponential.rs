//! `eˣ` and the complementary error function in single precision, without branches, calls or tables, so that loops over
//! them fill vector registers. Their bits are the same on every machine.

use std::f32::consts::LOG2_E;

/// `eˣ`, with a relative error of at most 1.5 · 2⁻²³ for normal results.
///
/// `x = n ln 2 + r` with an integer n and `|r| ≤ ln 2 / 2`; eʳ is its Taylor polynomial of degree 7, whose remainder is
/// at most `0.3466⁸ / 8! · √2 = 8e-9` of eʳ. Beyond the range of the type the result is 0 or infinite.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// Adding it rounds to an integer, which the lowest bits of the sum hold.
    const ROUND: f32 = 12_582_912.0;
    /// `ln 2` in two parts; products of the first with an n have no rounding error.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const TAYLOR: [f32; 7] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0];
    // A NaN stays a NaN: it fails both comparisons.
    let x = if x > 90.0 { 90.0 } else { x };
    let x = if x < -110.0 { -110.0 } else { x };
    let shifted = x.mul_add(LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2[1], n.mul_add(-LN_2[0], x));
    let series = TAYLOR.into_iter().fold(0.0, |sum: f32, c| sum.mul_add(r, c)).mul_add(r, 1.0);
    // 2ⁿ in two factors, because it may leave the range of the type where the result does not.
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let half = n >> 1;
    let power = |n: i32| f32::from_bits(((n + 127) as u32) << 23);
    series * power(half) * power(n - half)
}

/// `1 − erf(x)`, with a relative error of at most 8 · 2⁻²³ for normal results.
///
/// For x ≥ 0 it is `e^(−x²) h(q) / (1 + 2x)` with `q = (x − 2)/(x + 2)`. The polynomial h has degree 9 and was fitted by
/// Remez's algorithm to a relative error of 1.4e-8 for x up to 10.1, beyond which the result is 0. The form is by
/// Shepherd & Laframboise, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x", 1981.
#[inline(always)]
pub(crate) fn erfc(x: f32) -> f32 {
    const H: [f32; 10] = [
        -4.005_770_4e-4,
        -1.229_927_7e-3,
        1.313_523_1e-3,
        8.631_681e-3,
        -8.059_875e-3,
        -5.420_43e-2,
        0.164_055_35,
        -0.166_031_42,
        -0.092_763_98,
        1.276_978_4,
    ];
    let size = x.abs();
    let size = if size > 10.5 { 10.5 } else { size };
    let q = (size - 2.0) / (size + 2.0);
    let h = H.into_iter().fold(0.0, |sum: f32, c| sum.mul_add(q, c)) / size.mul_add(2.0, 1.0);
    // The rounding error of x² is a relative error of its exponential.
    let square = size * size;
    let rest = size.mul_add(size, -square);
    let tail = exp(-square) * (1.0 - rest) * h;
    if x < 0.0 { 2.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 1000th number of single precision, positive and negative.
    fn numbers() -> impl Iterator<Item = f32> {
        (0..f32::INFINITY.to_bits()).step_by(1000).map(f32::from_bits).flat_map(|x| [x, -x])
    }

    #[test]
    fn the_exponential_is_within_its_bound() {
        for x in numbers() {
            let (found, exact) = (f64::from(exp(x)), f64::from(x).exp());
            if exact > f64::from(f32::MAX) * 1.000_001 {
                assert_eq!(found, f64::INFINITY, "{x}");
            } else if exact < f64::from(f32::MIN_POSITIVE) {
                assert!((found - exact).abs() <= f64::from(f32::from_bits(1)), "{x}: {found:e}, {exact:e}");
            } else if exact < f64::from(f32::MAX) {
                let error = (found / exact - 1.0).abs();
                assert!(error <= 1.5 * f64::from(f32::EPSILON), "{x}: {error:e}");
            }
        }
        assert_eq!((exp(0.0), exp(f32::NEG_INFINITY), exp(f32::INFINITY)), (1.0, 0.0, f32::INFINITY));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn the_error_function_is_within_its_bound() {
        for x in numbers() {
            let (found, exact) = (f64::from(erfc(x)), libm::erfc(f64::from(x)));
            if exact < f64::from(f32::MIN_POSITIVE) {
                assert!((found - exact).abs() <= 2.0 * f64::from(f32::from_bits(1)), "{x}: {found:e}, {exact:e}");
            } else {
                let error = (found / exact - 1.0).abs();
                assert!(error <= 8.0 * f64::from(f32::EPSILON), "{x}: {error:e}");
            }
        }
        assert_eq!((erfc(0.0), erfc(f32::INFINITY), erfc(f32::NEG_INFINITY)), (1.0, 0.0, 2.0));
        assert!(erfc(f32::NAN).is_nan());
    }
}
