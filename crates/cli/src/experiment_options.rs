//! Options that select one experiment, or several.

use anyhow::{Context, Result};
use clap::Args;
use minima_config::Grid;
use minima_config::preset::Preset;
use std::path::{Path, PathBuf};

/// Options that select an experiment.
#[derive(Debug, Args)]
pub(crate) struct Experiment {
    /// The experiment: paper, standard, fashion, cifar10, paper-hardware, studies, extended, quick or check [default: paper for reproduce, studies for study,
    /// else extended]
    #[arg(long, conflicts_with = "config")]
    preset: Option<String>,
    /// Read the experiment from a TOML file, which may contain `extends = "paper"`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    changes: Changes,
}

/// Options that select one experiment or several.
#[derive(Debug, Args)]
pub(crate) struct Experiments {
    /// The experiment: paper, standard, fashion, cifar10, paper-hardware, studies, extended, quick or check; may be repeated, also
    /// beside --config, for a results folder with a part for each [default: paper]
    #[arg(long)]
    preset: Vec<String>,
    /// Read the experiment from a TOML file, which may contain `extends = "paper"`; may be repeated
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    #[command(flatten)]
    changes: Changes,
}

/// Options that change keys of an experiment.
#[derive(Debug, Args)]
struct Changes {
    /// Set one key, such as epochs=3 or optimizers.adam.learning_rate=0.01; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The network: a name of the zoo, a registered name, or the file of a description; normalised by the data if the experiment's is
    /// [default: the experiment's]
    #[arg(long, value_name = "NAME|FILE")]
    network: Option<String>,
    /// Epochs of training [default: the experiment's]
    #[arg(long)]
    epochs: Option<u32>,
    /// Images in a step [default: the experiment's]
    #[arg(long)]
    batch_size: Option<usize>,
}

impl Changes {
    /// Whether any of the options was given.
    fn are_given(&self) -> bool {
        self.network.is_some() || !self.overrides().is_empty()
    }

    /// The preset with the network of the option.
    fn with_network(&self, preset: Preset) -> Result<Preset> {
        match &self.network {
            Some(network) => preset.with_network(network).with_context(|| format!("--network {network}")),
            None => Ok(preset),
        }
    }

    /// The keys that the options set.
    fn overrides(&self) -> Vec<String> {
        let mut overrides = self.set.clone();
        overrides.extend(self.epochs.map(|epochs| format!("epochs={epochs}")));
        overrides.extend(self.batch_size.map(|images| format!("batch_size={images}")));
        overrides
    }
}

impl Experiment {
    /// Whether any of the options was given.
    pub(crate) fn is_given(&self) -> bool {
        self.preset.is_some() || self.config.is_some() || self.changes.are_given()
    }

    /// The epochs of the option `--epochs`.
    pub(crate) fn epochs(&self) -> Option<u32> {
        self.changes.epochs
    }

    /// Whether this file is the one given with `--config`.
    pub(crate) fn is_described_by(&self, file: &Path) -> bool {
        let Some(config) = &self.config else { return false };
        config == file || matches!((config.canonicalize(), file.canonicalize()), (Ok(a), Ok(b)) if a == b)
    }

    /// The experiment's name and preset; without a choice, the preset `default`.
    pub(crate) fn preset(&self, default: &str) -> Result<(String, Preset)> {
        self.preset_with(default, &[])
    }

    /// The experiment's preset, and the grid of its file, which is empty for a built-in preset.
    pub(crate) fn with_grid(&self, default: &str) -> Result<(Preset, Grid)> {
        let overrides = self.changes.overrides();
        let (preset, grid) = match &self.config {
            Some(path) => Preset::with_grid_from_file(path, &overrides)?,
            None => (Preset::named(self.preset.as_deref().unwrap_or(default), &overrides)?, Grid::default()),
        };
        Ok((self.changes.with_network(preset)?, grid))
    }

    /// The experiment's name and preset, with further keys.
    pub(crate) fn preset_with(&self, default: &str, keys: &[String]) -> Result<(String, Preset)> {
        let overrides = [self.changes.overrides(), keys.to_vec()].concat();
        let Some(path) = &self.config else {
            let name = self.preset.as_deref().unwrap_or(default);
            return Ok((name.to_owned(), self.changes.with_network(Preset::named(name, &overrides)?)?));
        };
        Ok((stem(path), self.changes.with_network(Preset::from_file(path, &overrides)?)?))
    }
}

impl Experiments {
    /// The names and presets of the experiments of `--preset`, and then of `--config`. Without a choice, this is the preset
    /// `default`. All have the same changes.
    pub(crate) fn presets(&self, default: &str) -> Result<Vec<(String, Preset)>> {
        let overrides = self.changes.overrides();
        let default = [default.to_owned()];
        let named = if self.preset.is_empty() && self.config.is_empty() { &default[..] } else { &self.preset[..] };
        let mut presets = Vec::new();
        for name in named {
            presets.push((name.clone(), self.changes.with_network(Preset::named(name, &overrides)?)?));
        }
        let is_one = presets.len() + self.config.len() == 1;
        for path in &self.config {
            let name = if is_one { stem(path) } else { part_name(path) };
            presets.push((name, self.changes.with_network(Preset::from_file(path, &overrides)?)?));
        }
        Ok(presets)
    }
}

/// The file's name without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "config".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The name of a file's part: the folder's name for the `config.toml` of a results folder, and else the file's name without its
/// ending.
fn part_name(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).filter(|_| path.ends_with("config.toml"));
    folder.map_or_else(|| stem(path), |folder| folder.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_of_a_results_folder_has_its_name() {
        let names = ["mine.toml", "results/both/fashion/config.toml", "config.toml", "a/mine.toml"];
        assert_eq!(names.map(|path| part_name(Path::new(path))), ["mine", "fashion", "config", "mine"]);
    }
}
