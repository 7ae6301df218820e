//! Cells of tables of effects: the effect, its interval and its p-value.

use minima_rows::significant::signed;

/// Digits of an effect after the point.
const DECIMALS: usize = 4;

/// An effect with its sign; a dash if it is NaN or infinite.
pub(crate) fn effect(value: f64) -> String {
    if value.is_finite() { signed(value, DECIMALS) } else { "–".to_owned() }
}

/// An interval; a dash if it holds all numbers, as for a single seed.
pub(crate) fn interval(low: f64, high: f64) -> String {
    if low.is_finite() || high.is_finite() { format!("{} to {}", effect(low), effect(high)) } else { "–".to_owned() }
}

/// A p-value; a dash if it is NaN.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if !p.is_finite() => "–".to_owned(),
        p if p < 1e-4 => "< 0.0001".to_owned(),
        p => format!("{p:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_seed_has_no_interval() {
        assert_eq!(interval(f64::NEG_INFINITY, f64::INFINITY), "–");
        assert_eq!(interval(-0.25, 0.5), "-0.2500 to +0.5000");
        assert_eq!([p_value(5e-5), p_value(0.03), p_value(f64::NAN)], ["< 0.0001", "0.0300", "–"]);
    }
}
