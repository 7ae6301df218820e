//! The curvature of a network's loss as linear operators, and what can be learned from products with them.

mod cg;
mod error;
mod generation;
mod operator;
mod vectors;

pub use cg::{CgEnd, CgIteration, CgOptions, CgSolution, NegativeCurvature, conjugate_gradient};
pub use error::CurvatureError;
pub use generation::Generation;
pub use operator::{LinearOperator, SymmetricOperator};
