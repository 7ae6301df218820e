//! The curvature of a network's loss as linear operators, and what can be learned from products with them.

mod basis;
mod cg;
mod density;
mod diagonal_estimate;
mod eigenpairs;
mod error;
mod generation;
mod inverse;
mod lanczos;
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
pub use generation::Generation;
pub use inverse::{CgInverse, FactoredInverse, Invertible};
pub use lanczos::{Lanczos, LanczosOptions, Ritz, lanczos, lanczos_from};
pub use operator::{LinearOperator, SymmetricOperator};
pub use rescaled::Rescaled;
pub use trace::{TraceEstimate, trace_hutch_pp, trace_hutchinson};
