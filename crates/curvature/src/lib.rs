//! The curvature of a network's loss as linear operators, and algorithms that need only matrix-vector products.
//!
//! - **The loss** is an [`Objective`]: a network at given parameters, and a batch or a data set of any size.
//! - **Its curvature** has one interface, [`LinearOperator`]: a size and products `A v`. The operators are the
//!   [`Jacobian`] of the logits, the Gauss-Newton matrix [`Ggn`] in its three [`GgnVariant`]s, the [`Hessian`], the
//!   [`Fisher`] matrix (exact, sampled, empirical), and Kronecker-factored approximations in [`kfac`]. No matrix is
//!   ever formed: a product takes about as long as two or three gradients.
//! - **Arithmetic** combines operators: sums, multiples and damping ([`OperatorExt`]), the blocks of a network's layers
//!   ([`BlockDiagonal`]), exact diagonals ([`Ggn::diagonal`], [`Fisher::diagonal`]), inverses ([`Invertible`]).
//! - **Algorithms** take any [`SymmetricOperator`]: [`conjugate_gradient`], [`lanczos`], [`top_eigenpairs`] and
//!   [`bottom_eigenpairs`], traces ([`trace_hutchinson`], [`trace_hutch_pp`]), diagonals ([`diagonal_hutchinson`]) and
//!   [`spectral_density`].
//!
//! The order of sums depends on sizes alone: results are bit-identical for any number of threads.
//!
//! Sources: Pearlmutter 1994 (products with the Hessian); Schraudolph 2002 (products with the Gauss-Newton matrix);
//! Martens 2010 and 2020 (applications, and the Fisher matrix); Kunstner, Balles & Hennig 2019 (the empirical Fisher
//! matrix). The algorithms cite their own sources.
//!
//! ```
//! use minima_autodiff::{Batch, Conv2dSpec, GraphBuilder};
//! use minima_curvature::{
//!     CgOptions, EigenOptions, GgnVariant, Ggn, Hessian, LinearOperator, Objective, OperatorExt, bottom_eigenpairs,
//!     conjugate_gradient, top_eigenpairs,
//! };
//! use ndarray::Array2;
//!
//! // Pictures of 6 × 6 with one channel, three classes.
//! let mut g = GraphBuilder::new(&[6, 6, 1]);
//! let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(4, 3))?;
//! let x = g.relu(x);
//! let x = g.avg_pool2d(x, [2, 2], [2, 2])?;
//! let x = g.flatten(x);
//! let logits = g.dense(x, "Dense_0", 3)?;
//! let graph = g.finish(logits)?;
//! let params: Vec<f64> = graph.init(42);
//! let images = Array2::from_shape_fn((20, 36), |(i, j)| ((7 * i * i + 5 * j) % 11) as f64 / 10.0);
//! let labels: Vec<usize> = (0..20).map(|i| i % 3).collect();
//!
//! // The loss at these parameters, and two of its curvature matrices.
//! let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels)?)?;
//! let ggn = Ggn::new(&objective, GgnVariant::Mean)?;
//! let hessian = Hessian::new(&objective);
//!
//! // A Gauss-Newton direction: (G + λI) d = g.
//! let gradient = objective.gradient()?;
//! let solution = conjugate_gradient(&(&ggn).damped(0.01), &gradient, &CgOptions::default(), None, None)?;
//! let moved: Vec<f64> = params.iter().zip(&solution.x).map(|(p, d)| p - 0.5 * d).collect();
//! let after = Objective::of_batch(&graph, &moved, Batch::new(images.view(), &labels)?)?;
//! assert!(after.loss()? < objective.loss()?);
//!
//! // How sharp it is here: the largest and the smallest curvature.
//! let top = top_eigenpairs(&hessian, 1, &EigenOptions::default())?;
//! let bottom = bottom_eigenpairs(&hessian, 1, &EigenOptions::default())?;
//! assert!(top[0].value > 0.0 && bottom[0].value < top[0].value);
//!
//! // What the Gauss-Newton matrix leaves out: H − G, as an operator like any other.
//! let rest = &hessian + &ggn * -1.0;
//! assert_eq!(rest.apply(&gradient)?.len(), graph.parameter_count());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algebra;
mod arguments;
mod basis;
mod block_diagonal;
mod cg;
mod density;
mod diagonal;
mod diagonal_estimate;
mod eigenpairs;
mod engine;
mod error;
mod fisher;
mod ggn;
mod ggn_variant;
mod hessian;
mod host_engine;
mod inverse;
mod jacobian;
pub mod kfac;
mod lanczos;
mod objective;
mod operator;
mod probes;
mod rescaled;
mod trace;
mod vectors;

pub use algebra::{Damped, DenseOperator, OperatorExt, Scaled, Sum, SymmetricMatrix};
pub use block_diagonal::BlockDiagonal;
pub use cg::{CgEnd, CgIteration, CgOptions, CgSolution, NegativeCurvature, conjugate_gradient};
pub use density::{DensityOptions, Quadrature, SpectralDensity, spectral_density};
pub use diagonal::Diagonal;
pub use diagonal_estimate::{DiagonalEstimate, diagonal_hutchinson};
pub use eigenpairs::{EigenOptions, Eigenpair, bottom_eigenpairs, top_eigenpairs};
pub use engine::{BatchCurvature, CurvatureEngine, HostCurvature, Outputs};
pub use error::CurvatureError;
pub use fisher::Fisher;
pub use ggn::{Ggn, subtract_coupling};
pub use ggn_variant::GgnVariant;
pub use hessian::Hessian;
pub use inverse::{CgInverse, FactoredInverse, Invertible};
pub use jacobian::{Jacobian, TransposedJacobian};
pub use lanczos::{Lanczos, LanczosOptions, Ritz, lanczos, lanczos_from};
pub use objective::Objective;
pub use operator::{LinearOperator, SymmetricOperator};
pub use rescaled::Rescaled;
pub use trace::{TraceEstimate, trace_hutch_pp, trace_hutchinson};

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that runs stored by an older version are
/// not reused.
pub const NUMERICS_VERSION: u32 = 2;
