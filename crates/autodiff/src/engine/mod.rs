//! Where a network is computed: what optimizers need of a machine, so that one and the same optimizer runs on a processor
//! and on a GPU.
//!
//! A [`Graph`](crate::Graph) is itself the engine on the processor: its vectors are `Vec<T>`, its batches borrowed arrays.
//! An engine on a device keeps vectors there, and its methods only start work: what an optimizer does is a sequence of
//! calls that looks at no number, so that the sequence can be recorded once and repeated.

mod batch;
mod function_space;
mod host;
mod host_function_space;
mod rule_memory;

pub use batch::Batch;
pub use function_space::{FunctionSpace, PublishedColumns};
pub use host::HostState;
pub use host_function_space::HostPoint;
pub use rule_memory::RuleMemory;

use crate::{AutodiffError, Scalar};
use std::fmt::Debug;

/// What a step saw, before it changed anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The batch's mean loss.
    pub loss: f64,
    /// How many of the batch's images were classified correctly.
    pub correct: usize,
}

/// A machine that trains one network, in precision `T`.
pub trait Engine<T: Scalar> {
    /// A number for each parameter.
    type Vector: Send;
    /// What an update rule remembers from step to step.
    type State: Default + Debug + Send;
    /// Images and labels of a step.
    type Batch<'b>;
    /// What a step saw: a [`StepReport`], or what stands for it until a device is asked.
    type Report;

    /// The gradient of the batch's mean softmax cross-entropy, and what was seen on the way.
    ///
    /// # Errors
    /// When the batch or the parameters do not fit the network, or the machine fails.
    fn gradient(
        &self,
        params: &Self::Vector,
        batch: &Self::Batch<'_>,
    ) -> Result<(Self::Report, Self::Vector), AutodiffError>;

    /// One step of an update rule along a gradient.
    ///
    /// # Errors
    /// When a vector has another length than the network has parameters, or the machine fails.
    fn update(
        &self,
        rule: &dyn UpdateRule<T>,
        params: &mut Self::Vector,
        gradient: &Self::Vector,
        state: &mut Self::State,
    ) -> Result<(), AutodiffError>;

    /// `θ ← θ − rate · direction`.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn descend(&self, params: &mut Self::Vector, rate: f64, direction: &Self::Vector) -> Result<(), AutodiffError>;

    /// What an update rule remembers, as numbers that can be written down.
    ///
    /// # Errors
    /// When the machine fails.
    fn rule_memory(&self, state: &Self::State) -> Result<RuleMemory, AutodiffError>;

    /// The state from which a rule goes on as if it had never stopped.
    ///
    /// # Errors
    /// When a vector has another length than the network has parameters, or the machine fails.
    fn rule_state(&self, memory: &RuleMemory) -> Result<Self::State, AutodiffError>;
}

/// How a first-order optimizer turns a gradient into a step: once in plain words for the processor, once as the name of a
/// kernel for a device.
pub trait UpdateRule<T: Scalar> {
    /// Vectors that it remembers from step to step, zero at first.
    fn memory(&self) -> usize;

    /// Step number `step`, the first being 1, with the vectors it remembers.
    fn apply(&self, step: u32, params: &mut [T], gradient: &[T], memory: &mut [Vec<T>]);

    /// The same for a device.
    fn on_device(&self) -> DeviceRule;
}

/// An update rule by the name and the numbers that a device knows it by.
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
