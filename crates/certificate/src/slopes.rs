//! Slopes of lines below open ReLUs, a byte each.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Slopes of the lines below the ReLUs that a part lists as open, in steps of 1/255 from the slope for negative inputs to
/// slope 1. So every byte is a valid slope.
///
/// Only a run of ReLUs is stored. All others have step 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slopes {
    /// The position of the first stored slope among the open ReLUs of all layers.
    pub first: u32,
    /// The steps, in hexadecimal digits in a file.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub steps: Vec<u8>,
}

impl Slopes {
    /// The nearest steps to slopes of all open ReLUs, from 0 for the slope of negative inputs to 1 for slope 1.
    #[must_use]
    pub fn new(shares: &[f32]) -> Self {
        let step = |share: &f32| (share.clamp(0.0, 1.0) * 255.0).round() as u8;
        let steps: Vec<u8> = shares.iter().map(step).collect();
        let first = steps.iter().position(|&step| step != 0).unwrap_or(0);
        let end = steps.iter().rposition(|&step| step != 0).map_or(first, |last| last + 1);
        Self { first: first as u32, steps: steps[first..end].to_vec() }
    }

    /// The slope at a position, from 0 to 1.
    pub(crate) fn share(&self, position: usize) -> f64 {
        let step = position.checked_sub(self.first as usize).and_then(|index| self.steps.get(index));
        f64::from(step.copied().unwrap_or(0)) / 255.0
    }

    /// The position after the last stored slope.
    pub(crate) fn end(&self) -> usize {
        self.first as usize + self.steps.len()
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn to_hex<S: Serializer>(steps: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
    serializer.serialize_str(&steps.iter().flat_map(digits).collect::<String>())
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digit = |byte: u8| DIGITS.iter().position(|&digit| digit == byte).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let steps: Option<Vec<u8>> = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    match steps {
        Some(steps) if rest.is_empty() => Ok(steps),
        _ => Err(D::Error::custom("found slopes that are not pairs of hexadecimal digits 0 to 9 and a to f")),
    }
}
