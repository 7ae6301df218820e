//! The errors of an attack.

use minima_autodiff::AutodiffError;

/// What can go wrong when a network is attacked.
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
    /// An option of an attack that makes no sense.
    #[error("{option} is {found}; expected {expected}")]
    Option {
        /// Its name.
        option: &'static str,
        /// Its value.
        found: String,
        /// What it can be.
        expected: &'static str,
    },
    /// A loss that compares more logits than the network has.
    #[error("{attack} on a network of {found} classes; expected at least {expected}")]
    Classes {
        /// The attack.
        attack: &'static str,
        /// The classes of the network.
        found: usize,
        /// The fewest it needs.
        expected: usize,
    },
    /// A norm that an attack does not know.
    #[error("{attack} in the norm {found}; expected {expected}")]
    Norm {
        /// The attack.
        attack: &'static str,
        /// The norm asked for.
        found: crate::Norm,
        /// The norms it knows.
        expected: &'static str,
    },
    /// A pixel outside the range of pictures.
    #[error("pixel {pixel} of image {image} is {found:?}; expected a number from 0 to 1")]
    Pixel {
        /// The image's place in the batch.
        image: usize,
        /// The number's place in the image.
        pixel: usize,
        /// The number.
        found: f64,
    },
    /// The network gave a NaN or an infinity, as a diverged one does. A logit of −∞ excludes its class and is allowed, as long as
    /// another logit is finite.
    #[error("the network gave {found:?} in the {what} of image {image}; expected finite numbers")]
    NotFinite {
        /// What holds it.
        what: &'static str,
        /// The image's place in the batch.
        image: usize,
        /// The number.
        found: f64,
    },
    /// The network gave the same image two classes. Attacks need a network that answers alike each time.
    #[error(
        "the network gave {what} of image {image} class {first} and then class {second}; expected the same class each \
         time (a network that draws random numbers has to fix them)"
    )]
    NotDeterministic {
        /// Which image was shown twice.
        what: &'static str,
        /// The image's place in the batch.
        image: usize,
        /// The class at first.
        first: usize,
        /// The class afterwards.
        second: usize,
    },
    /// An attack made an image that it may not make: an error in the attack.
    #[error("{attack} made of image {image} one that {what}")]
    Broken {
        /// The attack.
        attack: &'static str,
        /// The image's place in the batch.
        image: usize,
        /// The rule it breaks.
        what: &'static str,
    },
}

impl AttackError {
    /// The same error with the image's place in the batch, from its place among the images that the network was shown.
    pub(crate) fn placed(self, place: impl Fn(usize) -> Option<usize>) -> Self {
        match self {
            Self::NotFinite { what, image, found } => {
                Self::NotFinite { what, image: place(image).unwrap_or(image), found }
            }
            other => other,
        }
    }
}
