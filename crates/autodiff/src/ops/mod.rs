//! The operations that networks consist of: one file each, with forward, vjp and jvp side by side.
//!
//! To add one: write its file and implement [`Operation`] in it, and [`Parametrised`] if it has parameters; add it to [`Op`];
//! give [`GraphBuilder`](crate::GraphBuilder) a method that checks its shapes. The compiler then names every match that
//! has to know the new operation.

mod add;
mod avg_pool2d;
mod concat;
mod conv2d;
mod conv2d_spec;
mod correlate;
mod dense;
mod embedding;
mod indices;
mod matmul;
mod grouped_correlate;
mod grouped_gradients;
mod kernel_gradients;
mod max_pool2d;
mod multiply;
mod op;
mod operation;
mod padding;
mod parametrised;
mod pool_window;
mod product_rule;
mod rearrange;
mod rectify;
mod reduce;
mod relu;
mod scratch;

pub(crate) use add::Add;
pub(crate) use avg_pool2d::AvgPool2d;
pub(crate) use concat::Concat;
pub(crate) use conv2d::Conv2d;
pub use conv2d_spec::Conv2dSpec;
pub(crate) use dense::Dense;
pub(crate) use embedding::Embedding;
pub(crate) use indices::indices;
pub(crate) use matmul::Matmul;
pub(crate) use max_pool2d::MaxPool2d;
pub(crate) use multiply::Multiply;
pub(crate) use op::Op;
pub(crate) use operation::{At, Inputs, Operation, SecondOrder, Smooth, Tangents, Write};
pub use padding::Padding;
pub(crate) use parametrised::{Factors, KernelForm, ParameterArray, Parameters, Parametrised, Patches};
pub(crate) use pool_window::PoolWindow;
pub use pool_window::{PoolSpec, Pooling};
pub(crate) use product_rule::{multilinear_input_curvature, multilinear_parameter_curvature};
pub(crate) use rearrange::Rearrange;
pub use rearrange::Rearrangement;
pub(crate) use rectify::{gate, rectified, rectify};
pub(crate) use reduce::Reduce;
pub(crate) use relu::Relu;
pub(crate) use scratch::Scratch;
