//! One bit per image, as text in files.

use serde::{Deserialize, Serialize};

/// One bit per image. In files, each bit is `1` or `0`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bits(pub Vec<bool>);

impl Bits {
    /// The number of ones.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.iter().filter(|&&bit| bit).count()
    }
}

impl From<Bits> for String {
    fn from(bits: Bits) -> Self {
        bits.0.iter().map(|&bit| if bit { '1' } else { '0' }).collect()
    }
}

impl TryFrom<String> for Bits {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bit = |c| match c {
            '0' => Ok(false),
            '1' => Ok(true),
            other => Err(format!("found {other:?}; expected 0 or 1")),
        };
        text.chars().map(bit).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_read_back_as_themselves() {
        let bits = Bits(vec![true, false, false, true]);
        let text = serde_json::to_string(&bits).unwrap();
        assert_eq!((text.as_str(), bits.count()), ("\"1001\"", 2));
        assert_eq!(serde_json::from_str::<Bits>(&text).unwrap(), bits);
        assert!(serde_json::from_str::<Bits>("\"102\"").is_err());
    }
}
