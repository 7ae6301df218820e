//! Student's t distribution: upper tails and two-sided quantiles.

use statrs::function::beta::{beta_reg, inv_beta_reg};

/// The probability that a t variable with `degrees` of freedom exceeds `t`.
///
/// `degrees` need not be an integer; Satterthwaite's formula gives other values too. The result is 1, the conservative
/// bound, if `t` or `degrees` is NaN or if `degrees` is not positive.
///
/// Source: Abramowitz & Stegun, *Handbook of Mathematical Functions*, 1964, 26.7.1: an incomplete beta function.
#[must_use]
pub fn upper_tail(t: f64, degrees: f64) -> f64 {
    if t.is_nan() || degrees.is_nan() || degrees <= 0.0 {
        return 1.0;
    }
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    if degrees.is_infinite() {
        return 0.5 * statrs::function::erf::erfc(t / std::f64::consts::SQRT_2);
    }
    let half = 0.5 * beta_reg(0.5 * degrees, 0.5, degrees / (degrees + t * t));
    if t >= 0.0 { half } else { 1.0 - half }
}

/// The bound within which the absolute value of a variable with `degrees` of freedom stays with probability `level`.
///
/// It is infinite if `level` is at least 1 or if `degrees` is not positive: no smaller bound guarantees the coverage.
#[must_use]
pub fn two_sided_quantile(level: f64, degrees: f64) -> f64 {
    if level.is_nan() || level >= 1.0 || degrees.is_nan() || degrees <= 0.0 {
        return f64::INFINITY;
    }
    if level <= 0.0 {
        return 0.0;
    }
    if degrees.is_infinite() {
        return std::f64::consts::SQRT_2 * statrs::function::erf::erf_inv(level);
    }
    let y = inv_beta_reg(0.5 * degrees, 0.5, 1.0 - level);
    (degrees * (1.0 - y) / y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed forms: one degree is Cauchy's distribution, two degrees are algebraic.
    #[test]
    fn tails_are_those_of_the_closed_forms() {
        for t in [-7.0f64, -1.0, 0.0, 0.3, 2.5, 40.0] {
            let cauchy = 0.5 - t.atan() / std::f64::consts::PI;
            assert!((upper_tail(t, 1.0) - cauchy).abs() < 1e-13, "{t}");
            let two = 0.5 - t / (2.0 * (2.0 + t * t).sqrt());
            assert!((upper_tail(t, 2.0) - two).abs() < 1e-13, "{t}");
        }
    }

    /// A standard t table: 97.5 % points.
    #[test]
    fn quantiles_are_the_tables() {
        for (degrees, expected) in
            [(1.0, 12.7062), (2.0, 4.3027), (4.0, 2.7764), (9.0, 2.2622), (30.0, 2.0423), (f64::INFINITY, 1.9600)]
        {
            assert!((two_sided_quantile(0.95, degrees) - expected).abs() < 5e-5, "{degrees}");
        }
    }

    #[test]
    fn quantile_and_tail_are_each_others_inverse() {
        for degrees in [0.7, 1.0, 4.3, 60.5, 1e4] {
            for level in [0.1, 0.5, 0.95, 0.999] {
                let t = two_sided_quantile(level, degrees);
                assert!((1.0 - 2.0 * upper_tail(t, degrees) - level).abs() < 1e-10, "{degrees} {level}");
            }
        }
    }

    #[test]
    fn without_degrees_nothing_is_certain() {
        assert_eq!(upper_tail(3.0, 0.0), 1.0);
        assert_eq!(upper_tail(f64::NAN, 4.0), 1.0);
        assert_eq!(two_sided_quantile(0.95, 0.0), f64::INFINITY);
        assert_eq!((upper_tail(f64::INFINITY, 4.0), upper_tail(f64::NEG_INFINITY, 4.0)), (0.0, 1.0));
    }
}
