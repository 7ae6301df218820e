//! How much arithmetic a network takes, for the floor under what it can cost.

use crate::graph::Graph;
use crate::ops::KernelForm;

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
        for (node, op) in self.parametrised::<f32>() {
            let outputs = self.slots[node.output].len() as f64;
            let each = 2.0 * outputs * op.fan_in() as f64;
            total.forward += each;
            total.parameters += each;
            total.input += each;
            total.upstream += if node.upstream.contains(&true) { each } else { 0.0 };
            match op.kernel_form() {
                KernelForm::Gradients => {
                    total.gradients += each;
                    total.kernel_rank += node.params.len() as f64;
                }
                KernelForm::GramProduct => total.kernel_rank += outputs,
            }
        }
        total
    }
}
