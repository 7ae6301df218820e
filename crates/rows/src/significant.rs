//! Formats numbers of any size in few digits, such as eigenvalues, traces, norms and losses.

/// The number with `digits` significant digits, at least one: as a decimal from 1e-4 to below 1e7, as `1.23e-7` otherwise. All
/// digits before the point are shown. Zero is `0`.
///
/// ```
/// use minima_rows::significant::significant;
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

/// The shortest digits that read back as the number, with an exponent for very small or large numbers: `1e-300`.
#[must_use]
pub fn shortest(value: f64) -> String {
    let few = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    if few { value.to_string() } else { format!("{value:e}") }
}

/// A radius for readers: `8/255` if it is a whole number of steps of an 8-bit pixel and no short decimal number, else a decimal
/// number. Both read back as the same number.
///
/// ```
/// use minima_rows::significant::Radius;
///
/// let shown = [8.0 / 255.0, 0.2, 0.0, 0.031].map(|radius| Radius(radius).to_string());
/// assert_eq!(shown, ["8/255", "0.2", "0", "0.031"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Radius(pub f64);

impl std::fmt::Display for Radius {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let decimal = shortest(self.0);
        let steps = (self.0 * 255.0).round();
        if decimal.len() > 6 && steps > 0.0 && steps / 255.0 == self.0 {
            write!(f, "{steps}/255")
        } else {
            f.write_str(&decimal)
        }
    }
}

/// The significant digits of a number for which a fixed number of decimals would show fewer than two.
const DIGITS: usize = 3;

/// The value with `decimals` decimals, or with three significant digits if the decimals would show fewer than two significant
/// digits or the value has more than seven digits before the point.
///
/// For tables whose values differ by orders of magnitude, such as losses and eigenvalues: 0.0608 is unchanged, and 3.1e-8 does
/// not become 0.0000.
#[must_use]
pub fn decimal(value: f64, decimals: usize) -> String {
    let size = value.abs();
    let fixed = i32::try_from(decimals).unwrap_or(i32::MAX);
    if size == 0.0 || !size.is_finite() {
        return format!("{value:.decimals$}");
    }
    if (10f64.powi(1 - fixed)..1e7).contains(&size) {
        return format!("{value:.decimals$}");
    }
    significant(value, DIGITS)
}

/// The value as [`decimal`] formats it, with a sign, for the difference of two numbers.
#[must_use]
pub fn signed(value: f64, decimals: usize) -> String {
    let text = decimal(value, decimals);
    if text.starts_with('-') || value.is_nan() { text } else { format!("+{text}") }
}

#[cfg(test)]
mod tests {
    use super::{decimal, shortest, signed, significant};

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
    fn what_fits_keeps_its_decimals() {
        let said = [0.0608, 1.0, 12.34567, -0.25, 0.0].map(|value| decimal(value, 4));
        assert_eq!(said, ["0.0608", "1.0000", "12.3457", "-0.2500", "0.0000"]);
        assert_eq!([118.0, 60.0].map(|value| decimal(value, 0)), ["118", "60"]);
    }

    #[test]
    fn what_does_not_fit_keeps_its_digits() {
        assert_eq!(decimal(3.1e-8, 4), "3.10e-8");
        assert_eq!(decimal(-3.1e-8, 2), "-3.10e-8");
        assert_eq!(decimal(0.00042, 4), "0.000420");
        assert_eq!(decimal(0.031, 1), "0.0310");
        assert_eq!(decimal(5.0, 0), "5.00");
        assert_eq!(decimal(1.5e30, 1), "1.50e30");
        assert_eq!(
            (signed(2e-9, 4), signed(-2e-9, 4), signed(0.0, 4)),
            ("+2.00e-9".into(), "-2.00e-9".into(), "+0.0000".into())
        );
    }

    /// Three significant digits are within half a unit of the third; two, of the second. So no value is shown more than 5 % off.
    #[test]
    fn no_size_is_lost() {
        for power in -320..=300 {
            for mantissa in [1.0, 1.04, 2.5, 9.94, 9.99] {
                for decimals in 0..=4 {
                    let value: f64 = mantissa * 10f64.powi(power);
                    let text = decimal(value, decimals);
                    let read: f64 = text.parse().unwrap();
                    assert!((read - value).abs() <= 0.0501 * value, "{value:e} as {text}");
                    assert!(text.len() <= 12, "{text}");
                }
            }
        }
    }
}
