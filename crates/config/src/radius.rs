//! Radii of attacks: numbers, or fractions such as `8/255`.

use serde::{Deserialize, Deserializer, de};

/// A text is not a radius.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found {found}, expected a number from 0 to 1 or a fraction such as 8/255")]
pub struct RadiusError {
    /// The text.
    pub found: String,
}

/// Parses a number, or a fraction of two numbers. Which radii are valid depends on their use.
///
/// # Errors
/// Returns [`RadiusError`] if the text is neither.
///
/// ```
/// assert_eq!(minima_config::radius::parse("8/255"), Ok(8.0 / 255.0));
/// ```
pub fn parse(text: &str) -> Result<f64, RadiusError> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let value = match text.split_once('/') {
        Some((above, below)) => number(above).zip(number(below)).map(|(above, below)| above / below),
        None => number(text),
    };
    value.ok_or_else(|| RadiusError { found: text.to_owned() })
}

/// A number or a text in a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Text(String),
}

/// Reads a list of radii.
pub(crate) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let written = Vec::<Written>::deserialize(deserializer)?;
    let radius = |written| match written {
        Written::Number(number) => Ok(number),
        Written::Text(text) => parse(&text).map_err(de::Error::custom),
    };
    written.into_iter().map(radius).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rows::significant::Radius;

    #[test]
    fn fractions_and_numbers() {
        for (given, expected) in [("0.1", 0.1), ("8/255", 8.0 / 255.0), (" 1 / 4 ", 0.25), ("0", 0.0), ("1e-2", 0.01)] {
            assert_eq!(parse(given), Ok(expected), "{given}");
        }
        for wrong in ["", "x", "1/2/3", "8/", "/255"] {
            assert_eq!(parse(wrong), Err(RadiusError { found: wrong.to_owned() }));
        }
    }

    #[test]
    fn shown_radii_read_back() {
        for radius in [8.0 / 255.0, 2.0 / 255.0, 0.1, 0.0, 1.0, 0.2, 0.031] {
            assert_eq!(parse(&Radius(radius).to_string()), Ok(radius));
        }
    }
}
