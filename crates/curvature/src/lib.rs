//! The curvature of a network's loss as linear operators, and what can be learned from products with them.

mod basis;
mod cg;
mod density;
mod diagonal_estimate;
mod eigenpairs;
mod error;
mod fisher;
mod generation;
mod ggn;
mod hessian;
mod inverse;
mod jacobian;
mod lanczos;
mod objective;
mod operator;
mod precondition;
mod probes;
mod rescaled;
mod trace;
mod vectors;

pub use cg::{CgEnd, CgIteration, CgOptions, CgSolution, NegativeCurvature, conjugate_gradient};
pub use density::{DensityOptions, Quadrature, SpectralDensity, spectral_density};
pub use diagonal_estimate::{DiagonalEstimate, diagonal_hutchinson};
pub use eigenpairs::{EigenOptions, Eigenpair, bottom_eigenpairs, top_eigenpairs};
pub use error::CurvatureError;
pub use fisher::Fisher;
pub use generation::Generation;
pub use ggn::Ggn;
pub use hessian::Hessian;
pub use inverse::{CgInverse, FactoredInverse, Invertible};
pub use jacobian::{Jacobian, TransposedJacobian};
pub use lanczos::{Lanczos, LanczosOptions, Ritz, lanczos, lanczos_from};
pub use objective::Objective;
pub use operator::{LinearOperator, SymmetricOperator};
pub use rescaled::Rescaled;
pub use trace::{TraceEstimate, trace_hutch_pp, trace_hutchinson};
