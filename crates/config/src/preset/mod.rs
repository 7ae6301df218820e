//! Presets: the definition of an experiment in TOML, built in or from a file, with overrides of single keys.

mod check;
mod check_appearance;
mod error;
mod flips;
mod on_data;
mod precision;
mod table;

pub use error::PresetError;
pub use flips::Flips;
pub use precision::Precision;

use crate::grid::Grid;
use crate::labels::Labels;
use crate::network_choice::{self, NetworkChoice};
use crate::optimizer_spec::{OptimizerSpec, PresetOptimizer};
use crate::training_options::TrainingOptions;
use crate::{radius, seed};
use minima_data::DataSource;
use minima_network::suggestion::one_of;
use minima_rows::optimizers::sort_key;
use minima_store::bounded_file::{self, read_text_at_most};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use table::{COMPILED_IN, compiled_in, explained, extended, one_line, parse, set};
use toml::{Table, Value};

/// The number of images that stands for all images there are, until the data is known.
pub const ALL_IMAGES: usize = i64::MAX as usize;

/// The table of a preset's file that is not a key of presets.
const GRID: &str = "grid";

/// The table of a preset's file, and the file's name for errors.
fn table_of(path: &Path) -> Result<(Table, String), PresetError> {
    let text = read_text_at_most(path, bounded_file::TEXT)
        .map_err(|source| PresetError::Read { path: path.to_owned(), source })?;
    let origin = path.display().to_string();
    let mut table = extended(parse(&text, &origin)?, &origin)?;
    if let (Some(network), Some(folder)) = (table.get_mut("network"), path.parent()) {
        network_choice::toml_form::relative_to(folder, network);
    }
    Ok((table, origin))
}

fn all_images() -> usize {
    ALL_IMAGES
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Domains of branch and bound for each image and radius: a second or so on the paper's network.
const CERTIFIED_DOMAINS: usize = 1_000;

fn certified_domains() -> usize {
    CERTIFIED_DOMAINS
}

fn is_certified_domains(domains: &usize) -> bool {
    *domains == CERTIFIED_DOMAINS
}

/// PGD with 40 steps of a tenth of the radius, AutoAttack, and Square, which needs no gradient.
const PUBLISHED_ATTACKS: [&str; 3] = ["pgd", "autoattack", "square"];

fn published_attacks() -> Vec<String> {
    PUBLISHED_ATTACKS.map(str::to_owned).to_vec()
}

fn are_published(attacks: &[String]) -> bool {
    attacks == PUBLISHED_ATTACKS
}

/// The definition of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The network.
    pub network: NetworkChoice,
    /// The data set. The command line may name another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataSource>,
    /// The arithmetic of training; checkpoints, tests and attacks are in single precision.
    #[serde(default)]
    pub precision: Precision,
    /// The seeds. All runs are repeated for each seed.
    #[serde(deserialize_with = "seed::list")]
    pub seeds: Vec<u64>,
    /// Epochs of training.
    pub epochs: u32,
    /// Images in a step. The last step of an epoch may have fewer.
    pub batch_size: usize,
    /// The number of training images, the first ones of the data that are not held out; all by default.
    #[serde(default = "all_images")]
    pub train_images: usize,
    /// The number of test images, the first ones of the data; all by default.
    #[serde(default = "all_images")]
    pub test_images: usize,
    /// The number of training images that are held out of training, drawn at random from all training images. Every model is
    /// measured on them after each epoch. `train_images` counts the images that remain.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub validation_images: usize,
    /// The kinds of labels to train on.
    pub labels: Vec<Labels>,
    /// The share of wrong labels in `poisoned`, 0 to 1.
    pub poison_rate: f64,
    /// How labels are poisoned: `uniform`, or one class replaced by another, such as `7 to 1`. The rate is then a share of this
    /// class.
    #[serde(default)]
    pub poison_flips: Flips,
    /// The radii of FGSM, in units of a pixel's range.
    #[serde(deserialize_with = "radius::list")]
    pub epsilons: Vec<f64>,
    /// Norms of the weight perturbations of the sharpness measure.
    pub rhos: Vec<f64>,
    /// Test images that share a perturbation in the scope `batch`.
    pub sharpness_batch: usize,
    /// The number of test images, the first ones, for the attacks other than FGSM; 0 skips these attacks.
    #[serde(default)]
    pub attacked_images: usize,
    /// The attacks of the table of robust images, by name, in L∞; a program may have registered more.
    #[serde(default = "published_attacks", skip_serializing_if = "are_published")]
    pub attacks: Vec<String>,
    /// The radii of the attacks other than FGSM, in units of a pixel's range.
    #[serde(default, deserialize_with = "radius::list")]
    pub attack_epsilons: Vec<f64>,
    /// The radii of the curves of robust accuracy.
    #[serde(default, deserialize_with = "radius::list")]
    pub curve_epsilons: Vec<f64>,
    /// The number of test images, the first ones, for which proofs are sought; 0 skips the proofs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub certified_images: usize,
    /// The radii of the proofs, in L∞.
    #[serde(default, deserialize_with = "radius::list", skip_serializing_if = "Vec::is_empty")]
    pub certified_epsilons: Vec<f64>,
    /// The largest number of domains of branch and bound for each image and radius.
    #[serde(default = "certified_domains", skip_serializing_if = "is_certified_domains")]
    pub certified_domains: usize,
    /// The number of training images, the first ones, on which the mean loss's curvature is measured; 0 skips the measurement. A
    /// number above `train_images` means all training images.
    #[serde(default)]
    pub spectrum_images: usize,
    /// The data set's name. A run records it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_name: Option<String>,
    /// The SHA-256 of each file of the data, by file name. If not empty, other data is an error. A run records the hashes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data_files: BTreeMap<String, String>,
    /// How models are trained, beside the optimizer.
    #[serde(default, skip_serializing_if = "TrainingOptions::is_default")]
    pub training: TrainingOptions,
    /// The optimizers, by name.
    pub optimizers: BTreeMap<String, PresetOptimizer>,
}

impl Preset {
    /// The optimizer with this name.
    ///
    /// # Errors
    /// Returns [`PresetError::Optimizer`] if the preset has no optimizer with this name.
    pub fn optimizer(&self, name: &str) -> Result<&OptimizerSpec, PresetError> {
        self.optimizers.get(name).map(|own| &own.spec).ok_or_else(|| PresetError::Optimizer {
            found: name.to_owned(),
            expected: one_of(self.optimizer_names(), name),
        })
    }

    /// The names of the built-in presets.
    pub fn names() -> impl Iterator<Item = &'static str> {
        COMPILED_IN.iter().map(|(name, _)| *name)
    }

    /// A built-in preset, with overrides such as `epochs=3` or `optimizers.adam.learning_rate=0.01`.
    ///
    /// # Errors
    /// Returns [`PresetError::Name`] if the name is unknown, [`PresetError::Content`] if an override is not `key=value` or has an
    /// unknown key, and [`PresetError::Value`] or [`PresetError::Seed`] if a value is out of its range.
    pub fn named(name: &str, overrides: &[String]) -> Result<Self, PresetError> {
        Self::from_table(compiled_in(name)?, &format!("preset {name}"), overrides)
    }

    /// Reads a preset from a file, with overrides. Its key `extends` may name a built-in preset. The file of a network is
    /// relative to the preset's folder.
    ///
    /// # Errors
    /// Returns [`PresetError::Read`] if the file cannot be read, and the errors of [`from_text`](Self::from_text).
    pub fn from_file(path: &Path, overrides: &[String]) -> Result<Self, PresetError> {
        let (table, origin) = table_of(path)?;
        Self::from_table(table, &origin, overrides)
    }

    /// Reads a preset from a file as [`from_file`](Self::from_file) does, and the grid of its table `grid`.
    ///
    /// # Errors
    /// Returns the errors of [`from_file`](Self::from_file), and [`PresetError::Content`] if the grid is not valid.
    pub fn with_grid_from_file(path: &Path, overrides: &[String]) -> Result<(Self, Grid), PresetError> {
        let (table, origin) = table_of(path)?;
        Self::with_grid_from_table(table, &origin, overrides)
    }

    /// Parses the text of a preset's file with a grid; errors name `origin`.
    ///
    /// # Errors
    /// Returns the errors of [`from_text`](Self::from_text), and [`PresetError::Content`] if the grid is not valid.
    pub fn with_grid_from_text(text: &str, origin: &str, overrides: &[String]) -> Result<(Self, Grid), PresetError> {
        Self::with_grid_from_table(extended(parse(text, origin)?, origin)?, origin, overrides)
    }

    fn with_grid_from_table(mut table: Table, origin: &str, overrides: &[String]) -> Result<(Self, Grid), PresetError> {
        let grid = match table.remove(GRID) {
            None => Grid::default(),
            Some(Value::Table(grid)) => Grid::from_table(grid, origin)?,
            Some(other) => {
                let message = format!("grid is {other}; expected a table of lists");
                return Err(PresetError::Content { origin: origin.to_owned(), message });
            }
        };
        Ok((Self::from_table(table, origin, overrides)?, grid))
    }

    /// Parses the text of a preset's file, with overrides; errors name `origin`.
    ///
    /// # Errors
    /// Returns [`PresetError::Content`] if the text is not valid TOML, and the errors of [`named`](Self::named).
    pub fn from_text(text: &str, origin: &str, overrides: &[String]) -> Result<Self, PresetError> {
        Self::from_table(extended(parse(text, origin)?, origin)?, origin, overrides)
    }

    fn from_table(mut table: Table, origin: &str, overrides: &[String]) -> Result<Self, PresetError> {
        let read = |table: &Table, origin: &str| -> Result<Self, PresetError> {
            let read = table.clone().try_into::<Self>();
            read.map_err(|e| PresetError::Content { origin: origin.to_owned(), message: explained(&e.to_string()) })
        };
        let mut preset = read(&table, origin)?;
        for change in overrides {
            let origin = format!("--set {change}");
            set(&mut table, change).map_err(|message| PresetError::Content { origin: origin.clone(), message })?;
            preset = read(&table, &origin)?;
        }
        preset.check()?;
        Ok(preset)
    }

    /// The optimizers' names, in the order of runs and reports.
    #[must_use]
    pub fn optimizer_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.optimizers.keys().map(String::as_str).collect();
        names.sort_by_key(|name| sort_key(name));
        names
    }

    /// The first seed.
    #[must_use]
    pub fn first_seed(&self) -> u64 {
        self.seeds.first().copied().unwrap_or_default()
    }

    /// The number of steps of a run on this number of images, at most 2⁶⁴ − 1.
    #[must_use]
    pub fn steps(&self, images: usize) -> u64 {
        (images.div_ceil(self.batch_size.max(1)) as u64).saturating_mul(u64::from(self.epochs))
    }

    /// The same experiment with these optimizers alone.
    ///
    /// # Errors
    /// Returns [`PresetError::Optimizer`] if the preset has no optimizer with one of the names.
    pub fn with_optimizers(mut self, names: &[String]) -> Result<Self, PresetError> {
        for name in names {
            self.optimizer(name)?;
        }
        self.optimizers.retain(|name, _| names.contains(name));
        Ok(self)
    }

    /// The same experiment with other seeds.
    ///
    /// # Errors
    /// Returns [`PresetError::Value`] if `seeds` is empty or lists a seed twice, and [`PresetError::Seed`] if a seed is too
    /// large.
    pub fn with_seeds(self, seeds: Vec<u64>) -> Result<Self, PresetError> {
        let changed = Self { seeds, ..self };
        changed.check()?;
        Ok(changed)
    }

    /// The same experiment with the network that a user names on the command line ([`NetworkChoice::from_argument`]). If the
    /// preset normalises by the data, so does the experiment, unless the network has a normalisation of its own.
    ///
    /// # Errors
    /// Returns [`PresetError::Network`] if there is no such network or its description is not valid.
    pub fn with_network(self, argument: &str) -> Result<Self, PresetError> {
        let network = NetworkChoice::from_argument(argument)?.normalized_as(&self.network);
        Ok(Self { network, ..self })
    }

    /// The preset as a TOML file that reads back as the same preset.
    ///
    /// # Errors
    /// Returns [`PresetError::Content`] if a number is larger than TOML's largest, 2⁶³ − 1, or the file does not read back as the
    /// same preset. Returns [`PresetError::Value`] or [`PresetError::Seed`] if a value is out of its range.
    pub fn to_toml(&self) -> Result<String, PresetError> {
        const ORIGIN: &str = "config.toml";
        let failed = |message: &str| PresetError::Content { origin: ORIGIN.into(), message: one_line(message) };
        let text = toml::to_string_pretty(self).map_err(|error| failed(&error.to_string()))?;
        if Self::from_text(&text, ORIGIN, &[])? == *self {
            Ok(text)
        } else {
            Err(failed("the preset does not read back from TOML as the same preset"))
        }
    }
}

#[cfg(test)]
mod tests;
