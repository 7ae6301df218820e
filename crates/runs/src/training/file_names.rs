//! The names of the files of a run's state.

/// The state: the progress, and the hash of the file with the tensors.
pub(super) const STATE: &str = "state.json";
/// The report of a failed run.
pub(super) const FAILURE: &str = "failure.json";
