//! The parameters to which weight decay applies.

use crate::{Graph, Scalar};
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

    /// The parameters to which weight decay applies, with zeros in place of the others: the gradient of half their
    /// squared norm.
    #[must_use]
    pub fn decayed<T: Scalar>(&self, params: &[T]) -> Vec<T> {
        let mut decayed = params.to_vec();
        for run in self.decay_runs().into_iter().filter(|run| !run.decayed) {
            if let Some(others) = decayed.get_mut(run.range) {
                others.fill(T::zero());
            }
        }
        decayed
    }
}
