//! How labels are poisoned.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How labels are poisoned. The text form is `uniform`, or for instance `7 to 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Flips {
    /// Labels of all classes are replaced by a random wrong label.
    #[default]
    Uniform,
    /// Labels of one class are replaced by another class.
    Targeted {
        /// The class whose labels are replaced.
        from: u16,
        /// The class that replaces it.
        to: u16,
    },
}

impl fmt::Display for Flips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => f.write_str("uniform"),
            Self::Targeted { from, to } => write!(f, "{from} to {to}"),
        }
    }
}

impl From<Flips> for String {
    fn from(flips: Flips) -> Self {
        flips.to_string()
    }
}

impl TryFrom<String> for Flips {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "uniform" {
            return Ok(Self::Uniform);
        }
        let classes = text.split_once(" to ").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match classes {
            Some((from, to)) if from != to => Ok(Self::Targeted { from, to }),
            _ => Err(format!("poison_flips is {text}; expected uniform, or two classes such as \"7 to 1\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flips_read_back_as_themselves() {
        for flips in [Flips::Uniform, Flips::Targeted { from: 7, to: 1 }] {
            assert_eq!(Flips::try_from(String::from(flips)), Ok(flips));
        }
        for wrong in ["7 to 7", "7to1", "seven to one", "7 to 65536", ""] {
            assert!(Flips::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
