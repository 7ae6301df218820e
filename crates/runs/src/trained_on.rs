//! The data that a checkpoint was trained on. It is recorded in the checkpoint, and checked before an attack or evaluation.

use crate::error::RunError;
pub use crate::trained_on_error::TrainedOnError;
use minima_autodiff::{Model, TensorFile};
use minima_config::DataIdentity;
use minima_data::Mnist;
use minima_store::bounded_file::{self, read_at_most, read_text_at_most};
use std::path::Path;
use toml::{Table, Value};

/// The entry of a checkpoint's `__metadata__` that holds the [`DataIdentity`], as JSON.
pub const METADATA: &str = "minima.data";

/// The bytes of a model's checkpoint, with the identity of the data that it was trained on.
///
/// # Errors
/// Returns [`RunError::Autodiff`] if the model cannot be written as safetensors, and [`RunError::Json`] if the identity of the
/// data cannot be written as JSON.
pub fn checkpoint_bytes(model: &Model<f32>, data: &Mnist) -> Result<Vec<u8>, RunError> {
    if data.hashes.is_empty() {
        return Ok(model.graph().to_safetensors(model.params())?);
    }
    let note = serde_json::to_string(&DataIdentity::of(data))?;
    Ok(model.graph().to_safetensors_with_note(model.params(), METADATA, &note)?)
}

/// The data that a checkpoint was trained on, from its entry [`METADATA`], or else from the TOML file that `train` writes beside
/// it.
///
/// Returns `None` if neither names the data, and if the file is not a checkpoint.
///
/// # Errors
/// Returns [`TrainedOnError::Note`] if the entry cannot be parsed.
pub fn trained_on(checkpoint: &Path) -> Result<Option<DataIdentity>, TrainedOnError> {
    let Ok(bytes) = read_at_most(checkpoint, bounded_file::RESULTS) else { return Ok(None) };
    let Ok(file) = TensorFile::read(&bytes, checkpoint) else { return Ok(None) };
    match file.metadata().get(METADATA) {
        Some(note) => serde_json::from_str(note)
            .map(Some)
            .map_err(|_| TrainedOnError::Note { checkpoint: checkpoint.to_owned(), found: note.clone() }),
        None => Ok(beside(&checkpoint.with_extension("toml"))),
    }
}

/// Checks that a checkpoint was trained on this data. If the data of its training is unknown, any data is accepted.
///
/// # Errors
/// Returns [`TrainedOnError::OtherData`] if it was trained on other data, and the errors of [`trained_on`].
pub fn check(checkpoint: &Path, data: &Mnist) -> Result<(), TrainedOnError> {
    let own = trained_on(checkpoint)?;
    match own.and_then(|own| own.difference(&DataIdentity::of(data))) {
        Some(difference) => {
            Err(TrainedOnError::OtherData { checkpoint: checkpoint.to_owned(), difference: Box::new(difference) })
        }
        None => Ok(()),
    }
}

/// The data in the TOML file of a training; `None` if the file does not exist or does not name the data.
fn beside(description: &Path) -> Option<DataIdentity> {
    let table = read_text_at_most(description, bounded_file::TEXT).ok()?.parse::<Table>().ok()?;
    let hashes: Vec<&str> = table.get("data")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let hashes = <[&str; 4]>::try_from(hashes).ok()?;
    Some(DataIdentity::of_hashes(hashes, table.get("data_name").and_then(Value::as_str)))
}
