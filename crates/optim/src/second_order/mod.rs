//! Newton-type steps: Gauss-Newton and natural gradient with a choice of solver, line search, adaptive damping, momentum,
//! weight decay and a step limit.
//!
//! [`GaussNewton`](crate::GaussNewton) is the plain exact step with a fixed learning rate, whose calls an engine can record.
//! The optimizer here reads values back between its calls. With conjugate gradients and a Gauss-Newton matrix it runs on any
//! [`CurvatureEngine`](minima_curvature::CurvatureEngine), the rest on the CPU only.

mod adaptive_damping;
mod curvature;
mod curvature_at;
mod exact;
mod line_search;
mod memory;
mod optimizer;
mod solver;
mod step;

pub use adaptive_damping::LevenbergMarquardt;
pub use curvature::{Curvature, FisherKind};
pub use line_search::Armijo;
pub use memory::StepLog;
pub use optimizer::SecondOrder;
pub use solver::{CgLog, CgSolver, Solver};
