//! `cargo xtask evaluate`.

use super::{Compute, on_a_worker};
use crate::checkpoints::CheckpointOptions;
use crate::evaluation::evaluate_checkpoint;
use crate::outcome::Outcome;
use crate::threads;
use anyhow::{Result, bail};
use clap::Args;
use minima_config::radius;
use std::path::PathBuf;

/// Attack and measure one checkpoint.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: cargo xtask evaluate --weights results/paper/checkpoints/clean-adam-42.safetensors --json"
)]
pub struct Evaluate {
    /// The model: a checkpoint, which is a safetensors file, or an ONNX file. A checkpoint that minima wrote names its network and
    /// its data
    #[arg(long, visible_alias = "model", value_name = "FILE")]
    weights: PathBuf,
    /// Epsilons of FGSM, in units of the pixel range, such as 0.1 or 8/255
    #[arg(long, value_delimiter = ',', default_values_t = [0.1, 0.05, 0.01], value_parser = radius::parse)]
    epsilons: Vec<f64>,
    /// Norms of the weight perturbations, for the sharpness
    #[arg(long, value_delimiter = ',', default_values_t = [0.001, 0.005, 0.01])]
    rhos: Vec<f64>,
    /// Also measure eigenvalues and trace of the Gauss-Newton matrix and the Hessian, on the first 1 000 training images with
    /// clean labels
    #[arg(long)]
    spectrum: bool,
    #[command(flatten)]
    checkpoint: CheckpointOptions,
    #[command(flatten)]
    compute: Compute,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(crate) fn run(self) -> Result<Outcome> {
        threads::start(self.compute.threads)?;
        let (data, checkpoints) = self.checkpoint.open(&[&self.weights])?;
        let Some(checkpoint) = checkpoints.first() else { bail!("found no checkpoint; expected one") };
        let machine = self.compute.device.machine(checkpoint.model.graph())?;
        let train = self.spectrum.then_some(&data.train);
        let evaluation =
            on_a_worker(|| evaluate_checkpoint(checkpoint, &machine, &data.test, train, &self.epsilons, &self.rhos))?;
        if self.json {
            say!("{}", serde_json::to_string(&evaluation)?);
        } else {
            say!("{evaluation}");
        }
        Ok(Outcome::Fine)
    }
}
