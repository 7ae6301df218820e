//! The operations of a network: a file each, with the launchers beside their kernels (`.cu`).
//!
//! Tensors are `[feature][column]`, see [`Columns`]. Where a value is the rectified output of an operation, `max(·, 0)`,
//! derivatives pass the gate `value > 0`: forward launchers rectify with `relu`, those of tangents and cotangents take the
//! value as `gate`. Nothing is allocated and nothing comes back: all launches can be recorded.

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

/// Tangents of an operation's input and parameters; an absent one is zero.
pub struct Tangents<'a, D: Device> {
    /// Of the input, `[feature][column]`.
    pub input: Option<Slice<'a, D, f32>>,
    /// Of the parameters, and how far it is from one direction's to the next one's.
    pub params: Option<(Slice<'a, D, f32>, usize)>,
}

impl<D: Device> Tangents<'_, D> {
    /// From one direction's parameter tangents to the next, where `params` numbers each can be read for all directions.
    fn check_params(&self, what: &'static str, params: usize, columns: Columns) -> Result<usize, CudaError> {
        let Some((dparams, stride)) = self.params else { return Ok(0) };
        let expected = columns.directions.saturating_sub(1) * stride + params;
        if dparams.len() < expected {
            return Err(CudaError::Length { what, found: dparams.len(), expected });
        }
        Ok(stride)
    }
}
