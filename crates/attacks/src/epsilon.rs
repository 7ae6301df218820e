//! The radius of an attack.

use crate::AttackError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The L∞ radius of an attack, in units of pixel value, within 0 to 1.
///
/// ```
/// use minima_attacks::Epsilon;
///
/// assert_eq!(Epsilon::new(0.1)?.get(), 0.1);
/// assert!(Epsilon::new(-0.1).is_err() && Epsilon::new(f64::NAN).is_err() && Epsilon::new(8.0).is_err());
/// # Ok::<(), minima_attacks::AttackError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Epsilon(f64);

impl Epsilon {
    /// Creates a radius.
    ///
    /// # Errors
    /// Returns [`AttackError::Epsilon`] if the radius is negative, above 1 or NaN.
    pub fn new(epsilon: f64) -> Result<Self, AttackError> {
        if (0.0..=1.0).contains(&epsilon) {
            Ok(Self(epsilon))
        } else {
            Err(AttackError::Epsilon { found: epsilon, expected: "a number from 0 to 1" })
        }
    }

    /// The radius as a number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Epsilon {
    type Error = AttackError;

    fn try_from(epsilon: f64) -> Result<Self, AttackError> {
        Self::new(epsilon)
    }
}

impl From<Epsilon> for f64 {
    fn from(epsilon: Epsilon) -> Self {
        epsilon.0
    }
}

impl fmt::Display for Epsilon {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shortest(self.0).fmt(formatter)
    }
}

/// Displays a radius in the fewest digits that parse back to it, with an exponent if there would be many zeros.
pub(crate) struct Shortest(pub f64);

impl fmt::Display for Shortest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0.0 || (1e-5..1e7).contains(&self.0) {
            self.0.fmt(formatter)
        } else {
            fmt::LowerExp::fmt(&self.0, formatter)
        }
    }
}

/// Displays a radius as `8/255` if it is a whole number of steps of an 8-bit pixel and no short decimal number, else as
/// [`Shortest`].
pub(crate) struct InPixelSteps(pub f64);

impl fmt::Display for InPixelSteps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (decimal, steps) = (Shortest(self.0).to_string(), (255.0 * self.0).round());
        if decimal.len() > 6 && steps > 0.0 && steps / 255.0 == self.0 {
            write!(formatter, "{steps}/255")
        } else {
            formatter.write_str(&decimal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Epsilon, InPixelSteps};

    #[test]
    fn steps_of_a_pixel_are_fractions() {
        let shown = [8.0 / 255.0, 0.2, 0.0, 0.031, 1e-9].map(|radius| InPixelSteps(radius).to_string());
        assert_eq!(shown, ["8/255", "0.2", "0", "0.031", "1e-9"]);
    }

    #[test]
    fn radii_are_short() {
        let shown = [0.0, 0.1, 1.0, 1e-5, 1e-7, 1e-300].map(|radius| Epsilon::new(radius).unwrap().to_string());
        assert_eq!(shown, ["0", "0.1", "1", "0.00001", "1e-7", "1e-300"]);
    }
}
