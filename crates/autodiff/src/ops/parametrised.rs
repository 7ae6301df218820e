//! The interface of operations with parameters.

use super::{At, Operation, Scratch};
use crate::Scalar;
use crate::lane::{LANES, Lane};
use crate::parameter_spec::{Initializer, Role};
use std::ops::Range;

/// How an operation's parameters enter the kernel `J Jᵀ` of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KernelForm {
    /// Through its per-sample gradients: cheap for an operation with few parameters.
    Gradients,
    /// Through `(δᵢ·δⱼ)(aᵢ·aⱼ + 1)`, with the cotangents δ of its output and its inputs a. The 1 comes from the bias.
    GramProduct,
}

/// One array of an operation's parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ParameterArray {
    pub role: Role,
    pub shape: Vec<usize>,
    /// Inputs that one output reads through a kernel; 0 for other roles.
    pub fan_in: usize,
    pub initializer: Initializer,
}

impl ParameterArray {
    /// A bias, unless it is absent, and a LeCun-normal kernel.
    pub(crate) fn bias_and_kernel(bias: Option<&[usize]>, kernel: &[usize], fan_in: usize) -> Vec<Self> {
        let bias = bias.map(|shape| Self::of(Role::Bias, shape, Initializer::Zeros));
        let kernel = Self { fan_in, ..Self::of(Role::Kernel, kernel, Initializer::LecunNormal) };
        bias.into_iter().chain([kernel]).collect()
    }

    /// An array that is not a kernel.
    pub(crate) fn of(role: Role, shape: &[usize], initializer: Initializer) -> Self {
        Self { role, shape: shape.to_vec(), fan_in: 0, initializer }
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

    /// The number of multiply-adds of one forward pass of one sample.
    fn multiply_adds(&self) -> usize;

    /// How the parameters enter `J Jᵀ`.
    fn kernel_form(&self) -> KernelForm;
}

/// How an operation's parameters enter Kronecker-factored curvature.
pub(crate) enum Factors<'a, T> {
    /// As matrices, which multiply patches of the input.
    Kronecker(&'a dyn Patches<T>),
    /// Entry by entry: scales, shifts and embeddings.
    Diagonal,
}

/// What is called with a place, a group and the inputs of the group's matrix there.
pub(crate) type VisitPatch<'v, T> = dyn FnMut(usize, usize, &[Lane<T>]) + 'v;

/// An operation whose parameters are applied as matrices to patches of its input.
///
/// There are `groups` matrices `(bias + fan_in, outputs)`; the flat parameters hold all biases first, and then the
/// kernel with its rows as `(fan_in, groups · outputs)`.
pub(crate) trait Patches<T>: Sync {
    /// Inputs that one output reads through weights.
    fn fan_in(&self) -> usize;

    /// Outputs with weights of their own, in all groups: the channels of a convolution, the units of a dense layer.
    fn outputs(&self) -> usize;

    /// The number of matrices: the groups of a convolution, otherwise 1.
    fn groups(&self) -> usize;

    /// Whether the outputs have biases.
    fn has_bias(&self) -> bool;

    /// Calls `visit(place, group, patch)` for every place and group, with the inputs of the matrix there: one lane each,
    /// in the order of the kernel. Its outputs are the group's part of entry `place` of the output.
    fn for_each_patch(&self, x: &[Lane<T>], scratch: &mut Scratch<T>, visit: &mut VisitPatch<'_, T>);

    /// The panels of `Σ ā āᵀ`, a sum over places and samples, with the patch after a 1 for the bias as ā. Their columns
    /// follow one another.
    fn panels(&self) -> Vec<Panel>;

    /// Adds a group's sum over one block to a panel `(rows, columns)`.
    fn add_panel(&self, panel: &Panel, group: usize, block: BlockInputs<'_, T>, to: &mut [T], scratch: &mut Scratch<T>);

    /// Every sample's own gradient of one group's matrix: one lane for each entry of `(bias + fan_in, outputs / groups)`,
    /// overwritten. `dy` is the cotangent of the group's outputs `(places, outputs / groups)`.
    fn group_gradients(
        &self,
        group: usize,
        x: &[Lane<T>],
        dy: &[Lane<T>],
        gradients: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    );
}

/// Some columns of the symmetric matrix `Σ ā āᵀ`, with the rows that the lower triangle of the matrix has there as rows
/// and columns exchanged: entry `(r, c)` is `Σ ā[r] · ā[bias + columns.start + c]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panel {
    /// Entries of the patch, without the bias.
    pub columns: Range<usize>,
    /// The number of rows: the first entries of ā. They reach at least to the last column.
    pub rows: usize,
}

/// An operation's input in one block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockInputs<'a, T> {
    /// The values, with arbitrary numbers in the lanes without a sample.
    pub x: &'a [Lane<T>],
    /// The number of lanes with a sample.
    pub samples: usize,
}

impl<T: Scalar> BlockInputs<'_, T> {
    /// Sets the lanes without a sample to zero.
    pub(crate) fn mask(&self, lanes: &mut [Lane<T>]) {
        if self.samples < LANES {
            lanes.iter_mut().for_each(|lane| lane.0.iter_mut().skip(self.samples).for_each(|x| *x = T::zero()));
        }
    }
}

/// The lanes `columns` of every entry of `entries` lanes.
pub(crate) fn gather<T: Scalar>(from: &[Lane<T>], entries: usize, columns: Range<usize>, to: &mut Vec<Lane<T>>) {
    to.clear();
    for entry in from.chunks_exact(entries) {
        to.extend_from_slice(&entry[columns.clone()]);
    }
}

/// An operation with parameters, over one block of samples.
pub(crate) trait Parametrised<T: Scalar>: Operation<T> + Parameters {
    /// How its parameters enter Kronecker-factored curvature.
    fn factors(&self) -> Factors<'_, T>;

    /// Every sample's own `(∂f/∂params)ᵀ dy`: one lane per parameter, overwritten.
    fn per_sample_gradients(&self, at: &At<'_, T>, dy: &[Lane<T>], gradients: &mut [Lane<T>], scratch: &mut Scratch<T>);

    /// `gradient += Σ over the samples of (∂f/∂params)ᵀ dy`.
    fn vjp_params(&self, at: &At<'_, T>, dy: &[Lane<T>], gradient: &mut [T], scratch: &mut Scratch<T>) {
        sum_of_sample_gradients(self, at, dy, gradient, scratch);
    }
}

/// `gradient += Σ` of every sample's own gradient.
pub(crate) fn sum_of_sample_gradients<T: Scalar>(
    op: &(impl Parametrised<T> + ?Sized),
    at: &At<'_, T>,
    dy: &[Lane<T>],
    gradient: &mut [T],
    scratch: &mut Scratch<T>,
) {
    let mut lanes = std::mem::take(&mut scratch.gradients);
    lanes.clear();
    lanes.resize(gradient.len(), Lane::zero());
    op.per_sample_gradients(at, dy, &mut lanes, scratch);
    for (g, lane) in gradient.iter_mut().zip(&lanes) {
        *g += lane.sum();
    }
    scratch.gradients = lanes;
}
