//! The operations that networks consist of: one file each, with forward, vjp and jvp side by side.
//!
//! To add one: write its file and implement [`Operation`] in it, and [`Parametrised`] if it has parameters; add it to [`Op`];
//! give [`GraphBuilder`](crate::GraphBuilder) a method that checks its shapes. The compiler then names every match that
//! has to know the new operation.

mod activation;
mod add;
mod avg_pool2d;
mod channel_affine;
mod constant;
mod conv2d;
mod correlate;
mod dense;
mod embedding;
mod max_pool2d;
mod normalization;
mod op;
mod operation;
mod parametrised;
mod pointwise;
mod pool_window;
mod product_rule;
mod rectify;
mod relu;
mod scratch;
mod softmax;

pub use activation::Activation;
pub(crate) use add::Add;
pub(crate) use avg_pool2d::AvgPool2d;
pub use channel_affine::BatchNorm;
pub(crate) use channel_affine::ChannelAffine;
pub(crate) use constant::Constant;
pub(crate) use conv2d::Conv2d;
pub use conv2d::{Conv2dSpec, Padding};
pub(crate) use dense::Dense;
pub(crate) use embedding::Embedding;
pub(crate) use max_pool2d::MaxPool2d;
pub(crate) use normalization::Normalization;
pub(crate) use op::Op;
pub(crate) use operation::{At, Inputs, Operation, SecondOrder, Smooth, Tangents, Write};
pub(crate) use parametrised::{Factors, KernelForm, ParameterArray, Parameters, Parametrised, Patches};
pub(crate) use pointwise::Pointwise;
pub(crate) use pool_window::PoolWindow;
pub use pool_window::Pooling;
pub(crate) use product_rule::{multilinear_input_curvature, multilinear_parameter_curvature};
pub(crate) use rectify::{gate, rectified, rectify};
pub(crate) use relu::Relu;
pub(crate) use scratch::Scratch;
pub(crate) use softmax::Softmax;
