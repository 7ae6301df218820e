//! `cargo xtask evaluate`.

use super::{Resources, on_a_worker};
use crate::evaluation::evaluate_checkpoint;
use crate::outcome::Outcome;
use anyhow::Result;
use clap::Args;
use minima_config::preset::NetworkKind;
use minima_runs::trained_on;
use std::path::PathBuf;

/// Attack and measure one checkpoint.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: cargo xtask evaluate --weights results/paper/checkpoints/clean-adam-42.safetensors --json"
)]
pub struct Evaluate {
    /// The checkpoint: a safetensors file with the names Conv_0.kernel, Conv_0.bias, …
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// Epsilons of FGSM, in units of the pixel range
    #[arg(long, value_delimiter = ',', default_values_t = [0.1, 0.05, 0.01])]
    epsilons: Vec<f64>,
    /// Norms of the weight perturbations, for the sharpness
    #[arg(long, value_delimiter = ',', default_values_t = [0.001, 0.005, 0.01])]
    rhos: Vec<f64>,
    /// Also measure eigenvalues and trace of the Gauss-Newton matrix and the Hessian, on the first 1 000 training images with
    /// clean labels
    #[arg(long)]
    spectrum: bool,
    #[command(flatten)]
    resources: Resources,
    /// Accept a checkpoint that was trained on other data
    #[arg(long)]
    other_data: bool,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (data, machine) = self.resources.open(NetworkKind::PaperCnn)?;
        if !self.other_data {
            trained_on::check(&self.weights, &data)?;
        }
        let train = self.spectrum.then_some(&data.train);
        let evaluation = on_a_worker(|| {
            evaluate_checkpoint(&self.weights, &machine, &data.test, train, &self.epsilons, &self.rhos)
        })?;
        if self.json {
            say!("{}", serde_json::to_string(&evaluation)?);
        } else {
            say!("{evaluation}");
        }
        Ok(Outcome::Fine)
    }
}
