//! The launches of an update whose weight decay goes by role.

use minima_autodiff::DecayRun;
use std::ops::Range;

/// The launches of an update: each range of parameters with its weight decay. Without weight decay, one launch is enough.
pub(super) fn launches(len: usize, weight_decay: f64, runs: &[DecayRun]) -> Vec<(Range<usize>, f64)> {
    if weight_decay == 0.0 {
        return vec![(0..len, 0.0)];
    }
    runs.iter().map(|run| (run.range.clone(), if run.decayed { weight_decay } else { 0.0 })).collect()
}

/// The number of parameters in all runs.
pub(super) fn covered(runs: &[DecayRun]) -> usize {
    runs.iter().map(|run| run.range.len()).sum()
}
