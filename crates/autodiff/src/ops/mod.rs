//! The operations that networks consist of: one file each, with forward, vjp and jvp side by side.
//!
//! To add one: write its file and implement [`Operation`] in it, and [`Parametrised`] if it has parameters; add it to [`Op`];
//! give [`GraphBuilder`](crate::GraphBuilder) a method that checks its shapes. The compiler then names every match that
//! has to know the new operation.

mod activation;
mod add;
mod algebraic;
mod avg_pool2d;
mod channel_affine;
mod concat;
mod constant;
mod conv2d;
mod conv2d_geometry;
mod conv2d_patches;
mod conv2d_spec;
mod correlate;
mod curve;
mod dense;
mod dense_patches;
mod embedding;
mod finish;
mod grouped_correlate;
mod grouped_gradients;
mod handed;
mod indices;
mod kernel_gradients;
mod matmul;
mod max_pool2d;
mod multiply;
mod normalization;
mod op;
mod operation;
mod padded_rows;
mod padding;
mod parametrised;
mod pointwise;
mod pool_window;
mod product_rule;
mod rearrange;
mod rectify;
mod reduce;
mod relu;
mod scratch;
mod softmax;
mod summed_gradients;
mod window_gradients;
mod winograd;

pub use activation::Activation;
pub(crate) use add::{Add, add_tangents};
pub(crate) use avg_pool2d::AvgPool2d;
pub use channel_affine::BatchNorm;
pub(crate) use channel_affine::ChannelAffine;
pub(crate) use concat::Concat;
pub(crate) use constant::Constant;
pub(crate) use conv2d_geometry::Conv2d;
pub use conv2d_spec::Conv2dSpec;
pub(crate) use dense::Dense;
pub(crate) use dense_patches::FeatureRows;
pub(crate) use embedding::Embedding;
pub(crate) use finish::Finish;
pub(crate) use handed::Handed;
pub(crate) use indices::indices;
pub(crate) use matmul::Matmul;
pub(crate) use max_pool2d::MaxPool2d;
pub(crate) use multiply::Multiply;
pub(crate) use normalization::Normalization;
pub(crate) use op::Op;
pub(crate) use operation::{At, Inputs, Operation, Output, SecondOrder, Smooth, Tangents, Write};
pub use padding::Padding;
pub(crate) use parametrised::{
    BlockInputs, Factors, KernelForm, Panel, ParameterArray, Parameters, Parametrised, Patches, VisitPatch, gather,
    sum_of_sample_gradients,
};
pub(crate) use pointwise::Pointwise;
pub(crate) use pool_window::PoolWindow;
pub use pool_window::{PoolSpec, Pooling};
pub(crate) use product_rule::{multilinear_input_curvature, multilinear_parameter_curvature};
pub(crate) use rearrange::Rearrange;
pub use rearrange::Rearrangement;
pub(crate) use rectify::{gate, rectified};
pub(crate) use reduce::Reduce;
pub(crate) use relu::Relu;
pub(crate) use scratch::Scratch;
pub(crate) use softmax::Softmax;
