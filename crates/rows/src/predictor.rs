//! `studies/predictors/measures.csv`: one number of one model in each row. `correlations.csv`: how the ranks of a measure and of a
//! robustness agree. `studies/radii/correlations.csv` has the same columns.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::Record;

/// One number of a trained model: a measure that may predict robustness, or a robustness.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelMeasureRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// What is measured, with its unit.
    pub measure: String,
    /// The radius of an attack or a proof, or the norm of a weight perturbation.
    pub at: Option<f64>,
    /// Whether it is a robustness: a share of the correctly classified images, or a radius.
    pub robustness: bool,
    /// The value.
    pub value: f64,
}

impl Record for ModelMeasureRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

/// The models whose ranks are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PredictorScope {
    /// All models.
    All,
    /// The models of one optimizer, which differ in their seeds; the mean over optimizers.
    Within,
    /// The optimizers, each with the mean over its models.
    Between,
}

impl fmt::Display for PredictorScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::All => "all models",
            Self::Within => "within optimizers",
            Self::Between => "between optimizers",
        })
    }
}

/// Spearman's rank correlation of a measure and a robustness over models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictorRow {
    /// The measure.
    pub measure: String,
    /// The norm of a weight perturbation, if the measure has one.
    pub at: Option<f64>,
    /// The robustness.
    pub robustness: String,
    /// Its radius.
    pub epsilon: Option<f64>,
    /// Which models are compared.
    pub scope: PredictorScope,
    /// The number of models, or of optimizers.
    pub count: u32,
    /// The rank correlation, from −1 to 1.
    pub correlation: f64,
    /// The lower end of the 95 % interval.
    pub low: f64,
    /// The upper end of the 95 % interval.
    pub high: f64,
}

impl Record for PredictorRow {}
