//! Numbers of any size in few digits: eigenvalues, traces, norms and losses have no least unit.

/// The number with so many significant digits, at least one: as a decimal from 1e-4 to below 1e7, as `1.23e-7` otherwise. Digits before
/// the point are all shown. Zero is `0`.
///
/// ```
/// use minima_experiment::significant::significant;
///
/// assert_eq!(significant(0.000_249_64, 3), "0.000250");
/// assert_eq!(significant(12_058.4, 3), "12058");
/// assert_eq!(significant(2.5e-7, 3), "2.50e-7");
/// ```
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    let digits = digits.max(1);
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    // The exponent after rounding: 0.9996 in three digits is 1.00.
    let scientific = format!("{value:.*e}", digits - 1);
    let exponent = scientific.rsplit_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()).unwrap_or(0);
    if !(-4..7).contains(&exponent) {
        return scientific;
    }
    let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// The shortest digits that read back as the number, with an exponent where there would be many zeros: `1e-300`.
#[must_use]
pub fn shortest(value: f64) -> String {
    let few = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    if few { value.to_string() } else { format!("{value:e}") }
}

/// The number with so many decimals, or in three significant digits where the decimals show fewer of them: a table's column of losses
/// keeps its decimals until a loss is tiny.
#[must_use]
pub fn decimals_or_significant(value: f64, decimals: usize) -> String {
    let shown = value.abs() >= 10.0_f64.powi(2 - decimals as i32) && value.abs() < 1e7;
    if shown || value == 0.0 { format!("{value:.decimals$}") } else { significant(value, 3) }
}

#[cfg(test)]
mod tests {
    use super::{decimals_or_significant, shortest, significant};

    #[test]
    fn the_shortest_form_is_short_and_reads_back() {
        assert_eq!([1e-300, 0.01, 3.0, 0.0, 1e30, -1e-9].map(shortest), ["1e-300", "0.01", "3", "0", "1e30", "-1e-9"]);
        for power in -323..=308 {
            let value = 1.234_567_890_123_4 * format!("1e{power}").parse::<f64>().unwrap_or(f64::NAN);
            let text = shortest(value);
            assert!(text.parse() == Ok(value) && text.len() <= 24, "{text}");
        }
    }

    #[test]
    fn a_printed_number_is_within_half_a_unit_of_its_last_digit() {
        for power in -320..=300 {
            for mantissa in [1.0, 1.234_567, 9.994, 9.996, 9.999_999] {
                for sign in [1.0, -1.0] {
                    let value = sign * mantissa * format!("1e{power}").parse::<f64>().unwrap_or(f64::NAN);
                    let text = significant(value, 3);
                    assert!(text.len() <= 10, "{text}");
                    let back: f64 = text.parse().unwrap_or(f64::NAN);
                    // Half a unit of the third digit, and the least positive number for subnormal ones.
                    assert!((back - value).abs() <= 0.005_001 * value.abs() + 5e-324, "{value:e}: {text}");
                }
            }
        }
        let few = [0.0, -0.0, 1.0, 999.6, 0.999_6, 1e-4, 9.999e-5].map(|x| significant(x, 3));
        assert_eq!(few, ["0", "0", "1.00", "1000", "1.00", "0.000100", "0.000100"]);
        assert_eq!([f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(|x| significant(x, 3)), ["inf", "-inf", "NaN"]);
    }

    #[test]
    fn decimals_stay_where_they_show_three_digits() {
        let shown = [0.0312, 0.01, 0.009_99, 3.1e-8, -3.1e-8, 0.0, 12.5].map(|x| decimals_or_significant(x, 4));
        assert_eq!(shown, ["0.0312", "0.0100", "0.00999", "3.10e-8", "-3.10e-8", "0.0000", "12.5000"]);
    }
}
