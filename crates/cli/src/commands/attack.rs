//! `cargo xtask attack`.

use super::{Device, load_data, on_a_worker};
use crate::attack_results::AttackResults;
use crate::attack_run::{Request, attack_checkpoint, transfer_checkpoints};
use crate::interruption::listen;
use crate::outcome::Outcome;
use crate::threads;
use anyhow::{Result, bail};
use clap::Args;
use minima_config::Norm;
use minima_config::attack_catalogue::{CATALOGUE, Options};
use minima_config::preset::NetworkKind;
use minima_config::seed;
use minima_rows::Table;
use minima_runs::machine::Machine;
use minima_runs::trained_on;
use std::path::{Path, PathBuf};

/// Attack a checkpoint, or show the images made on one checkpoint to others
///
/// With --transfer an iterated attack takes all steps, also on images that the attacked checkpoint misclassifies before, and
/// counted are the images that both checkpoints classify correctly as they are. The output says which image is shown.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: cargo xtask attack --weights mine.safetensors --attack autoattack --epsilons 0.1,0.05 --images 1000"
)]
pub struct Attack {
    /// The checkpoint to attack
    #[arg(long, value_name = "FILE", required_unless_present_any = ["list", "transfer"], conflicts_with = "transfer")]
    weights: Option<PathBuf>,
    /// The checkpoint whose adversarial images are shown to those after --to
    #[arg(long, value_name = "FILE", requires = "to")]
    transfer: Option<PathBuf>,
    /// Checkpoints that are shown the images made on another, separated by commas
    #[arg(long, value_name = "FILES", value_delimiter = ',', requires = "transfer")]
    to: Vec<PathBuf>,
    /// The attack; --list names them all
    #[arg(long, default_value = "pgd")]
    attack: String,
    /// Radii, in units of a pixel's range
    #[arg(long, value_delimiter = ',', default_values_t = [0.1, 0.05])]
    epsilons: Vec<f64>,
    /// The norm of the perturbation: linf or l2
    #[arg(long, default_value = "linf", value_parser = |norm: &str| norm.parse::<Norm>().map_err(|e| e.to_string()))]
    norm: Norm,
    /// Steps, queries or draws [default: the attack's own]
    #[arg(long)]
    steps: Option<usize>,
    /// A step's length as a share of epsilon [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    step_size: Option<f64>,
    /// Starts, each on the images that are still robust: PGD starts at the image and then at random points [default: 1]
    #[arg(long)]
    restarts: Option<usize>,
    /// The first so many images of the test set [default: all]
    #[arg(long)]
    images: Option<usize>,
    /// Seed of the attack's random numbers [default: 0]
    #[arg(long, value_parser = seed::parse)]
    seed: Option<u64>,
    /// Folder with the four files of MNIST, instead of the one in the repository
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Use this data even if a checkpoint was trained on other data
    #[arg(long)]
    other_data: bool,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    device: Device,
    /// Folder for attack.csv; stopped, the same command goes on radius by radius
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Move what is in the folder aside, and begin anew; nothing is deleted
    #[arg(long, requires = "out")]
    fresh: bool,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
    /// List the attacks
    #[arg(long)]
    list: bool,
}

impl Attack {
    pub(crate) fn run(self) -> Result<Outcome> {
        if self.list {
            let mut table = Table::new(&["attack", "what it is", "norms"]);
            for entry in CATALOGUE {
                let norms: Vec<String> = entry.norms.iter().map(ToString::to_string).collect();
                table.rows.push(vec![entry.name.to_owned(), entry.about.to_owned(), norms.join(", ")]);
            }
            say!("{}", table.to_text().trim_end());
            return Ok(Outcome::Fine);
        }
        threads::start(None)?;
        let data = load_data(self.data.as_deref())?;
        let first = self.weights.iter().chain(&self.transfer);
        let checkpoints: Vec<&Path> = first.chain(&self.to).map(PathBuf::as_path).collect();
        if !self.other_data {
            for checkpoint in &checkpoints {
                trained_on::check(checkpoint, &data)?;
            }
        }
        let test = match self.images {
            Some(0) => bail!("--images is 0; expected at least 1"),
            Some(images) if images > data.test.len() => {
                bail!("--images is {images}; the test set has {}", data.test.len())
            }
            Some(images) => data.test.take(images),
            None => data.test.clone(),
        };
        let machine = match self.weights {
            Some(_) => self.device.machine(NetworkKind::PaperCnn, &test)?,
            // Adversarial images are shown to others on the processor.
            None => Machine::Processor,
        };
        let options =
            Options { steps: self.steps, step_size: self.step_size, restarts: self.restarts, seed: self.seed };
        let (attack, norm, epsilons) = (self.attack.as_str(), self.norm, self.epsilons.as_slice());
        let request = Request { attack, norm, epsilons, options, kept: None };
        let results = match &self.out {
            Some(out) => {
                let (results, moved) =
                    AttackResults::open(out, self.fresh, &checkpoints, &machine, &data, test.len(), &request)?;
                if let Some(moved) = moved {
                    tell!("what was there is now in {}", moved.display());
                }
                listen()?;
                Some(results)
            }
            None => None,
        };
        let request = Request { kept: results.as_ref().map(AttackResults::unfinished), ..request };
        let (json, text, rows) = match (&self.weights, &self.transfer) {
            (Some(weights), _) => {
                let report = on_a_worker(|| attack_checkpoint(weights, &machine, &test, &request))?;
                (serde_json::to_string(&report)?, report.to_string(), report.rows())
            }
            (None, Some(source)) => {
                let report = on_a_worker(|| transfer_checkpoints(source, &self.to, &test, &request))?;
                (serde_json::to_string(&report)?, report.to_string(), report.rows())
            }
            (None, None) => bail!("--weights or --transfer is needed"),
        };
        if let Some(results) = results {
            results.finish(&rows)?;
        }
        say!("{}", if self.json { json } else { text });
        Ok(Outcome::Fine)
    }
}
