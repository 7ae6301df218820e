//! Specifications of optimizers and their options in a preset.

mod config;
mod first_order;
mod gauss_newton;
mod kronecker;
mod option;
mod own;
mod point;
mod spec;

pub use first_order::{AdamSpec, FirstOrderSpec, SamSpec, SgdSpec};
pub use gauss_newton::{EmulatedSpec, GaussNewtonCgSpec, GaussNewtonSpec, Tf32Spec};
pub use kronecker::KroneckerSpec;
pub use own::OwnSpec;
pub use point::Point;
pub use spec::OptimizerSpec;
