//! Decimal numbers.

use crate::error::Fault;
use crate::tokens::shown;

/// Whether a word is in the place of a number: it starts with a digit, a point, or a sign with more after it.
pub(crate) fn looks_like_number(word: &str) -> bool {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
}

/// The `f64` nearest to a decimal number. A zero has no sign.
pub(crate) fn number(word: &str) -> Result<f64, Fault> {
    // The standard library also reads infinities and NaN, whose letters are not in this list.
    let is_decimal = word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    match word.parse::<f64>() {
        Ok(value) if is_decimal && value.is_finite() => Ok(value + 0.0),
        _ => Err(Fault::Number { found: shown(word) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers_are_rounded_to_nearest() {
        let good = [
            ("0", 0.0),
            ("-1", -1.0),
            ("+2.50", 2.5),
            ("1.", 1.0),
            (".5", 0.5),
            ("1e-3", 0.001),
            ("-2.5E+2", -250.0),
            ("0.029999999329447746", f64::from(0.03_f32)),
            // Halfway between two numbers, and just above it.
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("9007199254740993.0000000001", 9_007_199_254_740_994.0),
            ("1e-400", 0.0),
            ("4.9e-324", f64::from_bits(1)),
        ];
        for (word, value) in good {
            assert_eq!(number(word).map(f64::to_bits), Ok(value.to_bits()), "{word}");
            assert!(looks_like_number(word), "{word}");
        }
        assert_eq!(number("-0.0").map(f64::to_bits), Ok(0));
        for word in
            ["", "-", ".", "1e", "1e400", "-1e400", "nan", "inf", "+infinity", "0x1", "1_0", "1.0.0", "--1", "1f"]
        {
            assert_eq!(number(word), Err(Fault::Number { found: word.to_owned() }));
        }
        for word in ["-", "+", "nan", "inf", "-inf", "X_0", "e5"] {
            assert!(!looks_like_number(word), "{word}");
        }
    }
}
