//! `studies/*/failures.csv`: a run that could not be trained or measured a row.

use serde::{Deserialize, Serialize};

use crate::Record;

/// A run that is missing from a study's other files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    /// The run.
    pub run: String,
    /// Why.
    pub why: String,
}

impl Record for FailureRow {}
