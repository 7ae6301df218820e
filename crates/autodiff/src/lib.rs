//! A hand-written automatic differentiation of neural networks for second-order optimizers, attacks and
//! curvature measurements: Jacobian products in both directions, per-sample gradients, and the kernel `J Jᵀ` without a
//! Jacobian.
//!
//! - **The graph.** [`GraphBuilder`] combines operations (convolutions, dense layers, activations, pooling,
//!   normalisation, sums, products, attention) and checks every shape. The resulting [`Graph`] holds no parameters.
//!   Parameters are one flat vector and images are the rows of a matrix, in `f32` or `f64` ([`Scalar`]). Each operation
//!   is differentiated exactly, up to second order, whether it is linear between kinks or smooth ([`Structure`]).
//! - **The passes.** [`Graph::logits`], [`Graph::logits_and_vjp`] and [`Graph::logits_and_input_vjp`] pass over a batch
//!   once and cache nothing. [`Graph::linearize`] caches the batch's values; its [`Linearization`] is the Jacobian `J`
//!   of the logits as a linear map: `Jᵀ w` ([`vjp`](Linearization::vjp), [`vjp_input`](Linearization::vjp_input)),
//!   `J v` ([`jvp`](Linearization::jvp)), `Jᵀ H J v` ([`gauss_newton_product`](Linearization::gauss_newton_product)),
//!   second derivatives ([`vjp_along`](Linearization::vjp_along)), rows of `J` ([`jacobian`](Linearization::jacobian),
//!   [`per_sample_gradients`](Linearization::per_sample_gradients)) and inner products of rows
//!   ([`kernel`](Linearization::kernel), [`gram`](Linearization::gram)).
//! - **The loss** is separate: a [`Loss`] gives the cotangents of logits and the Hessian with respect to
//!   them. A [`Batch`] carries its loss, which is softmax cross-entropy unless another one is named.
//! - **Memory layout.** Samples are the innermost axis, in lanes of 16. A tensor is one vector register (or a few) per
//!   feature, so operations of any shape work on whole registers. The instruction set is chosen when the program runs.
//!   Blocks of 16 samples run in parallel. Samples are summed last and in a fixed order, so results have the same bits
//!   for any number of threads.
//!
//! Sources: Griewank & Walther, "Evaluating Derivatives", 2008 (forward and reverse mode); Ren & Goldfarb 2019 and
//! Dangel, Tatzel & Hennig, "ViViT", 2022 (Gram matrices of gradients instead of Jacobians). Initial weights and
//! checkpoints follow Flax: its names, its layouts and, from the same seed, its numbers.
//!
//! ```
//! use minima_autodiff::softmax_cross_entropy::{mean_gradient, mean_loss};
//! use minima_autodiff::{Conv2dSpec, GraphBuilder};
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
//!
//! let params: Vec<f64> = graph.init(42);
//! let images = Array2::from_shape_fn((5, 36), |(i, j)| ((7 * i + j) % 11) as f64 / 10.0);
//! let labels = [0, 1, 2, 0, 1];
//!
//! // The gradient of the mean loss is Jᵀ w with the loss's own gradient w, one row an image.
//! let at = graph.linearize(&params, images.view())?;
//! let w = mean_gradient(at.logits(), &labels)?;
//! let gradient = at.vjp(w.view())?;
//! assert_eq!(gradient.len(), graph.parameter_count());
//!
//! // Forward mode agrees: ⟨w, J v⟩ = ⟨Jᵀ w, v⟩, here with v the gradient itself.
//! let along = at.jvp(Some(&gradient), None)?;
//! let slope: f64 = gradient.iter().map(|g| g * g).sum();
//! assert!(((&w * &along).sum() - slope).abs() < 1e-12 * slope);
//!
//! // And downhill the loss falls.
//! let lower: Vec<f64> = params.iter().zip(&gradient).map(|(p, g)| p - 0.1 * g).collect();
//! let after = graph.logits(&lower, images.view())?;
//! assert!(mean_loss(after.view(), &labels)? < mean_loss(at.logits(), &labels)?);
//! # Ok::<(), minima_autodiff::AutodiffError>(())
//! ```

mod block_pass;
mod buffer;
mod buffer_pool;
mod checkpoint;
mod checkpoint_error;
mod classifier;
mod elementwise_gradients;
pub mod engine;
mod error;
mod evaluate;
mod exponential;
mod gauss_newton_product;
mod gram;
mod graph;
mod graph_builder;
mod init;
mod labels;
mod lane;
mod layer_groups;
mod layer_moments;
mod layer_pairs;
mod layers;
mod layout;
mod linearization;
pub mod loss;
mod model;
mod operations;
mod ops;
mod paper_cnn;
mod parameter_spec;
mod rectified;
mod rotated_gradients;
mod scalar;
mod second_order;
mod simd;
pub mod softmax_cross_entropy;
mod step_memory;
mod structure;
mod system_size;
mod tensor_file;
mod vectors;
mod weight_decay;

pub use buffer::WorkMatrix;
pub use checkpoint_error::CheckpointError;
pub use classifier::{Classifier, CotangentOf, Differentiable};
pub use elementwise_gradients::Parts;
pub use engine::{Batch, Engine, FunctionSpace, StepReport};
pub use error::AutodiffError;
pub use graph::Graph;
pub use graph_builder::{DenseSpec, GraphBuilder, NormSpec, Value};
pub use layer_groups::LAYER_GROUP_BYTES;
pub use layer_moments::{MatrixLayer, Term};
pub use layer_pairs::LayerPairs;
pub use layers::{Layer, LayerOperation};
pub use linearization::Linearization;
pub use loss::{ImageLoss, Loss, SoftmaxCrossEntropy, SquaredError};
pub use model::Model;
pub use operations::Operations;
pub use ops::{Activation, BatchNorm, Conv2dSpec, Padding, PoolSpec, Pooling, Rearrangement};
pub use paper_cnn::paper_cnn;
pub use parameter_spec::{Initializer, ParameterSpec, Role};
pub use rotated_gradients::LayerBasis;
pub use scalar::{Scalar, mixed_dot};
pub use step_memory::StepMemory;
pub use structure::Structure;
pub use system_size::SystemSize;
pub use tensor_file::TensorFile;
pub use weight_decay::DecayRun;

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that runs stored by an older version are
/// not reused.
pub const NUMERICS_VERSION: u32 = 5;
