//! Checks of the options that several attacks have.

use crate::AttackError;

/// The most restarts. Each has a key and, in an ensemble, a copy of the attack.
const MOST_RESTARTS: usize = 10_000;

/// The longest step, as a share of the radius. It crosses the ball often enough, and `f32` computes with it safely.
const LONGEST_STEP: f64 = 1000.0;

/// Fails for numbers that are not from 1 to 10 000.
pub(crate) fn check_restarts(found: usize) -> Result<(), AttackError> {
    check_draws("restarts", found)
}

/// The same for random draws, each of which has a key.
pub(crate) fn check_draws(option: &'static str, found: usize) -> Result<(), AttackError> {
    if (1..=MOST_RESTARTS).contains(&found) {
        Ok(())
    } else {
        Err(AttackError::Option { option, found: found.to_string(), expected: "a number from 1 to 10000" })
    }
}

/// Fails for a share of the radius that is not above 0 and at most 1000.
pub(crate) fn check_step_size(found: f64) -> Result<(), AttackError> {
    check_positive_up_to("step size", found, LONGEST_STEP, "a share of the radius above 0 and at most 1000")
}

/// Fails for numbers that are not above zero and at most `most`: beyond, products with zero would be NaN in `f32`.
pub(crate) fn check_positive_up_to(
    option: &'static str,
    found: f64,
    most: f64,
    expected: &'static str,
) -> Result<(), AttackError> {
    if found > 0.0 && found <= most {
        Ok(())
    } else {
        Err(AttackError::Option { option, found: format!("{found:?}"), expected })
    }
}

/// Fails for zero.
pub(crate) fn check_count(option: &'static str, found: usize) -> Result<(), AttackError> {
    match found {
        0 => Err(AttackError::Option { option, found: found.to_string(), expected: "at least 1" }),
        _ => Ok(()),
    }
}

/// Fails for numbers that are not within 0 to 1.
pub(crate) fn check_share(option: &'static str, found: f64) -> Result<(), AttackError> {
    if (0.0..=1.0).contains(&found) {
        Ok(())
    } else {
        Err(AttackError::Option { option, found: found.to_string(), expected: "a number from 0 to 1" })
    }
}
