//! The gradients of an operation's parameters: summed over the images, and of every column.

use super::operation::{At, Operation};
use super::space::Space;
use crate::device::Device;
use crate::linalg::copy;
use crate::ops::{Conv2d, Dense, Normalization, sum_of_columns};
use crate::slice::Slice;
use crate::{Columns, CudaError};

/// How an operation's parameters enter the kernel `J Jᵀ` of a batch.
pub(crate) enum KernelForm {
    /// Through the gradient of every column: so many rows.
    Gradients(usize),
    /// Through `(δᵢ·δⱼ)(aᵢ·aⱼ + 1)`, with the cotangents δ of so many outputs and the inputs a. The 1 is the bias.
    GramProduct { outputs: usize, bias: bool },
}

/// An operation with parameters.
enum Parametrised<'o> {
    Conv2d(&'o Conv2d),
    Dense(&'o Dense),
    Embedding,
    Normalization(&'o Normalization),
}

impl<D: Device> Operation<D> {
    /// The operation as one with parameters; `None` if it has none.
    fn parametrised(&self) -> Option<Parametrised<'_>> {
        match self {
            Self::Conv2d(conv) => Some(Parametrised::Conv2d(conv)),
            Self::Dense(dense) => Some(Parametrised::Dense(dense)),
            Self::Embedding => Some(Parametrised::Embedding),
            Self::Normalization(norm) => Some(Parametrised::Normalization(norm)),
            Self::Relu(_)
            | Self::AvgPool2d(_)
            | Self::MaxPool2d(_)
            | Self::Add(_)
            | Self::Multiply(_)
            | Self::Matmul(_)
            | Self::Collect(_)
            | Self::Concat(_)
            | Self::Pointwise(_)
            | Self::Softmax(_)
            | Self::ChannelAffine(_)
            | Self::Constant(_) => None,
        }
    }

    /// How the parameters enter the kernel.
    pub fn kernel_form(&self, params: usize) -> KernelForm {
        match self {
            Self::Dense(dense) => KernelForm::GramProduct { outputs: dense.outputs(), bias: dense.has_bias() },
            _ => KernelForm::Gradients(params),
        }
    }

    /// `gradient = (∂y/∂params)ᵀ dy`, summed over the images.
    pub fn vjp_params(
        &self,
        space: Space<'_, D>,
        at: &At<'_, D>,
        dy: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (device, images) = (space.device, at.images);
        match self.parametrised() {
            Some(Parametrised::Conv2d(conv)) => {
                let workspace = space.take(conv.workspace())?;
                conv.vjp_params(device, images, at.input(0)?, dy, gradient, workspace.all())
            }
            Some(Parametrised::Dense(dense)) => dense.vjp_params(device, images, at.input(0)?, dy, gradient),
            Some(Parametrised::Embedding) => sum_of_columns(device, images, dy, gradient),
            Some(Parametrised::Normalization(norm)) => {
                let workspace = space.take(norm.gradient_workspace())?;
                norm.vjp_params(device, images, at.normalized()?, None, dy, gradient, workspace.all())
            }
            None => Ok(()),
        }
    }

    /// Every column's own `(∂y/∂params)ᵀ dy`, `[parameter][column]`.
    pub fn per_sample_gradients(
        &self,
        space: Space<'_, D>,
        columns: Columns,
        at: &At<'_, D>,
        dy: Slice<'_, D, f32>,
        gradients: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let device = space.device;
        match self.parametrised() {
            Some(Parametrised::Conv2d(conv)) => conv.per_sample_gradients(device, columns, at.input(0)?, dy, gradients),
            Some(Parametrised::Dense(dense)) => {
                dense.per_sample_gradients(device, columns, at.input(0)?, dy, gradients)
            }
            Some(Parametrised::Embedding) => copy(device, dy, gradients),
            Some(Parametrised::Normalization(norm)) => {
                norm.per_sample_gradients(device, columns, at.normalized()?, dy, gradients)
            }
            None => Ok(()),
        }
    }
}
