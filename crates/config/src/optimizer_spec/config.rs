//! What the options of every kind of optimizer have in common.

use super::option::Checked;
use crate::labels::Labels;

/// The options of one kind of optimizer.
pub(super) trait OptimizerConfig {
    /// The labels to train on; `None` for all of the preset's.
    fn labels(&self) -> Option<&[Labels]>;

    /// The options that are numbers, with their ranges.
    fn options(&self) -> Vec<Checked>;

    /// Where the options of a grid search are.
    fn places(&mut self) -> Places<'_>;

    /// The time of a step on one core for the paper's network and batch, in milliseconds.
    fn step_milliseconds(&self) -> f64;
}

/// Where a specification holds the options of a grid search.
pub(super) struct Places<'s> {
    pub learning_rate: &'s mut f64,
    pub damping: Option<&'s mut f64>,
    pub rho: Option<&'s mut f64>,
}
