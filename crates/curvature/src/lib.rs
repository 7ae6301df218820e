//! The curvature of a network's loss as linear operators, and what can be learned from products with them.

mod error;
mod generation;
mod operator;
mod rescaled;

pub use error::CurvatureError;
pub use generation::Generation;
pub use operator::{LinearOperator, SymmetricOperator};
pub use rescaled::Rescaled;
