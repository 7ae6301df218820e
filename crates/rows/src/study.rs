//! What all studies share: their names, which are their folders, and `studies/*/failures.csv`: a run that could not be trained or
//! measured a row.

use serde::{Deserialize, Serialize};

use crate::Record;

/// The names of all studies, in the order in which reports show them.
pub const STUDY_NAMES: [&str; 7] = ["seeds", "matched", "poison", "damping", "precision", "landscape", "logit-scale"];

/// A run that is missing from a study's other files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    /// The run.
    pub run: String,
    /// Why.
    pub why: String,
}

impl Record for FailureRow {}
