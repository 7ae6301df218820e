//! A network: a graph of operations on values of known shapes, with the ranges of its parameters.

use crate::layout::Layout;
use crate::ops::{Op, Parametrised, Write};
use crate::parameter_spec::ParameterSpec;
use crate::{AutodiffError, Scalar};
use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};
use std::ops::Range;

/// An operation with its inputs, its output and its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub op: Op,
    /// The slots that it reads.
    pub inputs: Vec<usize>,
    /// The slot that it writes.
    pub output: usize,
    /// Whether that slot holds `max(·, 0)` of its output, see [`fuse`](crate::rectified::fuse).
    pub rectified: bool,
    /// The sum that it completes in the same pass over its output.
    pub completes: Option<Completed>,
    /// Whether it is a sum that the operation before it completes.
    pub in_place: bool,
    /// The range of its parameters in the flat vector.
    pub params: Range<usize>,
    /// The ranges within its parameters that are added to its output, such as the biases.
    pub added: Vec<Range<usize>>,
    /// For each input: whether a reverse pass overwrites its cotangent here or adds to it.
    pub writes: Vec<Write>,
    /// For each input: whether its cotangent is gated by the input's rectifier as soon as it is written, because
    /// nothing is added to it later.
    pub gates: Vec<bool>,
    /// Whether the only reader of its output, which is rectified, has gated the output's cotangent.
    pub gated: bool,
    /// For each input: whether its cotangent lies where the cotangent of the output lies, so that nothing is written.
    pub shares: Vec<bool>,
    /// For each input: whether it depends on parameters, so that a gradient needs its cotangent.
    pub upstream: Vec<bool>,
}

/// A sum that an operation completes: its output is one operand, and the residual is the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Completed {
    /// The index of the sum among the nodes.
    pub sum: usize,
    /// The slot that is added.
    pub residual: usize,
}

/// A network of operations whose shapes were checked when it was built; see [`GraphBuilder`](crate::GraphBuilder).
///
/// A graph holds no parameters. Its methods take them as one flat vector, so optimizers only handle a vector. The
/// vector is in the order of the layers, with each layer's bias before its kernel.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) input_shape: Vec<usize>,
    pub(crate) nodes: Vec<Node>,
    /// Where all values of a block lie if they are kept for derivatives. The input is slot 0.
    pub(crate) kept: Layout,
    /// Where values and tangents lie in a pass after which only the output is read.
    pub(crate) passing: Layout,
    /// Where cotangents lie in a reverse pass.
    pub(crate) cotangents: Layout,
    /// The shape of each slot as its operation wrote it.
    pub(crate) shapes: Vec<Vec<usize>>,
    pub(crate) output: usize,
    pub(crate) parameters: Vec<ParameterSpec>,
}

impl Graph {
    /// Shape of one input, such as `[28, 28, 1]`.
    #[must_use]
    pub fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    /// The number of features of one input.
    #[must_use]
    pub fn features(&self) -> usize {
        self.width(0)
    }

    /// The number of numbers in one output: the classes of a classifier.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.width(self.output)
    }

    /// Its named parameters, in the order of the flat vector.
    #[must_use]
    pub fn parameters(&self) -> &[ParameterSpec] {
        &self.parameters
    }

    /// Length of the flat parameter vector.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.last().map_or(0, |p| p.range.end)
    }

    /// One named parameter array within a flat vector. Returns `None` if there is no such name or the vector has
    /// another length.
    #[must_use]
    pub fn view<'a, T>(&self, params: &'a [T], name: &str) -> Option<ArrayViewD<'a, T>> {
        let spec = self.spec(params.len(), name)?;
        ArrayViewD::from_shape(IxDyn(&spec.shape), params.get(spec.range.clone())?).ok()
    }

    /// The mutable form of [`view`](Self::view).
    #[must_use]
    pub fn view_mut<'a, T>(&self, params: &'a mut [T], name: &str) -> Option<ArrayViewMutD<'a, T>> {
        let spec = self.spec(params.len(), name)?;
        ArrayViewMutD::from_shape(IxDyn(&spec.shape), params.get_mut(spec.range.clone())?).ok()
    }

    /// The spec of a named parameter array, if flat vectors have `len` numbers.
    fn spec(&self, len: usize, name: &str) -> Option<&ParameterSpec> {
        self.parameters.iter().find(|p| p.name == name && len == self.parameter_count())
    }

    /// The operations with parameters, in order.
    pub(crate) fn parametrised<T: Scalar>(&self) -> impl Iterator<Item = (&Node, &dyn Parametrised<T>)> + Clone {
        self.nodes.iter().filter_map(|node| Some((node, node.op.parametrised()?)))
    }

    /// The number of features of a slot.
    pub(crate) fn width(&self, slot: usize) -> usize {
        self.kept.slots[slot].len()
    }

    /// Fails if an array has another shape than the network needs.
    pub(crate) fn check(&self, what: &'static str, found: &[usize], expected: &[usize]) -> Result<(), AutodiffError> {
        if found == expected {
            return Ok(());
        }
        Err(AutodiffError::Shape { what, found: found.to_vec(), expected: expected.to_vec() })
    }

    /// Fails if the number of parameters is not the network's.
    pub(crate) fn check_params(&self, what: &'static str, found: usize) -> Result<(), AutodiffError> {
        self.check(what, &[found], &[self.parameter_count()])
    }
}
