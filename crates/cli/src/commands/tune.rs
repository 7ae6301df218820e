//! `cargo xtask tune`.

use super::{Resources, on_a_worker};
use crate::experiment_options::Experiment;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::tuning::{Grid, HELD_OUT, table, tunable, tune};
use anyhow::Result;
use clap::Args;
use minima_config::optimizer_spec::OptimizerSpec;
use minima_rows::{TuningRow, write_csv};
use std::path::PathBuf;

/// Epochs per point.
const EPOCHS: u32 = 3;

/// Search learning rate, damping and SAM's radius of each optimizer on held-out training images, for 3 epochs without
/// `--epochs`. The highest held-out accuracy is
/// chosen; ties are broken by the lowest loss.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask tune --optimizers kfac,ekfac --learning-rates 0.01,0.03 --dampings 0.01")]
pub struct Tune {
    #[command(flatten)]
    experiment: Experiment,
    /// Optimizers of the experiment, separated by commas [default: all except the published Gauss-Newton, its sum and its
    /// emulation]
    #[arg(long, value_delimiter = ',')]
    optimizers: Vec<String>,
    /// Learning rates to try [default: depends on the optimizer]
    #[arg(long, value_delimiter = ',')]
    learning_rates: Vec<f64>,
    /// Dampings to try, for optimizers with damping [default: depends on the optimizer]
    #[arg(long, value_delimiter = ',')]
    dampings: Vec<f64>,
    /// Radii of SAM to try [default: 0.01,0.05,0.1]
    #[arg(long, value_delimiter = ',')]
    rhos: Vec<f64>,
    /// Folder for tuning.csv
    #[arg(long, value_name = "FOLDER", default_value = "results/tuning")]
    out: PathBuf,
    #[command(flatten)]
    resources: Resources,
}

impl Tune {
    pub(crate) fn run(self) -> Result<Outcome> {
        let (_, mut preset) = self.experiment.preset("extended")?;
        preset.epochs = self.experiment.epochs().unwrap_or(EPOCHS);
        let optimizers = if self.optimizers.is_empty() { tunable(&preset) } else { self.optimizers };
        let grid = |spec: &OptimizerSpec| {
            let mut grid = Grid::of(spec);
            for (given, values) in [
                (&self.learning_rates, &mut grid.learning_rates),
                (&self.dampings, &mut grid.dampings),
                (&self.rhos, &mut grid.rhos),
            ] {
                if !given.is_empty() {
                    values.clone_from(given);
                }
            }
            grid
        };
        let (preset, data, machine) = self.resources.open(preset)?;
        let mut progress = Progress::new();
        let path = self.out.join("tuning.csv");
        let kept = |rows: &[TuningRow]| Ok(write_csv(&path, rows)?);
        let rows = on_a_worker(|| tune(&machine, &preset, &optimizers, grid, &data, kept, &mut progress))?;
        progress.finish();
        say!("{}", table(&rows).to_text().trim_end());
        say!("Held out the last {HELD_OUT} training images. Written to {}", path.display());
        Ok(Outcome::Fine)
    }
}
