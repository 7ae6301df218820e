//! Proofs that no input near a given one is misclassified.
//!
//! [`verify`] examines a set of inputs ([`InputSet`]: a box, or a ball met with [0, 1]) and a [`Specification`] of the
//! outputs. It returns a [`Verdict`]: proved, falsified with a witness, or unknown with a reason. A witness is confirmed by
//! the network's own forward pass. A proof holds for the network as it is computed in `f32`: [`rounding`] has the argument.
//!
//! Methods, from cheap to complete ([`Method`]):
//!
//! - Intervals (Gowal et al. 2018).
//! - CROWN (Zhang et al. 2018): linear bounds, from the outputs back to the input. Neurons whose sign intervals leave open
//!   are bounded in the same way. Rows of coefficients fill the 16 lanes of a block. A convolution's rows touch only the
//!   region that their neurons depend on.
//! - Smooth functions lie between two lines, products between planes (McCormick 1976), and a softmax between planes of its scores. A
//!   normalisation is bounded step by step.
//! - Optimised slopes (Xu et al. 2021), those of intermediate bounds included.
//! - Branch and bound with multipliers (Wang et al. 2021), with domains in the lanes. Where it takes long, the set is split
//!   into parts whose intermediate bounds are computed anew. Signs of ReLUs are split, and which entry of a pooling window is the largest. A network with smooth operations and few
//!   inputs is searched by splits of its box instead; with many inputs and no open ReLU, its bounds decide or nothing does.
//!
//! [`IntervalNetwork`] gives the gradient of interval bounds, and [`CrownIbpNetwork`] the gradient of linear bounds, so that training
//! makes them tight.
//!
//! Results have the same bits for any number of threads, unless a time limit cut them off.
//!
//! ```
//! use minima_autodiff::paper_cnn;
//! use minima_verify::{InputSet, Program, Specification, Verdict, VerifyOptions, verify};
//!
//! let graph = paper_cnn([8, 8, 1], 3)?;
//! let params: Vec<f32> = graph.init(42);
//! let program = Program::new(&graph, &params)?;
//! let image = vec![0.5; 64];
//! let logits = graph.logits(&params, ndarray::ArrayView2::from_shape((1, 64), &image)?)?;
//! let label = (0..3).max_by(|&a, &b| logits[[0, a]].total_cmp(&logits[[0, b]])).unwrap_or(0);
//!
//! // Every image whose pixels differ by at most 10⁻⁴ has the same label.
//! let input = InputSet::linf(&image, 1e-4)?;
//! let specification = Specification::classification(3, label)?;
//! let report = verify(&program, &input, &specification, &VerifyOptions::default())?;
//! assert!(matches!(report.verdict, Verdict::Proved { bound } if bound > 0.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ascent;
mod backward;
mod branch;
mod combination;
mod counterexample;
mod crown;
mod curve;
mod error;
mod input_set;
mod interval;
mod interval_network;
mod lane;
mod program;
mod proof;
mod region;
mod relaxation;
pub mod rounding;
mod share;
mod simd;
mod slopes;
mod spare;
mod specification;
mod verdict;

pub use counterexample::Witness;
pub use crown::{Bounds, Method};
pub use error::VerifyError;
pub use input_set::InputSet;
pub use interval_network::{CrownIbpNetwork, IntervalNetwork, IntervalNetworkError};
pub use program::Program;
pub use proof::{Case, Proof, Sign, TargetProof};
pub use rounding::Rounding;
pub use slopes::SlopeOptions;
pub use specification::{LinearConstraint, Specification};
pub use verdict::{Reason, Report, Verdict, VerifyOptions, prove, verify};

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that stored results of an older version
/// are not reused.
pub const NUMERICS_VERSION: u32 = 2;
