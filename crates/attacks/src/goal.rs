//! The goal of a gradient step: away from the label, or towards a class.

use crate::AttackError;
use crate::loss::AttackLoss;
use minima_autodiff::Scalar;
use serde::{Deserialize, Serialize};

/// The goal of a single-step attack.
///
/// With every goal, an image counts as a success if it is misclassified;
/// [`predicted_after`](crate::Outcome::predicted_after) holds the class it reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// Any class except the label.
    #[default]
    Away,
    /// This class. An image whose label is this class is not changed.
    Class(usize),
    /// The class with the lowest probability for the image (Kurakin, Goodfellow & Bengio 2017, section 2.3).
    LeastLikely,
}

impl Goal {
    /// Returns [`AttackError::Option`] if the goal is not a class of the network.
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

    /// The loss of an image, or `None` if the image is not to be changed.
    pub(crate) fn loss<T: Scalar>(self, logits: &[T], label: usize) -> Option<AttackLoss> {
        let target = match self {
            Self::Away => return Some(AttackLoss::CrossEntropy),
            Self::Class(class) => class,
            Self::LeastLikely => {
                // A class with logit −∞ cannot be reached.
                let mut classes = logits.iter().enumerate().filter(|(_, z)| z.is_finite());
                let first = classes.next()?;
                classes.fold(first, |least, (c, z)| if z < least.1 { (c, z) } else { least }).0
            }
        };
        (target != label).then_some(AttackLoss::TargetedCrossEntropy { target })
    }
}
