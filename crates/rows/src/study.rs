//! The names of all studies, and `studies/*/failures.csv`: one row per run that could not be trained or measured.

use serde::{Deserialize, Serialize};

use crate::Record;

/// The names of all studies, in the order in which reports show them.
pub const STUDY_NAMES: [&str; 9] =
    ["seeds", "matched", "poison", "damping", "precision", "landscape", "logit-scale", "predictors", "radii"];

/// A run that is missing from a study's other files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    /// The run.
    pub run: String,
    /// Why it is missing.
    pub why: String,
}

impl Record for FailureRow {}
