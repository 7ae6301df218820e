//! Specifications of optimizers and their options in a preset.

mod appearance;
mod config;
mod first_order;
mod gauss_newton;
mod in_preset;
mod kronecker;
mod option;
mod own;
mod point;
mod spec;

pub use appearance::OptimizerAppearance;
pub use first_order::{AdamSpec, FirstOrderSpec, MuonSpec, SamSpec, SgdSpec};
pub use gauss_newton::{EmulatedSpec, GaussNewtonCgSpec, GaussNewtonSpec, Tf32Spec};
pub use in_preset::PresetOptimizer;
pub use kronecker::KroneckerSpec;
pub use own::OwnSpec;
pub use point::Point;
pub use spec::OptimizerSpec;
