//! Where a gradient leads: away from the label, or towards a class.

use crate::AttackError;
use crate::loss::Loss;
use minima_autodiff::Scalar;
use serde::{Deserialize, Serialize};

/// What a single-step attack moves an image towards.
///
/// Whatever the goal, an image counts as a success when it is classified wrongly;
/// [`predicted_after`](crate::Outcome::predicted_after) says whether it got to the class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// Any class but the label.
    #[default]
    Away,
    /// This class. An image of it is left as it is.
    Class(usize),
    /// The class that the network thinks least likely for the image (Kurakin, Goodfellow & Bengio 2017, section 2.3).
    LeastLikely,
}

impl Goal {
    /// Fails for a class that the network does not have.
    pub(crate) fn check(self, classes: usize) -> Result<(), AttackError> {
        match self {
            Self::Class(class) if class >= classes => Err(AttackError::Option {
                option: "target class",
                found: class.to_string(),
                expected: "a class of the network",
            }),
            _ => Ok(()),
        }
    }

    /// The loss of an image, and `None` where it is to be left as it is.
    pub(crate) fn loss<T: Scalar>(self, logits: &[T], label: usize) -> Option<Loss> {
        let target = match self {
            Self::Away => return Some(Loss::CrossEntropy),
            Self::Class(class) => class,
            Self::LeastLikely => {
                // A class of logit −∞ cannot be reached.
                let mut classes = logits.iter().enumerate().filter(|(_, z)| z.is_finite());
                let first = classes.next()?;
                classes.fold(first, |least, (c, z)| if z < least.1 { (c, z) } else { least }).0
            }
        };
        (target != label).then_some(Loss::TargetedCrossEntropy { target })
    }
}
