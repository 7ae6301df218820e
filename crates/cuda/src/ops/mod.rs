//! The operations of a network: one file each, with the launchers beside their kernels (`.cu`).
//!
//! Tensors are `[feature][column]`, see [`Columns`]. If a value is the rectified output `max(·, 0)` of an operation,
//! its derivatives are gated by `value > 0`: forward launchers rectify with `relu`, and launchers for tangents and
//! cotangents take the value as `gate`. Launches allocate nothing and copy nothing back, so all of them can be
//! recorded.

mod add;
mod avg_pool2d;
mod conv2d;
mod dense;
mod fgsm;
mod gather;
mod max_pool2d;
mod pool_window;
mod relu;
mod softmax_cross_entropy;

pub use add::Add;
pub use avg_pool2d::AvgPool2d;
pub use conv2d::Conv2d;
pub use dense::Dense;
pub use fgsm::fgsm;
pub use gather::{DataSet, Pixels, advance, pack_bytes};
pub use max_pool2d::MaxPool2d;
pub use pool_window::PoolWindow;
pub use relu::Relu;
pub use softmax_cross_entropy::SoftmaxCrossEntropy;

use crate::device::Device;
use crate::slice::Slice;
use crate::{Columns, CudaError};

/// The tangents of an operation's input and parameters. An absent tangent is zero.
pub struct Tangents<'a, D: Device> {
    /// The tangents of the input, `[feature][column]`.
    pub input: Option<Slice<'a, D, f32>>,
    /// The tangents of the parameters, and the distance from one direction's tangents to the next direction's.
    pub params: Option<(Slice<'a, D, f32>, usize)>,
}

impl<D: Device> Tangents<'_, D> {
    /// The distance from one direction's parameter tangents to the next direction's, if `params` numbers each can be
    /// read for all directions.
    fn check_params(&self, what: &'static str, params: usize, columns: Columns) -> Result<usize, CudaError> {
        let Some((dparams, stride)) = self.params else { return Ok(0) };
        let expected = columns.directions.saturating_sub(1) * stride + params;
        if dparams.len() < expected {
            return Err(CudaError::Length { what, found: dparams.len(), expected });
        }
        Ok(stride)
    }
}
