//! The inverse error function, in single precision.

/// Coefficients in powers of `w − 2.5`, highest power first, for `w < 5`.
const CENTRE: [f32; 9] = [
    2.810_226_4e-8,
    3.432_739_4e-7,
    -3.523_387_7e-6,
    -4.391_506_5e-6,
    2.185_808_7e-4,
    -1.253_725e-3,
    -4.177_681_6e-3,
    2.466_407_3e-1,
    1.501_409_4,
];

/// Coefficients in powers of `√w − 3`, highest power first, for `w ≥ 5`.
const TAIL: [f32; 9] = [
    -2.002_142_6e-4,
    1.009_505_6e-4,
    1.349_343_2e-3,
    -3.673_428_4e-3,
    5.739_507_7e-3,
    -7.622_461_3e-3,
    9.438_870_5e-3,
    1.001_674,
    2.832_976_8,
];

/// The `y` with `erf(y) = x`, for `x` in [−1, 1]. Returns ±∞ for ±1, and NaN outside [−1, 1].
///
/// Evaluates the same polynomials in `w = −ln(1 − x²)` as XLA. The relative error is about 3·10⁻⁷.
///
/// Source: M. Giles, "Approximating the erfinv function", GPU Computing Gems, Jade edition, 2011.
///
/// ```
/// assert!((minima_rng::erf_inv(0.5) - 0.476_936_28).abs() < 1e-6);
/// ```
#[must_use]
pub fn erf_inv(x: f32) -> f32 {
    if x.abs() == 1.0 {
        return x * f32::INFINITY;
    }
    // Computed in double precision and rounded once, so every platform's logarithm gives the same single-precision number.
    let w = -f64::from(-x * x).ln_1p() as f32;
    let (shifted, coefficients) = if w < 5.0 { (w - 2.5, CENTRE) } else { (w.sqrt() - 3.0, TAIL) };
    // Fused, as in XLA: most results then agree with JAX to the last bit.
    coefficients.iter().fold(0.0f32, |sum, coefficient| sum.mul_add(shifted, *coefficient)) * x
}

#[cfg(test)]
mod tests {
    use super::erf_inv;

    /// Expected values: `jax.lax.erf_inv` of JAX 0.6.2 on a CPU.
    #[test]
    fn agrees_with_jax() {
        for (x, expected) in [
            (0.0f32, 0.0f32),
            (0.1, 0.088_855_99),
            (-0.5, -0.476_936_28),
            (0.9, 1.163_087),
            (0.99, 1.821_386_7),
            (0.999, 2.326_757_7),
            (0.99999, 3.123_205),
            (-0.999_999_9, -3.743_921_3),
        ] {
            assert!((erf_inv(x) - expected).abs() <= 2e-6, "{x}: {}", erf_inv(x));
        }
        assert_eq!(erf_inv(1.0), f32::INFINITY);
        assert_eq!(erf_inv(-1.0), f32::NEG_INFINITY);
        assert!(erf_inv(1.5).is_nan());
    }
}
