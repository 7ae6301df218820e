//! The parameters to which weight decay applies.

use crate::Graph;
use std::ops::Range;

/// Consecutive parameters that weight decay treats alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecayRun {
    /// Their range in the flat parameter vector.
    pub range: Range<usize>,
    /// Whether weight decay applies to them.
    pub decayed: bool,
}

impl Graph {
    /// The flat parameter vector as runs of parameters with and without weight decay, in order. Weight decay applies to
    /// kernels and embeddings, by [`Role::is_decayed`](crate::Role::is_decayed).
    #[must_use]
    pub fn decay_runs(&self) -> Vec<DecayRun> {
        let mut runs: Vec<DecayRun> = Vec::new();
        for spec in self.parameters() {
            let decayed = spec.role.is_decayed();
            match runs.last_mut() {
                Some(run) if run.decayed == decayed => run.range.end = spec.range.end,
                _ => runs.push(DecayRun { range: spec.range.clone(), decayed }),
            }
        }
        runs
    }
}
