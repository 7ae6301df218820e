//! What an experiment does, as data: a TOML file, one of those compiled in or another, with single keys overridden.

mod check;
mod error;
mod flips;
mod table;

pub use error::PresetError;
pub use flips::Flips;

use crate::data_identity::DataIdentity;
use crate::labels::Labels;
use crate::optimizer_spec::OptimizerSpec;
use minima_data::Mnist;
use minima_rows::optimizers::sort_key;
use minima_store::bounded_file::{self, read_text_at_most};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use table::{COMPILED_IN, compiled_in, extended, one_line, parse, set};
use toml::Table;

/// Which network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// [`minima_autodiff::paper_cnn`].
    PaperCnn,
}

/// The arithmetic that models are trained in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// `f32`.
    #[default]
    Single,
    /// `f64`.
    Double,
}

/// A whole experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// The network.
    pub network: NetworkKind,
    /// The arithmetic of training; checkpoints, tests and attacks are in single precision.
    #[serde(default)]
    pub precision: Precision,
    /// One run of everything for each.
    pub seeds: Vec<u64>,
    /// Epochs of training.
    pub epochs: u32,
    /// Images in a step; an epoch's last may have fewer.
    pub batch_size: usize,
    /// The first so many training images.
    pub train_images: usize,
    /// The first so many test images.
    pub test_images: usize,
    /// Labels to train on.
    pub labels: Vec<Labels>,
    /// Share of the labels that are wrong in `poisoned`, 0 to 1.
    pub poison_rate: f64,
    /// How they are made wrong: `uniform`, or one class taken for another, such as `7 to 1`; the rate is then that class's.
    #[serde(default)]
    pub poison_flips: Flips,
    /// FGSM's steps, in units of a pixel's range.
    pub epsilons: Vec<f64>,
    /// Norms of the weight perturbations of the sharpness measure.
    pub rhos: Vec<f64>,
    /// Test images that share a perturbation in the scope `batch`.
    pub sharpness_batch: usize,
    /// The first so many test images are attacked with more than FGSM; 0 for none.
    #[serde(default)]
    pub attacked_images: usize,
    /// The radii of those attacks, in units of a pixel's range.
    #[serde(default)]
    pub attack_epsilons: Vec<f64>,
    /// The radii of the curves of robust accuracy.
    #[serde(default)]
    pub curve_epsilons: Vec<f64>,
    /// The mean loss's curvature is measured on the first so many training images, at most all of them; 0 for none.
    #[serde(default)]
    pub spectrum_images: usize,
    /// The data set's name. A run writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_name: Option<String>,
    /// SHA-256 of each file of the data, by its name; where there are any, no other data is used. A run writes them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// What trains, by name.
    pub optimizers: BTreeMap<String, OptimizerSpec>,
}

impl Preset {
    /// One of its optimizers.
    ///
    /// # Errors
    /// When it has none of this name.
    pub fn optimizer(&self, name: &str) -> Result<&OptimizerSpec, PresetError> {
        self.optimizers.get(name).ok_or_else(|| PresetError::Optimizer {
            found: name.to_owned(),
            expected: self.optimizer_names().join(", "),
        })
    }

    /// The names of the presets compiled in.
    pub fn names() -> impl Iterator<Item = &'static str> {
        COMPILED_IN.iter().map(|(name, _)| *name)
    }

    /// A preset compiled in, with overrides such as `epochs=3` or `optimizers.adam.learning_rate=0.01`.
    ///
    /// # Errors
    /// For an unknown name, an override that is no `key=value` or whose key a preset does not have, and values that make no
    /// sense.
    pub fn named(name: &str, overrides: &[String]) -> Result<Self, PresetError> {
        Self::from_table(compiled_in(name)?, &format!("preset {name}"), overrides)
    }

    /// As [`named`](Self::named), from a file; its key `extends` may name a preset compiled in.
    ///
    /// # Errors
    /// As [`named`](Self::named), and for a file that cannot be read or is no TOML.
    pub fn from_file(path: &Path, overrides: &[String]) -> Result<Self, PresetError> {
        let text = read_text_at_most(path, bounded_file::TEXT)
            .map_err(|source| PresetError::Read { path: path.to_owned(), source })?;
        Self::from_text(&text, &path.display().to_string(), overrides)
    }

    /// As [`from_file`](Self::from_file), from the file's text; errors name `origin`.
    ///
    /// # Errors
    /// As [`named`](Self::named), and for text that is no TOML.
    pub fn from_text(text: &str, origin: &str, overrides: &[String]) -> Result<Self, PresetError> {
        Self::from_table(extended(parse(text, origin)?, origin)?, origin, overrides)
    }

    fn from_table(mut table: Table, origin: &str, overrides: &[String]) -> Result<Self, PresetError> {
        let read = |table: &Table, origin: &str| -> Result<Self, PresetError> {
            let read = table.clone().try_into::<Self>();
            read.map_err(|e| PresetError::Content { origin: origin.to_owned(), message: one_line(e.message()) })
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

    /// The optimizers' names, in the order in which they run and are shown.
    #[must_use]
    pub fn optimizer_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.optimizers.keys().map(String::as_str).collect();
        names.sort_by_key(|name| sort_key(name));
        names
    }

    /// Its first seed.
    #[must_use]
    pub fn first_seed(&self) -> u64 {
        self.seeds.first().copied().unwrap_or_default()
    }

    /// Steps of a run on so many images, 2⁶⁴ − 1 where they are more.
    #[must_use]
    pub fn steps(&self, images: usize) -> u64 {
        (images.div_ceil(self.batch_size.max(1)) as u64).saturating_mul(u64::from(self.epochs))
    }

    /// The same experiment with other seeds.
    ///
    /// # Errors
    /// Returns [`PresetError::Value`] if there is none or one is listed twice, and [`PresetError::Seed`] if one is too large.
    pub fn with_seeds(self, seeds: Vec<u64>) -> Result<Self, PresetError> {
        let changed = Self { seeds, ..self };
        changed.check()?;
        Ok(changed)
    }

    /// The data set that the preset is of, where it says so.
    #[must_use]
    pub fn data_identity(&self) -> Option<DataIdentity> {
        let name = || self.data_name.clone().unwrap_or_else(|| "images of an unknown folder".to_owned());
        (!self.data.is_empty()).then(|| DataIdentity { name: name(), files: self.data.clone() })
    }

    /// The same experiment with this data's name and the SHA-256 of its files.
    ///
    /// # Errors
    /// As [`check_against`](Self::check_against).
    pub fn on_data(self, data: &Mnist) -> Result<Self, PresetError> {
        self.check_against(data)?;
        let DataIdentity { name, files } = DataIdentity::of(data);
        Ok(Self { data_name: Some(name), data: files, ..self })
    }

    /// Checks that this is the data that the preset is of, and that it has the images that the preset asks for.
    ///
    /// # Errors
    /// Returns [`PresetError::Data`] if the preset names other data, and [`PresetError::TooFewImages`] if it asks for more images
    /// than there are.
    pub fn check_against(&self, data: &Mnist) -> Result<(), PresetError> {
        if let Some(difference) = self.data_identity().and_then(|own| own.difference(&DataIdentity::of(data))) {
            return Err(PresetError::Data(Box::new(difference)));
        }
        for (key, asked, there) in
            [("train_images", self.train_images, data.train.len()), ("test_images", self.test_images, data.test.len())]
        {
            if asked > there {
                return Err(PresetError::TooFewImages { key, asked, there });
            }
        }
        Ok(())
    }

    /// The preset as a TOML file that reads back as itself.
    ///
    /// # Errors
    /// Returns [`PresetError::Content`] if a number is larger than TOML can hold, 2⁶³ − 1, or the preset is one that a file cannot
    /// have.
    pub fn to_toml(&self) -> Result<String, PresetError> {
        const ORIGIN: &str = "config.toml";
        let failed = |message: &str| PresetError::Content { origin: ORIGIN.into(), message: one_line(message) };
        let text = toml::to_string_pretty(self).map_err(|error| failed(&error.to_string()))?;
        if Self::from_text(&text, ORIGIN, &[])? == *self {
            Ok(text)
        } else {
            Err(failed("found a preset that reads back as another, expected one that reads back as itself"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> Result<Preset, PresetError> {
        Preset::named("extended", &[text.to_owned()])
    }

    #[test]
    fn every_preset_reads() {
        for name in Preset::names() {
            Preset::named(name, &[]).unwrap();
        }
        let hardware = Preset::named("paper-hardware", &[]).unwrap();
        let names = ["sgd", "adam", "gauss-newton-published", "gauss-newton-published-tf32", "gauss-newton"];
        assert_eq!(hardware.optimizer_names(), names);
    }

    #[test]
    fn every_preset_reads_back_as_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        for name in Preset::names() {
            let preset = Preset::named(name, &["epsilons=[0.1, 0.3]".to_owned()]).unwrap();
            std::fs::write(&path, preset.to_toml().unwrap()).unwrap();
            assert_eq!(Preset::from_file(&path, &[]).unwrap(), preset);
        }
    }

    #[test]
    fn overrides_change_one_key() {
        assert_eq!(change("epochs=3").unwrap().epochs, 3);
        assert_eq!(change("seeds=[1, 2]").unwrap().seeds, [1, 2]);
        let changed = change("optimizers.gauss-newton.damping = 0.1").unwrap();
        assert_ne!(changed, Preset::named("extended", &[]).unwrap());
        assert_eq!(changed.optimizers.len(), 8);
    }

    #[test]
    fn wrong_overrides_are_named_in_one_line() {
        for (text, part) in [
            ("epoch=3", "unknown field `epoch`"),
            ("epochs", "expected key=value"),
            ("epochs=-1", "--set epochs=-1"),
            ("epochs=x", "--set epochs=x"),
            ("optimizer.adam.learning_rate=1", "there is no table optimizer"),
            ("optimizers.adam.rate=1", "unknown field `rate`"),
            ("poison_rate=1.5", "poison_rate is 1.5"),
            ("poison_rate=nan", "poison_rate is NaN"),
            ("poison_flips=7to1", "poison_flips is 7to1"),
            ("epsilons=[-0.1]", "epsilons is -0.1"),
            ("batch_size=60001", "batch_size is 60001"),
            ("seeds=[]", "the number of seeds is 0"),
            ("seeds=[1, 1]", "each seed once"),
            ("optimizers.gauss-newton.damping=0", "optimizers.gauss-newton.damping is 0"),
            ("optimizers.kfac.inverse_every=0", "optimizers.kfac.inverse_every is 0"),
            ("optimizers.kfac.statistics_every=-1", "optimizers.kfac.statistics_every=-1"),
            ("optimizers.gauss-newton-cg.step_limit=-1", "optimizers.gauss-newton-cg.step_limit is -1"),
            ("optimizers.sam.base.learning_rate=0", "optimizers.sam.base.learning_rate is 0"),
            ("optimizers.sam.base.damping=1", "unknown field `damping`"),
            ("optimizers.sam.base.labels=[\"clean\"]", "optimizers.sam.base.labels"),
            ("optimizers.gauss-newton-cg.tolerance=1", "optimizers.gauss-newton-cg.tolerance is 1"),
        ] {
            let message = change(text).unwrap_err().to_string();
            assert!(message.contains(part) && !message.contains('\n'), "{text}: {message}");
        }
        let both = ["variant=sum", "adaptive_damping=true"].map(|set| format!("optimizers.gauss-newton-cg.{set}"));
        let message = Preset::named("extended", &both).unwrap_err().to_string();
        assert!(message.contains("optimizers.gauss-newton-cg.adaptive_damping is 1"), "{message}");
        assert!(Preset::named("papr", &[]).unwrap_err().to_string().contains("expected one of paper"));
    }

    #[test]
    fn numbers_that_are_too_large_for_their_product_and_names_of_nothing() {
        let text = "extends = \"quick\"\nepochs = 4294967295\nbatch_size = 1\ntrain_images = 9223372036854775807\n";
        let preset = Preset::from_text(text, "mine", &[]).unwrap();
        assert_eq!(preset.steps(preset.train_images), u64::MAX);
        let nameless = "extends = \"quick\"\n[optimizers.\"\"]\nkind = \"sgd\"\nlearning_rate = 0.1\n";
        let message = Preset::from_text(nameless, "mine", &[]).unwrap_err().to_string();
        assert!(message.contains("an optimizer's name is ; expected letters"), "{message}");
    }

    #[test]
    fn a_file_may_extend_a_preset() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "extends = \"quick\"\nseeds = [7]\n").unwrap();
        let preset = Preset::from_file(&path, &[]).unwrap();
        assert_eq!((preset.seeds, preset.epochs, preset.train_images), (vec![7], 2, 6_000));
        std::fs::write(&path, "extends = 3").unwrap();
        assert!(Preset::from_file(&path, &[]).is_err());
        assert!(Preset::from_file(&folder.path().join("none.toml"), &[]).is_err());
    }
}
