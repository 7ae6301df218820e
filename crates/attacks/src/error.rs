//! The errors of an attack.

use minima_autodiff::AutodiffError;

/// An error of an attack.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttackError {
    /// The images or labels do not fit each other or the network.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// Invalid radius.
    #[error("epsilon is {found:?}; expected {expected}")]
    Epsilon {
        /// The radius.
        found: f64,
        /// The valid radii.
        expected: &'static str,
    },
    /// No attack has the name.
    #[error("attack is {found}; expected one of {expected}")]
    Unknown {
        /// The name.
        found: String,
        /// The names of the attacks, and which of them resembles the name.
        expected: String,
    },
    /// An option of an attack has an invalid value.
    #[error("{option} is {found}; expected {expected}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The option's value.
        found: String,
        /// The valid values.
        expected: &'static str,
    },
    /// The loss compares more logits than the network has.
    #[error("{attack}: the network has {found} classes; expected at least {expected}")]
    Classes {
        /// The attack's name.
        attack: &'static str,
        /// The number of classes of the network.
        found: usize,
        /// The least number of classes.
        expected: usize,
    },
    /// The attack does not support the norm.
    #[error("{attack}: the norm is {found}; expected {expected}")]
    Norm {
        /// The attack's name.
        attack: &'static str,
        /// The requested norm.
        found: crate::Norm,
        /// The supported norms.
        expected: &'static str,
    },
    /// A pixel is outside [0, 1].
    #[error("pixel {pixel} of image {image} is {found:?}; expected a number from 0 to 1")]
    Pixel {
        /// The image's index in the batch.
        image: usize,
        /// The pixel's index in the image.
        pixel: usize,
        /// The pixel's value.
        found: f64,
    },
    /// The network returned NaN or infinity, as a diverged network does. A logit of −∞ excludes its class and is
    /// allowed if another logit is finite.
    #[error("{found:?} in the {what} of image {image}; expected finite numbers")]
    NotFinite {
        /// The output that holds the value.
        what: &'static str,
        /// The image's index in the batch.
        image: usize,
        /// The value.
        found: f64,
    },
    /// The network assigned two classes to the same image. Attacks need a deterministic network.
    #[error(
        "the network classified {what} of image {image} as {first} and then as {second}; expected the same class each \
         time (a network that draws random numbers must fix its seed)"
    )]
    NotDeterministic {
        /// Which version of the image was evaluated twice.
        what: &'static str,
        /// The image's index in the batch.
        image: usize,
        /// The first class.
        first: usize,
        /// The second class.
        second: usize,
    },
    /// An attack produced an invalid image. This is a bug in the attack.
    #[error("{attack}: the adversarial version of image {image} {what}")]
    Broken {
        /// The attack's name.
        attack: &'static str,
        /// The image's index in the batch.
        image: usize,
        /// The violated condition.
        what: &'static str,
    },
}

impl AttackError {
    /// Returns the same error with the image's index in the batch instead of its index among the evaluated images.
    pub(crate) fn placed(self, place: impl Fn(usize) -> Option<usize>) -> Self {
        match self {
            Self::NotFinite { what, image, found } => {
                Self::NotFinite { what, image: place(image).unwrap_or(image), found }
            }
            other => other,
        }
    }
}
