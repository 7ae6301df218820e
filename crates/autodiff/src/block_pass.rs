//! The three passes over one block of samples: forward, reverse (vjp) and tangent (jvp).

use crate::Scalar;
use crate::graph::{Graph, Node};
use crate::lane::Lane;
use crate::ops::{
    At, Inputs, Parametrised, Scratch, SecondOrder, Tangents, gate, multilinear_input_curvature,
    multilinear_parameter_curvature, rectify,
};
use smallvec::SmallVec;

/// How far a reverse pass goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the parameters only.
    Parameters,
    /// To the input.
    Input,
}

/// The callback of a reverse pass, called at each operation with parameters, with the cotangent of its output.
pub(crate) type AtParameters<'a, T> =
    dyn FnMut(&Node, &dyn Parametrised<T>, &At<'_, T>, &[Lane<T>], &mut Scratch<T>) + 'a;

/// The tangents of the values that an operation reads, without allocation for two or fewer.
type InputTangents<'v, T> = SmallVec<[Option<&'v [Lane<T>]>; 2]>;

/// A block's values and their tangents along a direction of the parameters.
pub(crate) struct Along<'a, T> {
    pub params: &'a [T],
    pub values: &'a [Lane<T>],
    pub tangent_of_params: &'a [T],
    pub tangents: &'a [Lane<T>],
    /// Which slots have a tangent.
    pub present: &'a [bool],
}

impl Graph {
    /// Fills an arena whose slot 0 holds the input.
    pub(crate) fn forward_block<T: Scalar>(&self, params: &[T], values: &mut [Lane<T>], scratch: &mut Scratch<T>) {
        for node in &self.nodes {
            let out = self.slots[node.output].clone();
            let (before, rest) = values.split_at_mut(out.start);
            let x = self.inputs(node, before);
            let y = &mut rest[..out.len()];
            node.op.of().forward(&params[node.params.clone()], &x, y, scratch);
            if node.rectified {
                rectify(y);
            }
        }
    }

    /// Propagates the cotangent in the output's slot of `cotangents` back through the graph. The cotangent of a
    /// rectified operation becomes the cotangent of its output before the rectifier.
    pub(crate) fn reverse_block<T: Scalar>(
        &self,
        params: &[T],
        values: &[Lane<T>],
        cotangents: &mut [Lane<T>],
        reach: Reach,
        at_parameters: &mut AtParameters<'_, T>,
        scratch: &mut Scratch<T>,
    ) {
        for node in self.nodes.iter().rev() {
            let out = self.slots[node.output].clone();
            let (before, rest) = cotangents.split_at_mut(out.start);
            let dy = &mut rest[..out.len()];
            if node.rectified && !node.gated {
                gate(&values[out.clone()], dy);
            }
            let x = self.inputs(node, values);
            let at = At { params: &params[node.params.clone()], x: &x, y: &values[out] };
            if let Some(op) = node.op.parametrised() {
                at_parameters(node, op, &at, dy, scratch);
            }
            for (which, &input) in node.inputs.iter().enumerate() {
                if reach == Reach::Input || node.upstream[which] {
                    let dx = &mut before[self.slots[input].clone()];
                    if node.gates[which] {
                        node.op.of().gated_vjp_input(&at, which, dy, dx, scratch);
                    } else {
                        node.op.of().vjp_input(&at, which, dy, dx, node.writes[which], scratch);
                    }
                }
            }
        }
    }

    /// Computes the tangents of all values from the tangents of the parameters and, if `from_input`, from the tangent
    /// in slot 0 of `tangents`. Returns which slots have a tangent; the other slots are not written.
    pub(crate) fn tangent_block<T: Scalar>(
        &self,
        params: &[T],
        values: &[Lane<T>],
        dparams: Option<&[T]>,
        from_input: bool,
        tangents: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) -> Vec<bool> {
        let mut present = vec![false; self.slots.len()];
        present[0] = from_input;
        for node in &self.nodes {
            let out = self.slots[node.output].clone();
            let (before, rest) = tangents.split_at_mut(out.start);
            let x = self.inputs(node, values);
            let at = At { params: &params[node.params.clone()], x: &x, y: &values[out.clone()] };
            let dx = self.tangents(node, &present, before);
            let dparams = dparams.filter(|_| !node.params.is_empty()).map(|d| &d[node.params.clone()]);
            present[node.output] = dparams.is_some() || dx.iter().any(Option::is_some);
            let dy = &mut rest[..out.len()];
            node.op.of().jvp(&at, &dx, dparams, dy, scratch);
            if node.rectified {
                gate(&values[out], dy);
            }
        }
        present
    }

    /// A reverse pass to the parameters, with its tangent: adds `d/dt` of the gradient to `second`.
    ///
    /// The derivative has two terms: the vjp of the cotangent's tangent, and the change of the vjp with a fixed
    /// cotangent, which depends on the operation's [`SecondOrder`].
    pub(crate) fn reverse_tangent_block<T: Scalar>(
        &self,
        at: &Along<'_, T>,
        cotangents: &mut [Lane<T>],
        along: &mut [Lane<T>],
        second: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        for node in self.nodes.iter().rev() {
            let out = self.slots[node.output].clone();
            let (before, rest) = cotangents.split_at_mut(out.start);
            let (before_along, rest_along) = along.split_at_mut(out.start);
            let (dy, dy_along) = (&mut rest[..out.len()], &mut rest_along[..out.len()]);
            if node.rectified {
                gate(&at.values[out.clone()], dy);
                gate(&at.values[out.clone()], dy_along);
            }
            let x = self.inputs(node, at.values);
            let here = At { params: &at.params[node.params.clone()], x: &x, y: &at.values[out.clone()] };
            let op = node.op.of();
            let along = Tangents {
                params: &at.tangent_of_params[node.params.clone()],
                x: &self.tangents(node, at.present, at.tangents),
                y: &at.tangents[out],
            };
            if let Some(op) = node.op.parametrised() {
                let second = &mut second[node.params.clone()];
                op.vjp_params(&here, dy_along, second, scratch);
                match op.second_order() {
                    SecondOrder::PiecewiseLinear => {}
                    SecondOrder::Multilinear => {
                        multilinear_parameter_curvature(op, &node.added, &here, &along, dy, second, scratch);
                    }
                    SecondOrder::Smooth(smooth) => smooth.parameter_curvature(&here, &along, dy, second),
                }
            }
            for (which, &input) in node.inputs.iter().enumerate().filter(|(which, _)| node.upstream[*which]) {
                let slot = self.slots[input].clone();
                op.vjp_input(&here, which, dy, &mut before[slot.clone()], node.writes[which], scratch);
                let dx_along = &mut before_along[slot];
                op.vjp_input(&here, which, dy_along, dx_along, node.writes[which], scratch);
                match op.second_order() {
                    SecondOrder::PiecewiseLinear => {}
                    SecondOrder::Multilinear => {
                        multilinear_input_curvature(op, &here, &along, which, dy, dx_along, scratch);
                    }
                    SecondOrder::Smooth(smooth) => smooth.input_curvature(&here, &along, which, dy, dx_along),
                }
            }
        }
    }

    /// The values that an operation reads.
    fn inputs<'v, T>(&self, node: &Node, values: &'v [Lane<T>]) -> Inputs<'v, T> {
        node.inputs.iter().map(|&input| &values[self.slots[input].clone()]).collect()
    }

    /// The tangents of the values that an operation reads.
    fn tangents<'v, T>(&self, node: &Node, present: &[bool], tangents: &'v [Lane<T>]) -> InputTangents<'v, T> {
        node.inputs.iter().map(|&input| present[input].then(|| &tangents[self.slots[input].clone()])).collect()
    }
}
