//! `studies/*/failures.csv`: one row per run that could not be trained or measured.

use serde::{Deserialize, Serialize};

use crate::Record;

/// A run that is missing from a study's other files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    /// The run.
    pub run: String,
    /// Why it is missing.
    pub why: String,
}

impl Record for FailureRow {}
