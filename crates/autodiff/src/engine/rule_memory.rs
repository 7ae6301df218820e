//! What an update rule remembers, away from the machine that it runs on.

/// The memory of an update rule, in double precision, which holds every number of both precisions exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleMemory {
    /// The steps taken.
    pub steps: u32,
    /// What it remembers, each vector as long as the network has parameters; none before the first step.
    pub vectors: Vec<Vec<f64>>,
}
