//! The state of an update rule, independent of the device.

/// The state of an update rule in double precision, which represents every number of both precisions exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleMemory {
    /// The number of steps taken.
    pub steps: u32,
    /// The vectors of the state, each with one number for each parameter; empty before the first step.
    pub vectors: Vec<Vec<f64>>,
}
