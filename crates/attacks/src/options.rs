//! Checks of options shared by several attacks.

use crate::{AttackError, Norm};
use std::str::FromStr;

/// The most restarts. Each restart has its own key and, in an ensemble, its own copy of the attack.
const MOST_RESTARTS: usize = 10_000;

/// The longest step, as a share of the radius. It is long enough to cross the ball many times, and `f32` computes with
/// it safely.
const LONGEST_STEP: f64 = 1000.0;

/// Returns [`AttackError::Option`] if the number of restarts is not from 1 to 10 000.
pub(crate) fn check_restarts(found: usize) -> Result<(), AttackError> {
    check_draws("restarts", found)
}

/// Returns [`AttackError::Option`] if the number of random draws is not from 1 to 10 000. Each draw has its own key.
pub(crate) fn check_draws(option: &'static str, found: usize) -> Result<(), AttackError> {
    if (1..=MOST_RESTARTS).contains(&found) {
        Ok(())
    } else {
        Err(AttackError::Option { option, found: found.to_string(), expected: "a number from 1 to 10000" })
    }
}

/// Returns [`AttackError::Option`] if the share of the radius is not above 0 and at most 1000.
pub(crate) fn check_step_size(found: f64) -> Result<(), AttackError> {
    check_positive_up_to("step size", found, LONGEST_STEP, "a share of the radius above 0 and at most 1000")
}

/// Returns [`AttackError::Option`] if the number is not above 0 and at most `most`. Beyond `most`, products with zero
/// would be NaN in `f32`.
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

/// Returns [`AttackError::Option`] if the count is zero.
pub(crate) fn check_count(option: &'static str, found: usize) -> Result<(), AttackError> {
    match found {
        0 => Err(AttackError::Option { option, found: found.to_string(), expected: "at least 1" }),
        _ => Ok(()),
    }
}

/// Returns [`AttackError::Option`] if the number is not within 0 to 1.
pub(crate) fn check_share(option: &'static str, found: f64) -> Result<(), AttackError> {
    if (0.0..=1.0).contains(&found) {
        Ok(())
    } else {
        Err(AttackError::Option { option, found: found.to_string(), expected: "a number from 0 to 1" })
    }
}

impl FromStr for Norm {
    type Err = AttackError;

    fn from_str(name: &str) -> Result<Self, AttackError> {
        match name {
            "linf" => Ok(Self::Linf),
            "l2" => Ok(Self::L2),
            _ => Err(AttackError::Option { option: "norm", found: name.to_owned(), expected: "linf or l2" }),
        }
    }
}
