//! A network: a graph of operations on values whose shapes are known, and the places of its parameters.

use crate::ops::{Op, Parametrised, Write};
use crate::parameter_spec::ParameterSpec;
use crate::{AutodiffError, Scalar};
use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};
use std::ops::Range;

/// An operation in its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub op: Op,
    /// Slots it reads.
    pub inputs: Vec<usize>,
    /// Slot it writes.
    pub output: usize,
    /// Whether `max(·, 0)` of its output stands in that slot, see [`fuse`](crate::rectified::fuse).
    pub rectified: bool,
    /// Its parameters' place in the flat vector.
    pub params: Range<usize>,
    /// The ranges within its parameters that are added to its output, such as the biases.
    pub added: Vec<Range<usize>>,
    /// For each input: whether its cotangent, in a reverse pass, is written first here or added to.
    pub writes: Vec<Write>,
    /// For each input: whether its cotangent is gated by its rectifier as it is written, since nothing is added to it later.
    pub gates: Vec<bool>,
    /// Whether its reader has gated the cotangent of its output, which is rectified.
    pub gated: bool,
    /// For each input: whether parameters lie upstream of it, so that a gradient needs its cotangent.
    pub upstream: Vec<bool>,
}

/// A network of operations whose shapes were checked when it was built; see [`GraphBuilder`](crate::GraphBuilder).
///
/// It holds no numbers: parameters are one flat vector, which its methods take, so optimizers see a vector and nothing
/// else. Its order is that of the layers, each layer's bias before its kernel.
#[derive(Clone, Debug)]
pub struct Graph {
    pub(crate) input_shape: Vec<usize>,
    pub(crate) nodes: Vec<Node>,
    /// Each slot's place in an arena that holds all values of a block, a lane a feature. The input is slot 0.
    pub(crate) slots: Vec<Range<usize>>,
    pub(crate) output: usize,
    pub(crate) parameters: Vec<ParameterSpec>,
}

impl Graph {
    /// Shape of one input, such as `[28, 28, 1]`.
    #[must_use]
    pub fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    /// Numbers in one input.
    #[must_use]
    pub fn features(&self) -> usize {
        self.slots[0].len()
    }

    /// Numbers in one output: the classes of a classifier.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.slots[self.output].len()
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

    /// One named parameter within a flat vector; `None` where there is no such name or the vector has another length.
    #[must_use]
    pub fn view<'a, T>(&self, params: &'a [T], name: &str) -> Option<ArrayViewD<'a, T>> {
        let spec = self.spec(params.len(), name)?;
        ArrayViewD::from_shape(IxDyn(&spec.shape), params.get(spec.range.clone())?).ok()
    }

    /// As [`view`](Self::view), to write to.
    #[must_use]
    pub fn view_mut<'a, T>(&self, params: &'a mut [T], name: &str) -> Option<ArrayViewMutD<'a, T>> {
        let spec = self.spec(params.len(), name)?;
        ArrayViewMutD::from_shape(IxDyn(&spec.shape), params.get_mut(spec.range.clone())?).ok()
    }

    /// A named parameter, where flat vectors have `len` numbers.
    fn spec(&self, len: usize, name: &str) -> Option<&ParameterSpec> {
        self.parameters.iter().find(|p| p.name == name && len == self.parameter_count())
    }

    /// The operations with parameters, in their order.
    pub(crate) fn parametrised<T: Scalar>(&self) -> impl Iterator<Item = (&Node, &dyn Parametrised<T>)> + Clone {
        self.nodes.iter().filter_map(|node| Some((node, node.op.parametrised()?)))
    }

    /// Lanes that all values of a block take.
    pub(crate) fn arena_len(&self) -> usize {
        self.slots.iter().map(|s| s.end).max().unwrap_or(0)
    }

    /// Fails where an array has another shape than the network needs.
    pub(crate) fn check(&self, what: &'static str, found: &[usize], expected: &[usize]) -> Result<(), AutodiffError> {
        if found == expected {
            return Ok(());
        }
        Err(AutodiffError::Shape { what, found: found.to_vec(), expected: expected.to_vec() })
    }

    /// Fails where the parameters are another number than the network has.
    pub(crate) fn check_params(&self, what: &'static str, found: usize) -> Result<(), AutodiffError> {
        self.check(what, &[found], &[self.parameter_count()])
    }
}
