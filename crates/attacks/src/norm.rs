//! The distance between an adversarial image and its original.

use minima_autodiff::Scalar;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The norm in which a perturbation is measured, in units of pixel value.
///
/// ```
/// use minima_attacks::Norm;
///
/// assert_eq!(Norm::L2.of(&[0.3_f64, -0.4]), 0.5);
/// assert_eq!("linf".parse::<Norm>()?, Norm::Linf);
/// # Ok::<(), minima_attacks::AttackError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// The largest change of a pixel.
    Linf,
    /// The square root of the sum of squared changes.
    L2,
}

/// Sums of squares that have not lost precision to underflow or overflow.
const SAFE_SQUARES: std::ops::RangeInclusive<f64> = 1e-280..=1e300;

impl Norm {
    /// The norm of a perturbation, in double precision.
    #[must_use]
    pub fn of<T: Scalar>(self, delta: &[T]) -> f64 {
        self.of_numbers(delta.iter().map(|d| d.as_f64()))
    }

    /// The norm of `b − a`, in double precision. If the lengths differ, the surplus entries are ignored.
    #[must_use]
    pub fn distance<T: Scalar>(self, a: &[T], b: &[T]) -> f64 {
        self.of_numbers(a.iter().zip(b).map(|(a, b)| b.as_f64() - a.as_f64()))
    }

    fn of_numbers(self, numbers: impl Iterator<Item = f64> + Clone) -> f64 {
        match self {
            // Not `f64::max`, which would hide a NaN.
            Self::Linf => {
                numbers.fold(0.0, |most: f64, d| if most.is_nan() || d.abs() <= most { most } else { d.abs() })
            }
            Self::L2 => {
                let squares: f64 = numbers.clone().map(|d| d * d).sum();
                if SAFE_SQUARES.contains(&squares) {
                    return squares.sqrt();
                }
                // The squares of very small or very large numbers underflow or overflow; the squares of their quotients by
                // the largest do not.
                let most = Self::Linf.of_numbers(numbers.clone());
                if most == 0.0 || !most.is_finite() {
                    return most;
                }
                most * numbers.map(|d| (d / most).powi(2)).sum::<f64>().sqrt()
            }
        }
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Linf => "linf",
            Self::L2 => "l2",
        })
    }
}
