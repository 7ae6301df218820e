//! Certificates of proofs about neural networks, and a checker in interval arithmetic.
//!
//! A verifier that proves that no image near a given one is misclassified is a large program, and its search is optimised
//! for speed. This crate shares no code with it. A [`Certificate`] holds the claim and the numbers that the search has found. A
//! [`Checker`] derives the claim again from the network, the image and these numbers, in about 1 500 plain lines.
//!
//! ```
//! use minima_autodiff::GraphBuilder;
//! use minima_certificate::{Certificate, CertificateError, Checker, Norm, Part, Property, Step, Target, sha256};
//!
//! // Two pixels. The logits are x₀ + 0.5 and x₁.
//! let mut g = GraphBuilder::new(&[2]);
//! let y = g.dense(g.input(), "Dense_0", 2)?;
//! let graph = g.finish(y)?;
//! let params = [0.5, 0.0, 1.0, 0.0, 0.0, 1.0];
//! let image = [0.5, 0.5];
//!
//! let tree = vec![Step::Leaf { slopes: None, multipliers: vec![] }];
//! let target = Target { target: 0, inequality: 0, weights: vec![], tree };
//! let mut certificate = Certificate {
//!     weights: sha256(&params),
//!     image: sha256(&image),
//!     number: 0,
//!     norm: Norm::Linf,
//!     radius: 0.2,
//!     property: Property::Label(0),
//!     maxima: vec![],
//!     parts: vec![Part { targets: vec![target], ..Part::default() }],
//! };
//! let checker = Checker::new(&graph, &params)?;
//! let checked = checker.check(&certificate, &image)?;
//! assert!(checked.bound > 0.099 && checked.bound < 0.1);
//!
//! // 0.5 + 0.5 − 0.3 < 0.5 + 0.3.
//! certificate.radius = 0.3;
//! assert!(matches!(checker.check(&certificate, &image), Err(CertificateError::Bound { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a certificate claims
//!
//! No image in [0, 1] within the radius of the image has outputs that meet a target, as the network with these parameters
//! computes its outputs in `f32`. A positive radius is enlarged by 2⁻²³, so that the rounding of an attack's pixels stays
//! within.
//!
//! A [`BoxCertificate`] claims the same of all points of a box, whatever its numbers are.
//!
//! # What the checker trusts
//!
//! - **Not the search.** Every slope, multiplier and split in a certificate is a hint. The bound follows from any of them, and a bad one
//!   gives a bound that proves nothing. The ranges of all values are computed anew.
//! - The network: it is read from the graph and the parameters that the caller gives. The certificate names the SHA-256 of the
//!   parameters and of the image. It does not name the network's layers, which the caller chooses.
//! - The arithmetic of `f64` by IEEE 754. Every computed bound is rounded outward.
//! - A bound on the rounding of `f32` sums of the same terms, in any order.
//!
//! # How it checks
//!
//! 1. The ranges of all values: intervals first, and for each number before a ReLU whose sign they leave open, a linear lower and a
//!    linear upper bound.
//! 2. For each target that must not be met, and each leaf of its tree of splits, a linear lower bound of one of its inequalities,
//!    or of a sum of them with multipliers.
//!    Multipliers bring in the assumed signs. Every such bound must be above 0.
//! 3. Every split has both of its cases, so the leaves cover the whole ball.
//! 4. A ball may be divided in parts in the same way, with ranges of their own.
//!
//! # Maxima
//!
//! `max(a, b) = b + max(a − b, 0)`. A certificate may name the entries of each window of a maximum layer that may be the largest on the
//! whole ball: its contenders. The checker refuses the list if another entry may be above all of them, by ranges that it has computed. The maximum
//! is then the winner of a tournament of the contenders. Each round pairs neighbours, and the last one of an odd number goes to the next
//! round alone. Each round is one ReLU layer of differences, first contender less second, in the order of windows and pairs. Splits,
//! slopes and multipliers name these ReLUs like all others.
//!
//! # Files
//!
//! A file is JSON with its kind, its version and the SHA-256 of its content. Trees are lists, so that no file nests deeply. Slopes are
//! a byte each, as hexadecimal digits: they make up most of a file. A file is read in memory in proportion to its size.

mod affine;
mod backward;
mod ball;
mod box_certificate;
mod certificate;
mod check;
mod error;
mod interval;
mod narrowing;
mod network;
mod open_relus;
mod ranges;
mod rounding;
mod slopes;
mod tournament;
mod tree;

pub use ball::Norm;
pub use box_certificate::BoxCertificate;
pub use certificate::{Certificate, Inequality, Part, Property, Relu, Step, Target, sha256};
pub use check::{Checked, Checker};
pub use error::CertificateError;
pub use slopes::Slopes;
pub use tree::Case;
