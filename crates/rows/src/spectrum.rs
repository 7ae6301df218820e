//! `tables/curvature.csv`: one row per eigenvalue or trace; `tables/spectral_density.csv`: one row per node of a quadrature.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Compared, Noise, Record};

/// A matrix of second derivatives of the mean loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurvatureMatrix {
    /// The generalized Gauss-Newton matrix.
    GaussNewton,
    /// The Hessian.
    Hessian,
}

impl fmt::Display for CurvatureMatrix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::GaussNewton => "Gauss-Newton matrix",
            Self::Hessian => "Hessian",
        })
    }
}

/// The quantity of a row of `tables/curvature.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpectralQuantity {
    /// One of the largest eigenvalues; rank 1 is the largest.
    Largest,
    /// The smallest eigenvalue.
    Smallest,
    /// The sum of all eigenvalues.
    Trace,
}

/// An eigenvalue or trace of a curvature matrix of the mean training loss at the end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvatureRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// Training images in the mean loss, the first ones, with the labels that the model was trained on.
    pub images: u32,
    /// The matrix.
    pub matrix: CurvatureMatrix,
    /// Whether parameters are counted in units of their filters' norms.
    pub normalised: bool,
    /// What the value is.
    pub quantity: SpectralQuantity,
    /// The eigenvalue's rank from the largest or the smallest, from 1; 1 for a trace.
    pub rank: u32,
    /// The value.
    pub value: f64,
    /// The matrix has an eigenvalue within this distance of the value. For a trace, the standard error of an estimate; 0 if
    /// the trace is exact.
    pub residual: f64,
    /// Whether the residual is at most 1 % of the value, or, for an eigenvalue, 10⁻⁶ of the matrix's largest eigenvalue. An
    /// eigenvalue that has not converged may be off by as much as its residual.
    pub converged: bool,
}

impl Record for CurvatureRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

impl Compared for CurvatureRow {
    const FILES: &'static [&'static str] = &["tables/curvature.csv"];
    const KEYS: &'static [&'static str] =
        &["labels", "optimizer", "images", "matrix", "normalised", "quantity", "rank"];
    const METRICS: &'static [(&'static str, Noise)] = &[("value", Noise::CURVATURE)];
}

/// A part of the distribution of eigenvalues: a node of one probe's quadrature, and how many eigenvalues it represents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpectralDensityRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The matrix.
    pub matrix: CurvatureMatrix,
    /// Whether parameters are counted in units of their filters' norms.
    pub normalised: bool,
    /// The random vector, from 0; each gives an estimate of the whole distribution.
    pub probe: u32,
    /// The node.
    pub eigenvalue: f64,
    /// How many eigenvalues the node represents. The counts of a probe sum to the number of parameters.
    pub count: f64,
}

impl Record for SpectralDensityRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}
