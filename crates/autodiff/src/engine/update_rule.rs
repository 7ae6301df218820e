//! Update rules of first-order optimizers, and their state, independent of the device.

use crate::Scalar;

/// How a first-order optimizer turns a gradient into a step, as code for the CPU and, if there is a kernel, as its name for
/// a device.
pub trait UpdateRule<T: Scalar> {
    /// The number of vectors in its state. They are zero at first.
    fn memory(&self) -> usize;

    /// Applies step number `step`, counted from 1, to consecutive parameters with their part of the gradient and of each
    /// vector of the state. `decayed` says whether weight decay applies to these parameters
    /// ([`Graph::decay_runs`](crate::Graph::decay_runs)).
    fn apply(&self, step: u32, params: &mut [T], gradient: &[T], memory: &mut [&mut [T]], decayed: bool);

    /// The rule for a device. Returns `None` if devices have no kernel for the rule, as is the case for a rule of one's own.
    fn on_device(&self) -> Option<DeviceRule> {
        None
    }
}

/// An update rule with its numbers, as a device knows it. Weight decay applies to kernels and embeddings only.
#[derive(Clone, Debug, PartialEq)]
pub enum DeviceRule {
    /// `g ← g + δ θ; v ← μ v + g; θ ← θ − η v`, or `θ ← θ − η (g + μ v)` with Nesterov's look-ahead.
    Sgd {
        /// η.
        learning_rate: f64,
        /// μ.
        momentum: f64,
        /// Whether momentum looks ahead.
        nesterov: bool,
        /// δ.
        weight_decay: f64,
    },
    /// Adam with bias correction and decoupled weight decay.
    Adam {
        /// η.
        learning_rate: f64,
        /// β₁ and β₂.
        betas: [f64; 2],
        /// ε.
        epsilon: f64,
        /// δ.
        weight_decay: f64,
    },
}

/// The state of an update rule in double precision, which represents every number of both precisions exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleMemory {
    /// The number of steps taken.
    pub steps: u32,
    /// The vectors of the state, each with one number for each parameter; empty before the first step.
    pub vectors: Vec<Vec<f64>>,
}
