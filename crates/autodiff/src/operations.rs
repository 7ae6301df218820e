//! How much arithmetic a network takes, for the floor under what it can cost.

use crate::graph::Graph;
use crate::ops::{KernelForm, Op};

/// Multiplications and additions (two for a multiply-add) of convolutions and dense layers, for one image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Operations {
    /// The forward pass.
    pub forward: f64,
    /// Cotangents of the parameters, given those of the layers' outputs.
    pub parameters: f64,
    /// Of these, the ones that per-sample gradients take: those of the convolutions.
    pub gradients: f64,
    /// Cotangents of values that lie between parameters and output.
    pub upstream: f64,
    /// Cotangents of values as far as the input.
    pub input: f64,
    /// Rank of the updates that make up the kernel `J Jᵀ`: parameters of convolutions, outputs of dense layers.
    pub kernel_rank: f64,
}

impl Graph {
    /// The arithmetic of this network.
    #[must_use]
    pub fn operations(&self) -> Operations {
        let mut total = Operations::default();
        for node in self.nodes.iter().filter(|n| !n.params.is_empty()) {
            let outputs = self.slots[node.output].len() as f64;
            let (each, form) = match &node.op {
                Op::Conv2d(conv) => (2.0 * outputs * conv.fan_in() as f64, KernelForm::Gradients),
                _ => (2.0 * outputs * self.slots[node.inputs[0]].len() as f64, KernelForm::GramProduct),
            };
            total.forward += each;
            total.parameters += each;
            total.input += each;
            total.upstream += if node.upstream.contains(&true) { each } else { 0.0 };
            if form == KernelForm::Gradients {
                total.gradients += each;
                total.kernel_rank += node.params.len() as f64;
            } else {
                total.kernel_rank += outputs;
            }
        }
        total
    }
}
