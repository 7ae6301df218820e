//! Numbers of any size in few characters.

/// The significant digits that a number keeps that a fixed number of decimals would leave with fewer than two.
const DIGITS: i32 = 3;

/// The value with so many decimals, or with three significant digits where fewer than two would be left, or where it has
/// more than seven digits before the point.
///
/// Tables whose values differ by orders of magnitude, such as losses and eigenvalues, are read by it: 0.0608 stays as it
/// is, and 3.1e-8 does not become 0.0000.
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
    if (1e-4..1e7).contains(&size) {
        let places = usize::try_from(DIGITS - 1 - size.log10().floor() as i32).unwrap_or(0);
        return format!("{value:.places$}");
    }
    format!("{value:.2e}")
}

/// As [`decimal`], with a sign in front; for the difference of two numbers that are shown by it.
#[must_use]
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = decimal(value, decimals);
    if text.starts_with('-') || value.is_nan() { text } else { format!("+{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

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
