//! VNN-LIB properties.

use minima_vnnlib::{Property, VnnlibError, parse};

/// An accepted property has cases with a box and inequalities of finite numbers, and is equal when written and read again. An error
/// names a line of the file.
pub fn vnnlib(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let property = match parse(text, "vnnlib") {
        Ok(property) => property,
        Err(error) => {
            let lines = 1 + text.bytes().filter(|&byte| byte == b'\n').count();
            assert!(matches!(error, VnnlibError::Content { line, .. } if (1..=lines).contains(&line)), "{error}");
            return false;
        }
    };
    check(&property);
    let again = parse(&property.to_text(), "again");
    assert!(again.is_ok_and(|again| again == property));
    let wider = property.outward();
    check(&wider);
    for (case, wider) in property.cases().iter().zip(wider.cases()) {
        assert!(case.lower().iter().zip(wider.lower()).all(|(bound, wider)| wider <= bound));
        assert!(case.upper().iter().zip(wider.upper()).all(|(bound, wider)| wider >= bound));
    }
    true
}

/// The invariants of a property.
fn check(property: &Property) {
    assert!(property.inputs() > 0 && property.outputs() > 0 && !property.cases().is_empty());
    for case in property.cases() {
        let (lower, upper) = (case.lower(), case.upper());
        assert!(lower.len() == property.inputs() && upper.len() == property.inputs());
        assert!(lower.iter().zip(upper).all(|(a, b)| a <= b && a.is_finite() && b.is_finite()));
        for inequality in case.inequalities() {
            let terms = inequality.terms();
            assert!(inequality.bound().is_finite() && terms.iter().all(|&(_, a)| a.is_finite() && a != 0.0));
            assert!(terms.is_sorted_by(|(a, _), (b, _)| a < b));
            assert!(terms.last().is_some_and(|&(last, _)| last < property.outputs()));
        }
    }
}

/// A comparison of a few bytes is an inequality of two terms, about 40 bytes in a growing vector and 32 outside, in the formula, in the
/// cases and, written in about 30 bytes, in the formula that is read again. The normal form of any file may have 2¹⁸ numbers.
pub(super) fn memory(input: u64) -> u64 {
    256 * input + (16 << 20)
}
