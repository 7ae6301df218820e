//! The errors of an attack.

use minima_autodiff::AutodiffError;

/// What can go wrong when a network is attacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttackError {
    /// The images or labels do not fit each other or the network.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// A radius that is none.
    #[error("epsilon is {found}; expected a number from 0 to 1")]
    Epsilon {
        /// The radius.
        found: f64,
    },
    /// A pixel outside the range of pictures.
    #[error("pixel {pixel} of image {image} is {found}; expected a number from 0 to 1")]
    Pixel {
        /// The image's place in the batch.
        image: usize,
        /// The number's place in the image.
        pixel: usize,
        /// The number.
        found: f64,
    },
    /// The network gave a NaN, as a diverged one does.
    #[error("a NaN in the {what} of image {image}; expected numbers")]
    NotANumber {
        /// What holds it.
        what: &'static str,
        /// The image's place in the batch.
        image: usize,
    },
}
