//! Proofs that no input near a given one is misclassified.
//!
//! ```
//! use minima_autodiff::paper_cnn;
//! use minima_verify::{Bounds, InputSet, Method, Program, Specification};
//!
//! let graph = paper_cnn([8, 8, 1], 3)?;
//! let params: Vec<f32> = graph.init(42);
//! let program = Program::new(&graph, &params)?;
//! let image = vec![0.5; 64];
//! let input = InputSet::linf(&image, 1e-4)?;
//! let bounds = Bounds::new(&program, &input, Method::Crown)?;
//! let margins = bounds.margins(&Specification::classification(3, 0)?)?;
//! assert_eq!(margins.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ascent;
mod backward;
mod branch;
mod counterexample;
mod crown;
mod error;
mod input_set;
mod interval;
mod lane;
mod program;
mod proof;
mod region;
mod relaxation;
pub mod rounding;
mod simd;
mod slopes;
mod specification;
mod verdict;

pub use counterexample::Witness;
pub use crown::{Bounds, Method};
pub use error::VerifyError;
pub use input_set::InputSet;
pub use program::Program;
pub use proof::{Case, Proof, Sign, TargetProof};
pub use rounding::Rounding;
pub use slopes::SlopeOptions;
pub use specification::{LinearConstraint, Specification};
pub use verdict::{Reason, Report, Verdict, VerifyOptions, prove, verify};

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that stored results of an older version
/// are not reused.
pub const NUMERICS_VERSION: u32 = 1;
