//! The three passes over one block of samples: forward, reverse (vjp) and tangent (jvp).

use crate::Scalar;
use crate::graph::{Graph, Node};
use crate::lane::Lane;
use crate::layout::{Layout, Others};
use crate::ops::{
    At, Finish, Inputs, Output, Parametrised, Scratch, SecondOrder, Tangents, add_tangents, gate,
    multilinear_input_curvature, multilinear_parameter_curvature,
};
use smallvec::SmallVec;

/// How far a reverse pass goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To the parameters only.
    Parameters,
    /// To the node with this index: to its parameters, and to no node before it.
    Node(usize),
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
    /// Fills an arena of this layout whose slot 0 holds the input.
    pub(crate) fn forward_block<T: Scalar>(
        &self,
        params: &[T],
        layout: &Layout,
        values: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        for node in self.nodes.iter().filter(|node| !node.in_place) {
            let (y, memo, others) = layout.split_with_memo(values, node.output);
            let x: Inputs<'_, T> = node.inputs.iter().map(|&input| others.slot(input)).collect();
            let finish = Finish {
                residual: node.completes.map(|completed| others.slot(completed.residual)),
                rectified: node.rectified
                    || node.completes.is_some_and(|completed| self.nodes[completed.sum].rectified),
            };
            node.op.of().forward_finished(&params[node.params.clone()], &x, Output { y, memo, finish }, scratch);
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
        let first = if let Reach::Node(first) = reach { first } else { 0 };
        for (at_node, node) in self.nodes.iter().enumerate().skip(first).rev() {
            let (dy, mut others) = self.cotangents.split(cotangents, node.output);
            let y = self.kept.slot(values, node.output);
            let rectified = node.rectified && node.op.gates_its_cotangent();
            if node.rectified && !node.gated && !rectified {
                gate(y, dy);
            }
            let (x, memo) = (self.inputs(node, values), self.kept.memo(values, node.output));
            let at = At { params: &params[node.params.clone()], x: &x, y, memo, rectified };
            scratch.handed.open();
            if let Some(op) = node.op.parametrised() {
                at_parameters(node, op, &at, dy, scratch);
            }
            for (which, &input) in node.inputs.iter().enumerate() {
                let reached = reach == Reach::Input || (reach != Reach::Node(at_node) && node.upstream[which]);
                if reached && !node.shares[which] {
                    let dx = others.slot_mut(input);
                    if node.gates[which] {
                        node.op.of().gated_vjp_input(&at, which, dy, dx, scratch);
                    } else {
                        node.op.of().vjp_input(&at, which, dy, dx, node.writes[which], scratch);
                    }
                }
            }
            scratch.handed.close();
        }
    }

    /// Computes the tangents of all values from the tangents of the parameters and, if `from_input`, from the tangent
    /// in slot 0 of `tangents`, an arena of this layout. Returns which slots have a tangent; the other slots are not
    /// written.
    #[expect(clippy::too_many_arguments, reason = "a pass has a point, a direction and space")]
    pub(crate) fn tangent_block<T: Scalar>(
        &self,
        params: &[T],
        layout: &Layout,
        values: &[Lane<T>],
        dparams: Option<&[T]>,
        from_input: bool,
        tangents: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) -> Vec<bool> {
        let mut present = vec![false; self.kept.slots.len()];
        present[0] = from_input;
        for node in &self.nodes {
            let (dy, others) = layout.split(tangents, node.output);
            let y = self.kept.slot(values, node.output);
            if node.in_place {
                self.tangent_in_place(node, &mut present, dy, &others);
                if node.rectified {
                    gate(y, dy);
                }
                continue;
            }
            let (x, memo) = (self.inputs(node, values), self.kept.memo(values, node.output));
            let at = At { params: &params[node.params.clone()], x: &x, y, memo, rectified: false };
            let dx: InputTangents<'_, T> =
                node.inputs.iter().map(|&input| present[input].then(|| others.slot(input))).collect();
            let dparams = dparams.filter(|_| !node.params.is_empty()).map(|d| &d[node.params.clone()]);
            present[node.output] = dparams.is_some() || dx.iter().any(Option::is_some);
            node.op.of().jvp(&at, &dx, dparams, dy, scratch);
            if node.rectified {
                gate(y, dy);
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
            let (dy, mut others) = self.cotangents.split(cotangents, node.output);
            let (dy_along, mut others_along) = self.cotangents.split(along, node.output);
            let y = self.kept.slot(at.values, node.output);
            if node.rectified {
                gate(y, dy);
                gate(y, dy_along);
            }
            let x = self.inputs(node, at.values);
            let memo = self.kept.memo(at.values, node.output);
            let here = At { params: &at.params[node.params.clone()], x: &x, y, memo, rectified: false };
            let op = node.op.of();
            let along = Tangents {
                params: &at.tangent_of_params[node.params.clone()],
                x: &self.tangents(node, at.present, at.tangents),
                y: self.kept.slot(at.tangents, node.output),
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
            for (which, &input) in node.inputs.iter().enumerate() {
                if !node.upstream[which] || node.shares[which] {
                    continue;
                }
                op.vjp_input(&here, which, dy, others.slot_mut(input), node.writes[which], scratch);
                let dx_along = others_along.slot_mut(input);
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

    /// The tangent of a sum, whose place holds the tangent of one operand.
    fn tangent_in_place<T: Scalar>(
        &self,
        node: &Node,
        present: &mut [bool],
        dy: &mut [Lane<T>],
        others: &Others<'_, '_, T>,
    ) {
        let here = &self.kept.slots[node.output];
        let (mut before, mut residual) = (false, None);
        for &input in &node.inputs {
            if self.kept.slots[input] == *here {
                before = present[input];
            } else if present[input] {
                residual = Some(others.slot(input));
            }
        }
        add_tangents(dy, before, residual);
        present[node.output] = before || residual.is_some();
    }

    /// The kept value that an operation with one input reads.
    pub(crate) fn input_of<'v, T>(&self, node: &Node, values: &'v [Lane<T>]) -> &'v [Lane<T>] {
        node.inputs.first().map_or(&[], |&input| self.kept.slot(values, input))
    }

    /// The kept values that an operation reads.
    fn inputs<'v, T>(&self, node: &Node, values: &'v [Lane<T>]) -> Inputs<'v, T> {
        node.inputs.iter().map(|&input| self.kept.slot(values, input)).collect()
    }

    /// The kept tangents of the values that an operation reads.
    fn tangents<'v, T>(&self, node: &Node, present: &[bool], tangents: &'v [Lane<T>]) -> InputTangents<'v, T> {
        node.inputs.iter().map(|&input| present[input].then(|| self.kept.slot(tangents, input))).collect()
    }
}
