//! The error of the gate.

/// The gate could not be passed or recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// A model could not be trained or measured.
    #[error(transparent)]
    Run(#[from] minima_runs::RunError),
    /// The baseline cannot be read or written.
    #[error(transparent)]
    Baseline(#[from] minima_baseline::BaselineError),
}
