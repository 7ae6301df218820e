//! The three passes over one block of samples: forward, reverse (vjp) and tangent (jvp).

use crate::Scalar;
use crate::graph::{Graph, Node};
use crate::lane::Lane;
use crate::ops::{At, Scratch, gate, rectify};

/// Whether a reverse pass goes on to the input, or only as far as parameters lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// As far as parameters lie.
    Parameters,
    /// To the input.
    Input,
}

/// What a reverse pass calls at each operation that has parameters, with the cotangent of its output.
pub(crate) type AtParameters<'a, T> = dyn FnMut(&Node, &At<'_, T>, &[Lane<T>], &mut Scratch<T>) + 'a;

impl Graph {
    /// Fills an arena whose slot 0 holds the input.
    pub(crate) fn forward_block<T: Scalar>(&self, params: &[T], values: &mut [Lane<T>], scratch: &mut Scratch<T>) {
        for node in &self.nodes {
            let out = self.slots[node.output].clone();
            let (before, rest) = values.split_at_mut(out.start);
            let x = self.inputs(node, before);
            let y = &mut rest[..out.len()];
            node.op.of().forward(&params[node.params.clone()], &x[..node.inputs.len()], y, scratch);
            if node.rectified {
                rectify(y);
            }
        }
    }

    /// From the cotangent in the output's slot of `cotangents` back through the graph. A rectified operation's cotangent
    /// becomes that of what it rectifies.
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
            let at = At { params: &params[node.params.clone()], x: &x[..node.inputs.len()], y: &values[out] };
            if !node.params.is_empty() {
                at_parameters(node, &at, dy, scratch);
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

    /// Tangents of all values, from those of the parameters and, with `from_input`, the one in slot 0 of `tangents`.
    pub(crate) fn tangent_block<T: Scalar>(
        &self,
        params: &[T],
        values: &[Lane<T>],
        dparams: Option<&[T]>,
        from_input: bool,
        tangents: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        let mut present = vec![false; self.slots.len()];
        present[0] = from_input;
        for node in &self.nodes {
            let out = self.slots[node.output].clone();
            let (before, rest) = tangents.split_at_mut(out.start);
            let x = self.inputs(node, values);
            let at = At { params: &params[node.params.clone()], x: &x[..node.inputs.len()], y: &values[out.clone()] };
            let mut dx = [None; 2];
            for (to, &input) in dx.iter_mut().zip(&node.inputs) {
                *to = present[input].then(|| &before[self.slots[input].clone()]);
            }
            let dparams = dparams.filter(|_| !node.params.is_empty()).map(|d| &d[node.params.clone()]);
            present[node.output] = dparams.is_some() || dx.iter().any(Option::is_some);
            let dy = &mut rest[..out.len()];
            node.op.of().jvp(&at, &dx[..node.inputs.len()], dparams, dy, scratch);
            if node.rectified {
                gate(&values[out], dy);
            }
        }
    }

    /// The values that an operation reads: one or two.
    fn inputs<'v, T>(&self, node: &Node, values: &'v [Lane<T>]) -> [&'v [Lane<T>]; 2] {
        let mut x: [&[Lane<T>]; 2] = [&[]; 2];
        for (to, &input) in x.iter_mut().zip(&node.inputs) {
            *to = &values[self.slots[input].clone()];
        }
        x
    }
}
