//! The outcome of a command.

/// The outcome of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Success.
    Fine,
    /// The command completed, but a check or a run within it failed.
    Found,
}
