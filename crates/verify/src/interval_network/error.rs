//! The reasons why a network has no interval network.

use crate::VerifyError;
use minima_autodiff::AutodiffError;
use thiserror::Error;

/// A network whose intervals cannot be computed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntervalNetworkError {
    /// An operation has no interval rule, or a constant is not finite.
    #[error(transparent)]
    Bounds(#[from] VerifyError),
    /// The network of the intervals cannot be built.
    #[error(transparent)]
    Graph(#[from] AutodiffError),
}
