//! A hand-written automatic differentiation of convolutional networks.

mod classifier;
mod error;
mod scalar;

pub use classifier::{Classifier, CotangentOf};
pub use error::AutodiffError;
pub use scalar::Scalar;
