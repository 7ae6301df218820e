//! Weights that a training starts from.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The checkpoint whose weights a training starts from, instead of random ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The checkpoint, a safetensors file.
    pub path: PathBuf,
    /// The SHA-256 of the file. If the file has another one, the training does not begin.
    pub sha256: String,
}
