//! Seeds: whole numbers that all result files can represent.

use serde::{Deserialize, Deserializer, de};

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

/// The largest number of seeds in a range.
const MOST: u64 = 100_000;

/// Parses seeds separated by commas, with ranges such as `1-20`.
///
/// # Errors
/// Returns [`SeedError`] if an element is neither a seed nor a range of at most 100 000 seeds from the smaller to the larger one.
///
/// ```
/// assert_eq!(minima_config::seed::parse_list("42,1-3"), Ok(vec![42, 1, 2, 3]));
/// ```
pub fn parse_list(text: &str) -> Result<Vec<u64>, SeedError> {
    let mut seeds = Vec::new();
    for element in text.split(',').map(str::trim) {
        match element.split_once('-') {
            None => seeds.push(parse(element)?),
            Some((first, last)) => {
                let (first, last) = (parse(first.trim())?, parse(last.trim())?);
                if first > last || last - first >= MOST {
                    return Err(SeedError { found: element.to_owned() });
                }
                seeds.extend(first..=last);
            }
        }
    }
    Ok(seeds)
}

/// Seeds in a file: a list of numbers, or a text as for [`parse_list`].
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    List(Vec<u64>),
    Text(String),
}

/// Reads seeds.
pub(crate) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    match Written::deserialize(deserializer)? {
        Written::List(seeds) => Ok(seeds),
        Written::Text(text) => parse_list(&text).map_err(de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_expanded() {
        assert_eq!(parse_list("5"), Ok(vec![5]));
        assert_eq!(parse_list("1-3, 9"), Ok(vec![1, 2, 3, 9]));
        for wrong in ["", "1,", "3-1", "1-", "-1", "0-9223372036854775807", "a-b"] {
            assert!(parse_list(wrong).is_err(), "{wrong}");
        }
    }

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
