//! Optimizers for networks of `minima-autodiff`: SGD, Adam, Muon, Gauss-Newton in function space, K-FAC and EKFAC, and
//! SAM on top of first-order optimizers.
//!
//! All share one trait, [`Optimizer`]: a step takes a network, its flat parameter vector and a batch, and reports the
//! batch's loss and accuracy before the step.
//!
//! ```
//! use minima_autodiff::{Conv2dSpec, GraphBuilder};
//! use minima_optim::{Batch, GaussNewton, Optimizer};
//! use ndarray::array;
//!
//! // Four points in the plane, two classes, one dense layer.
//! let mut g = GraphBuilder::new(&[2]);
//! let y = g.dense(g.input(), "Dense_0", 2)?;
//! let graph = g.finish(y)?;
//! let images = array![[0.0_f32, 0.1], [0.2, 0.0], [1.0, 0.9], [0.8, 1.0]];
//! let batch = Batch::new(images.view(), &[0, 0, 1, 1])?;
//!
//! let mut params: Vec<f32> = graph.init(42);
//! let mut optimizer = GaussNewton::mean().with_learning_rate(0.5);
//! let first = optimizer.step(&graph, &mut params, &batch)?;
//! for _ in 0..20 {
//!     optimizer.step(&graph, &mut params, &batch)?;
//! }
//! let last = optimizer.step(&graph, &mut params, &batch)?;
//! assert!(last.loss < 0.1 * first.loss && last.correct == 4);
//! # Ok::<(), minima_optim::OptimError>(())
//! ```

mod adam;
mod batch_gradient;
mod clip;
mod ekfac;
mod error;
mod first_order;
mod gauss_newton;
mod gradient_optimizer;
mod kfac;
mod kronecker_curvature;
mod kronecker_options;
mod kronecker_state;
mod kronecker_step;
mod learning_rate;
mod memory_limit;
mod muon;
mod optimizer;
mod orthogonal;
mod range;
mod sam;
mod second_order;
mod sgd;
mod state;
mod state_tensor;
mod trades;
mod vectors;

pub use adam::{Adam, AdamRule};
pub use clip::clip_to_norm;
pub use ekfac::{Ekfac, EkfacCurvature};
pub use error::OptimError;
pub use first_order::{FirstOrder, FirstOrderRule};
pub use gauss_newton::{Arithmetic, EmulatedGaussNewton, GaussNewton, GgnVariant, SolvePrecision, emulated};
pub use gradient_optimizer::{GradientOf, GradientOptimizer};
pub use kfac::{Kfac, KfacCurvature};
pub use kronecker_curvature::KroneckerCurvature;
pub use kronecker_step::KroneckerStep;
pub use minima_autodiff::{Batch, StepReport};
pub use minima_curvature::CurvatureEngine;
pub use minima_curvature::kfac::WeightSharing;
pub use muon::Muon;
pub use optimizer::Optimizer;
pub use sam::Sam;
pub use second_order::{
    Armijo, CgLog, CgSolver, Curvature, FisherKind, LevenbergMarquardt, SecondOrder, Solver, StepLog,
};
pub use sgd::{Sgd, SgdRule};
pub use state::OptimizerState;
pub use state_tensor::StateTensor;
pub use trades::{add_divergence_gradient_from, add_divergence_gradient_of, divergence, trades_gradient};

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that runs stored by an older version are
/// not reused.
pub const NUMERICS_VERSION: u32 = 3;
