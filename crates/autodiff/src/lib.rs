//! A hand-written automatic differentiation of convolutional networks.

mod block_pass;
mod buffer;
mod checkpoint;
mod classifier;
mod error;
mod evaluate;
mod gram;
mod graph;
mod graph_builder;
mod init;
mod lane;
mod linearization;
mod model;
mod ops;
mod paper_cnn;
mod scalar;
mod simd;
pub mod softmax_cross_entropy;

pub use classifier::{Classifier, CotangentOf};
pub use error::AutodiffError;
pub use graph::{Graph, ParameterSpec};
pub use graph_builder::{GraphBuilder, Value};
pub use linearization::Linearization;
pub use model::Model;
pub use ops::{Conv2dSpec, Padding};
pub use paper_cnn::paper_cnn;
pub use scalar::Scalar;
