//! The weights at the start of a training: random weights, or the weights of a checkpoint.

use crate::error::RunError;
use minima_autodiff::{Graph, Scalar};
use minima_config::Start;
use minima_store::bounded_file::{self, read_at_most};
use minima_store::sha256;

/// The weights that a training with this seed starts from.
///
/// # Errors
/// Returns [`RunError::Read`] if the checkpoint cannot be read, [`RunError::OtherStart`] if it is another file than the one that the
/// experiment names, and [`RunError::Autodiff`] if it does not fit the network.
pub(crate) fn starting_weights<T: Scalar>(graph: &Graph, start: Option<&Start>, seed: u64) -> Result<Vec<T>, RunError> {
    let Some(Start { path, sha256: expected }) = start else { return Ok(graph.init(seed)) };
    let bytes =
        read_at_most(path, bounded_file::CHECKPOINT).map_err(|source| RunError::Read { path: path.clone(), source })?;
    let found = sha256(&bytes);
    if found != *expected {
        return Err(RunError::OtherStart { path: path.clone(), found, expected: expected.clone() });
    }
    Ok(graph.from_safetensors(&bytes, path)?)
}
