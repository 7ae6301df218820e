//! How a network depends on its inputs and parameters.

use crate::graph::Graph;
use crate::ops::{Op, SecondOrder};
use std::collections::BTreeSet;

/// How an operation depends on its inputs and parameters, from the most special case to the most general.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Structure {
    /// Linear in its inputs between kinks, and without parameters that multiply them: rectifiers, pooling, sums.
    PiecewiseLinear,
    /// Linear in each input and in its parameters if the others are fixed: convolutions, dense layers, products.
    Multilinear,
    /// Neither: GELU, softmax, normalisation.
    Smooth,
}

impl Op {
    /// The operation's structure.
    pub(crate) fn structure(&self) -> Structure {
        match self.of::<f32>().second_order() {
            SecondOrder::PiecewiseLinear => Structure::PiecewiseLinear,
            SecondOrder::Multilinear => Structure::Multilinear,
            SecondOrder::Smooth(_) => Structure::Smooth,
        }
    }
}

impl Graph {
    /// The most general structure among the network's operations.
    #[must_use]
    pub fn structure(&self) -> Structure {
        self.nodes.iter().map(|node| node.op.structure()).max().unwrap_or(Structure::PiecewiseLinear)
    }

    /// Whether the logits are, between kinks, affine in each single parameter if all others are fixed.
    ///
    /// The logits' second derivatives with respect to a single parameter are then zero. The Hessian of a loss has the
    /// same diagonal as its Gauss-Newton matrix (Botev, Ritter & Barber 2017, section 3.2).
    #[must_use]
    pub fn is_affine_in_each_parameter(&self) -> bool {
        // For each value: the layers on whose parameters it depends.
        let mut reached: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.kept.slots.len()];
        for (layer, node) in self.nodes.iter().enumerate() {
            let mut own = BTreeSet::new();
            for &input in &node.inputs {
                let shared = own.intersection(&reached[input]).next().is_some();
                match node.op.structure() {
                    Structure::PiecewiseLinear => {}
                    Structure::Multilinear if !shared => {}
                    Structure::Smooth if reached[input].is_empty() => {}
                    Structure::Multilinear | Structure::Smooth => return false,
                }
                own.extend(&reached[input]);
            }
            if !node.params.is_empty() {
                own.insert(layer);
            }
            reached[node.output] = own;
        }
        true
    }
}
