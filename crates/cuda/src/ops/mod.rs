//! The operations of a network: one file each, with the launchers beside their kernels (`.cu`).
//!
//! Tensors are `[feature][column]`, see [`Columns`](crate::Columns). If a value is the rectified output `max(·, 0)` of an operation,
//! its derivatives are gated by `value > 0`: forward launchers rectify with `relu`, and launchers for tangents and
//! cotangents take the value as `gate`. Launches allocate nothing and copy nothing back, so all of them can be
//! recorded.

mod add;
mod affine_product;
mod avg_pool2d;
mod channel_affine;
mod collect;
mod concat;
mod constants;
mod conv2d;
mod dense;
mod fgsm;
mod gather;
mod implicit_conv2d;
mod indices;
mod matmul;
mod max_pool2d;
mod multiply;
mod normalization;
mod patches;
mod pointwise;
mod pool_window;
mod rearrange;
mod reduce;
mod relu;
mod softmax;
mod softmax_cross_entropy;
mod spread;
mod tangents;
mod transpose;
mod windows;

pub use add::Add;
use affine_product::AffineProduct;
pub use avg_pool2d::AvgPool2d;
pub use channel_affine::ChannelAffine;
pub use collect::Collect;
pub use concat::Concat;
pub use conv2d::Conv2d;
pub use dense::Dense;
pub use fgsm::fgsm;
pub use gather::{DataSet, Pixels, advance, pack_bytes};
use implicit_conv2d::{Finish, ImplicitConv2d};
pub use matmul::{Factor, Matmul};
pub use max_pool2d::MaxPool2d;
pub use multiply::Multiply;
pub use normalization::{Normalization, Normalized};
pub use patches::Patches;
pub use pointwise::Pointwise;
pub use pool_window::PoolWindow;
pub use relu::Relu;
pub use softmax::Softmax;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
pub use spread::{fill, spread, squares_of_columns, sum_of_columns, sum_of_parts};
pub use tangents::Tangents;
use transpose::transpose;
use windows::Windows;
