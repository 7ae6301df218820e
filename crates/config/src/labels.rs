//! The labels that a model is trained on.

use serde::{Deserialize, Serialize};

/// The labels that a model is trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labels {
    /// The labels of the data set.
    Clean,
    /// The labels of the data set, with a share of them replaced by wrong labels.
    Poisoned,
}

impl Labels {
    /// The name in files: `clean` or `poisoned`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => minima_rows::CLEAN,
            Self::Poisoned => minima_rows::POISONED,
        }
    }
}
