//! `cargo xtask attack`.

use super::{Device, on_a_worker, test_images};
use crate::attack_results::AttackResults;
use crate::attack_run::{Request, attack_checkpoint, transfer_checkpoints};
use crate::checkpoints::CheckpointOptions;
use crate::interruption::listen;
use crate::outcome::Outcome;
use crate::threads;
use anyhow::{Result, bail};
use clap::Args;
use minima_config::Norm;
use minima_config::attack_catalogue::{Options, entries};
use minima_config::radius;
use minima_config::seed;
use minima_rows::Table;
use minima_runs::machine::Machine;
use std::path::{Path, PathBuf};

/// Attack a checkpoint, or measure how adversarial images transfer to other checkpoints
///
/// With --transfer, an iterated attack takes all steps, even after the attacked checkpoint misclassifies the image. Only clean
/// images that both checkpoints classify correctly are counted. The output says which image of the attack is used.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: cargo xtask attack --weights mine.safetensors --attack autoattack --epsilons 0.1,0.05 --images 1000"
)]
pub struct Attack {
    /// The model to attack: a checkpoint, or an ONNX file
    #[arg(long, visible_alias = "model", value_name = "FILE", required_unless_present_any = ["list", "transfer"], conflicts_with = "transfer")]
    weights: Option<PathBuf>,
    /// The checkpoint to make adversarial images on, for the checkpoints of --to
    #[arg(long, value_name = "FILE", requires = "to")]
    transfer: Option<PathBuf>,
    /// Checkpoints that classify the images of --transfer, separated by commas
    #[arg(long, value_name = "FILES", value_delimiter = ',', requires = "transfer")]
    to: Vec<PathBuf>,
    /// The attack; --list lists all attacks
    #[arg(long, default_value = "pgd")]
    attack: String,
    /// Epsilons, in units of the pixel range, such as 0.1 or 8/255
    #[arg(long, value_delimiter = ',', default_values_t = [0.1, 0.05], value_parser = radius::parse)]
    epsilons: Vec<f64>,
    /// The norm of the perturbation: linf or l2
    #[arg(long, default_value = "linf", value_parser = |norm: &str| norm.parse::<Norm>().map_err(|e| e.to_string()))]
    norm: Norm,
    /// Number of steps, queries or draws [default: depends on the attack]
    #[arg(long)]
    steps: Option<usize>,
    /// Step size as a fraction of epsilon [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    step_size: Option<f64>,
    /// Number of starts, each on the images that are still robust. PGD starts at the image, then at random points [default: 1]
    #[arg(long)]
    restarts: Option<usize>,
    /// Attack the first N test images [default: all]
    #[arg(long)]
    images: Option<usize>,
    /// Seed of the attack's random numbers [default: 0]
    #[arg(long, value_parser = seed::parse)]
    seed: Option<u64>,
    #[command(flatten)]
    checkpoint: CheckpointOptions,
    /// The device to compute on
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Folder for attack.csv and, for each epsilon, the adversarial images as a NumPy file; a stopped attack resumes at the next epsilon with the same command
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Move the folder's contents aside and start again; nothing is deleted
    #[arg(long, requires = "out")]
    fresh: bool,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
    /// List the attacks
    #[arg(long)]
    list: bool,
}

impl Attack {
    pub(crate) fn run(self) -> Result<Outcome> {
        if self.list {
            let mut table = Table::new(&["attack", "description", "norms"]);
            for entry in entries() {
                let norms: Vec<String> = entry.norms.iter().map(ToString::to_string).collect();
                table.rows.push(vec![entry.name.to_owned(), entry.about.to_owned(), norms.join(", ")]);
            }
            say!("{}", table.to_text().trim_end());
            return Ok(Outcome::Fine);
        }
        threads::start(None)?;
        let first = self.weights.iter().chain(&self.transfer);
        let paths: Vec<&Path> = first.chain(&self.to).map(PathBuf::as_path).collect();
        let (data, checkpoints) = self.checkpoint.open(&paths)?;
        let Some((attacked, targets)) = checkpoints.split_first() else {
            bail!("found neither --weights nor --transfer; expected one of them")
        };
        let test = test_images(&data.test, self.images)?;
        let machine = match self.weights {
            Some(_) => self.device.machine(attacked.model.graph())?,
            // Transfer is measured on the CPU.
            None => Machine::Processor,
        };
        let options =
            Options { steps: self.steps, step_size: self.step_size, restarts: self.restarts, seed: self.seed };
        let (attack, norm, epsilons) = (self.attack.as_str(), self.norm, self.epsilons.as_slice());
        let request = Request { attack, norm, epsilons, options, kept: None, folder: None };
        let results = match &self.out {
            Some(out) => {
                let (results, moved) =
                    AttackResults::open(out, self.fresh, &checkpoints, &machine, &data, test.len(), &request)?;
                if let Some(moved) = moved {
                    tell!("moved the existing results to {}", moved.display());
                }
                listen()?;
                Some(results)
            }
            None => None,
        };
        let kept = results.as_ref().map(AttackResults::unfinished);
        let request = Request { kept, folder: self.out.as_deref(), ..request };
        let (json, text, rows) = if self.transfer.is_none() {
            let report = on_a_worker(|| attack_checkpoint(attacked, &machine, &test, &request))?;
            (serde_json::to_string(&report)?, report.to_string(), report.rows())
        } else {
            let report = on_a_worker(|| transfer_checkpoints(attacked, targets, &test, &request))?;
            (serde_json::to_string(&report)?, report.to_string(), report.rows())
        };
        if let Some(results) = results {
            results.finish(&rows)?;
        }
        say!("{}", if self.json { json } else { text });
        Ok(Outcome::Fine)
    }
}
