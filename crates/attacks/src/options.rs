//! Checks of the options that several attacks have.

use crate::AttackError;

/// Fails for zero.
pub(crate) fn check_count(option: &'static str, found: usize) -> Result<(), AttackError> {
    match found {
        0 => Err(AttackError::Option { option, found: found.to_string(), expected: "at least 1" }),
        _ => Ok(()),
    }
}

/// Fails for what is not finite and above zero.
pub(crate) fn check_positive(option: &'static str, found: f64) -> Result<(), AttackError> {
    if found.is_finite() && found > 0.0 {
        Ok(())
    } else {
        Err(AttackError::Option { option, found: found.to_string(), expected: "a finite number above 0" })
    }
}

/// Fails for what is not within 0 to 1.
pub(crate) fn check_share(option: &'static str, found: f64) -> Result<(), AttackError> {
    if (0.0..=1.0).contains(&found) {
        Ok(())
    } else {
        Err(AttackError::Option { option, found: found.to_string(), expected: "a number from 0 to 1" })
    }
}
