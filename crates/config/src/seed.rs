//! Seeds: whole numbers that all result files can represent.

/// The largest seed, 2⁶³ − 1, the largest number in TOML.
pub const LARGEST: u64 = i64::MAX as u64;

/// A seed is larger than [`LARGEST`], or not a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found seed {found}, expected a whole number from 0 to {LARGEST}, the largest in TOML")]
pub struct SeedError {
    /// The given text or number.
    pub found: String,
}

/// Checks a seed.
///
/// # Errors
/// Returns [`SeedError`] if it is larger than [`LARGEST`].
pub fn check(seed: u64) -> Result<u64, SeedError> {
    if seed <= LARGEST { Ok(seed) } else { Err(SeedError { found: seed.to_string() }) }
}

/// Parses a seed from text, such as a command's argument.
///
/// # Errors
/// Returns [`SeedError`] if the text is not a whole number from 0 to [`LARGEST`].
pub fn parse(text: &str) -> Result<u64, SeedError> {
    let wrong = || SeedError { found: text.to_owned() };
    text.parse().ok().filter(|&seed| check(seed).is_ok()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_go_up_to_the_largest_number_of_toml() {
        for seed in [0, 1, 42, LARGEST] {
            assert_eq!((check(seed), parse(&seed.to_string())), (Ok(seed), Ok(seed)));
        }
        for seed in [LARGEST + 1, u64::MAX] {
            assert_eq!(check(seed), Err(SeedError { found: seed.to_string() }));
            assert!(parse(&seed.to_string()).is_err());
        }
        for text in ["", "-1", "1.5", "x", "18446744073709551616"] {
            assert_eq!(parse(text), Err(SeedError { found: text.to_owned() }));
        }
    }
}
