//! The interface of operations with parameters.

use super::{At, Operation, Scratch};
use crate::Scalar;
use crate::lane::Lane;
use crate::parameter_spec::Role;

/// How an operation's parameters enter the kernel `J Jᵀ` of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KernelForm {
    /// Through its per-sample gradients: cheap for an operation with few parameters.
    Gradients,
    /// Through `(δᵢ·δⱼ)(aᵢ·aⱼ + 1)`, with the cotangents δ of its output and its inputs a. The 1 comes from the bias.
    GramProduct,
}

/// One array of an operation's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParameterArray {
    pub role: Role,
    pub shape: Vec<usize>,
    /// Inputs that one output reads through this array; 0 for a bias.
    pub fan_in: usize,
}

impl ParameterArray {
    /// A bias and a kernel, whose last axis is the outputs.
    pub(crate) fn bias_and_kernel(kernel: &[usize], fan_in: usize) -> Vec<Self> {
        let outputs = kernel.last().copied().unwrap_or(0);
        vec![
            Self { role: Role::Bias, shape: vec![outputs], fan_in: 0 },
            Self { role: Role::Kernel, shape: kernel.to_vec(), fan_in },
        ]
    }

    /// Numbers in the array.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// An operation's parameters, which are the same arrays in every precision.
pub(crate) trait Parameters {
    /// The arrays, in the order of the flat vector.
    fn arrays(&self) -> Vec<ParameterArray>;

    /// Inputs that one output reads through weights.
    fn fan_in(&self) -> usize;

    /// Outputs with weights of their own: the channels of a convolution, the units of a dense layer.
    fn outputs(&self) -> usize;

    /// How the parameters enter `J Jᵀ`.
    fn kernel_form(&self) -> KernelForm;
}

/// An operation with parameters, over one block of samples.
pub(crate) trait Parametrised<T: Scalar>: Operation<T> + Parameters {
    /// Every sample's own `(∂f/∂params)ᵀ dy`: one lane per parameter, overwritten.
    fn per_sample_gradients(&self, at: &At<'_, T>, dy: &[Lane<T>], gradients: &mut [Lane<T>], scratch: &mut Scratch<T>);

    /// `gradient += Σ over the samples of (∂f/∂params)ᵀ dy`.
    fn vjp_params(&self, at: &At<'_, T>, dy: &[Lane<T>], gradient: &mut [T], scratch: &mut Scratch<T>) {
        let mut lanes = std::mem::take(&mut scratch.gradients);
        lanes.clear();
        lanes.resize(gradient.len(), Lane::zero());
        self.per_sample_gradients(at, dy, &mut lanes, scratch);
        for (g, lane) in gradient.iter_mut().zip(&lanes) {
            *g += lane.sum();
        }
        scratch.gradients = lanes;
    }

    /// Calls `visit(position, patch)` for every spatial position at which the kernel is applied, with the inputs it is
    /// applied to there: one lane each, in the order of the kernel.
    fn for_each_patch(&self, x: &[Lane<T>], scratch: &mut Scratch<T>, visit: &mut dyn FnMut(usize, &[Lane<T>]));
}
