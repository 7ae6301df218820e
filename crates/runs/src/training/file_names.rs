//! The names of the files that a run in training keeps.

/// The state: progress, and the hash of the file with the numbers.
pub(super) const STATE: &str = "state.json";
/// The report of a run that went wrong.
pub(super) const FAILURE: &str = "failure.json";
