//! Which minimum does an optimizer find, and how robust is it?
//!
//! This crate re-exports the library crates of minima. The [`guide`] explains the commands and the library.
//!
//! ```
//! use minima::attacks::{Attack, Ball, Fgsm};
//! use minima::autodiff::{GraphBuilder, Model};
//! use minima::optim::{Batch, GaussNewton, Optimizer};
//! use ndarray::array;
//! use std::sync::Arc;
//!
//! // Four points in the plane, two classes, one dense layer.
//! let mut g = GraphBuilder::new(&[2]);
//! let y = g.dense(g.input(), "Dense_0", 2)?;
//! let graph = g.finish(y)?;
//! let images = array![[0.0_f32, 0.1], [0.2, 0.0], [1.0, 0.9], [0.8, 1.0]];
//! let labels = [0, 0, 1, 1];
//! let batch = Batch::new(images.view(), &labels)?;
//!
//! let mut params: Vec<f32> = graph.init(42);
//! let mut optimizer = GaussNewton::mean().with_learning_rate(0.5);
//! for _ in 0..20 {
//!     optimizer.step(&graph, &mut params, &batch)?;
//! }
//!
//! let model = Model::new(Arc::new(graph), params)?;
//! let outcome = Fgsm::default().run(&model, images.view(), &labels, Ball::linf(0.1)?)?;
//! assert_eq!((outcome.correct(), outcome.successes()), (4, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod guide;

pub use minima_attacks as attacks;
pub use minima_autodiff as autodiff;
pub use minima_baseline as baseline;
pub use minima_certificate as certificate;
pub use minima_curvature as curvature;
pub use minima_data as data;
pub use minima_linalg as linalg;
pub use minima_metrics as metrics;
pub use minima_network as network;
pub use minima_onnx as onnx;
pub use minima_optim as optim;
pub use minima_rng as rng;
pub use minima_verify as verify;
pub use minima_vnnlib as vnnlib;
pub use ndarray;
