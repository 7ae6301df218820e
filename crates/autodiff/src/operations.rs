//! The number of arithmetic operations of a network, as a lower bound on its cost.

use crate::graph::Graph;
use crate::ops::KernelForm;

/// Multiplications and additions (two for a multiply-add) of operations with parameters, for one image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Operations {
    /// The forward pass.
    pub forward: f64,
    /// The cotangents of the parameters, given the cotangents of the layers' outputs.
    pub parameters: f64,
    /// The part of `parameters` that per-sample gradients take: the convolutions' part.
    pub gradients: f64,
    /// The cotangents of values between parameters and output.
    pub upstream: f64,
    /// The cotangents of all values back to the input.
    pub input: f64,
    /// The rank of the updates that make up the kernel `J Jᵀ`: the parameters of convolutions and the outputs of dense
    /// layers.
    pub kernel_rank: f64,
}

impl Graph {
    /// The arithmetic operations of this network.
    #[must_use]
    pub fn operations(&self) -> Operations {
        let mut total = Operations::default();
        for (node, op) in self.parametrised::<f32>() {
            let outputs = self.width(node.output) as f64;
            let each = 2.0 * op.multiply_adds() as f64;
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
