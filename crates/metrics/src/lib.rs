//! Measures of a trained network around its minimum: loss and accuracy, input gradients, margins, sharpness, curvature.
//!
//! Most functions take all images of a test set and return one number per image, in `f64`; [`Summary`] and
//! [`Histogram`] describe the distribution of such numbers. [`curvature_spectrum`], [`loss_surface`] and
//! [`loss_along_segment`] evaluate the mean loss. [`statistics`] compares results over several seeds. No result depends
//! on the number of threads.
//!
//! The loss is softmax cross-entropy. [`evaluate_with_loss`], [`input_gradient_norms_with_loss`] and
//! [`sharpness_with_loss`] take another [`Loss`](minima_autodiff::Loss).
//!
//! ```
//! use minima_autodiff::{Model, paper_cnn};
//! use minima_metrics::{
//!     Scope, SpectrumOptions, Summary, curvature_spectrum, evaluate, input_gradient_norms, logit_margins, sharpness,
//! };
//! use ndarray::Array2;
//! use std::sync::Arc;
//!
//! let graph = Arc::new(paper_cnn([28, 28, 1], 10)?);
//! let params: Vec<f32> = graph.init(42);
//! let model = Model::new(graph, params)?;
//! let images = Array2::from_shape_fn((20, 28 * 28), |(i, j)| ((i * j) % 17) as f32 / 16.0);
//! let labels: Vec<usize> = (0..20).map(|i| i % 10).collect();
//!
//! let evaluation = evaluate(&model, images.view(), &labels)?;
//! assert_eq!(evaluation.count, 20);
//!
//! let norms = Summary::of(&input_gradient_norms(&model, images.view(), &labels)?)?;
//! let margins = Summary::of(&logit_margins(&model, images.view(), &labels)?)?;
//! assert!(norms.median > 0.0 && margins.min <= margins.max);
//!
//! // The loss increase that each image's own perturbation of the parameters causes, for two radii.
//! let found = sharpness(&model, images.view(), &labels, Scope::Example, &[0.001, 0.01])?;
//! assert!(Summary::of(&found[0].increases)?.mean < Summary::of(&found[1].increases)?.mean);
//!
//! // Eigenvalues of the loss's Hessian: the largest, and the smallest, which is negative beside a saddle.
//! let options = SpectrumOptions { steps: 20, ..SpectrumOptions::default() };
//! let curvature = curvature_spectrum(model.graph(), model.params(), images.view(), &labels, &options)?;
//! assert!(curvature.hessian.largest[0].value > 0.0 && curvature.hessian.smallest.value < 0.0);
//! # Ok::<(), minima_metrics::MetricsError>(())
//! ```

mod chunks;
mod error;
mod evaluation;
mod filter_norms;
mod hessian_trace;
mod histogram;
mod input_gradient;
mod landscape;
mod logit_margin;
mod logit_scale;
mod sharpness;
mod spectrum;
mod spectrum_options;
pub mod statistics;
mod summary;

pub use error::MetricsError;
pub use evaluation::{Evaluation, evaluate, evaluate_with_loss, evaluation_of_logits};
pub use filter_norms::filter_norms;
pub use histogram::Histogram;
pub use input_gradient::{input_gradient_norms, input_gradient_norms_with_loss, norms_of_gradients, zero_share};
pub use landscape::{
    SegmentPoint, SurfacePoint, evenly_around_zero, filter_normalised_direction, loss_along_segment, loss_surface,
};
pub use logit_margin::{logit_margins, margins_of_logits};
pub use logit_scale::with_scaled_logits;
pub use sharpness::{Scope, Sharpness, sharpness, sharpness_with_loss};
pub use spectrum::{CurvatureSpectrum, Eigenvalue, MatrixSpectrum, curvature_spectrum};
pub use spectrum_options::SpectrumOptions;
pub use summary::{Summary, quantile};

/// The version of this crate's numbers. It rises whenever equal input gives other numbers in what is stored with a run, so that runs
/// stored by an older version are not reused.
pub const NUMERICS_VERSION: u32 = 1;
