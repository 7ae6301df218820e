//! Training runs that studies request.

use crate::error::RunError;
use crate::numerics;
use minima_config::Labels;
use minima_config::NetworkChoice;
use minima_config::OptimizerSpec;
use minima_config::Run;
use minima_config::TrainingOptions;
use minima_config::preset::{Flips, Precision, Preset, PresetError};
use minima_config::seed;
use minima_data::FileHash;
use serde::Serialize;

/// The CPU's name in files.
pub(crate) const CPU: &str = "cpu";

/// A training run with all its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The name of the run's folder.
    pub name: String,
    /// The preset, reduced to this run.
    pub preset: Preset,
    /// The run.
    pub run: Run,
}

/// The settings that decide the result of a run, except the number of epochs unless the schedule depends on it.
#[derive(Serialize)]
struct Recipe<'a> {
    /// The device, if it is not the CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    /// The versions of the crates that compute the numbers.
    numerics: String,
    network: &'a NetworkChoice,
    precision: Precision,
    seed: u64,
    batch_size: usize,
    train_images: usize,
    test_images: usize,
    /// The number of held-out images, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_images: Option<usize>,
    labels: String,
    /// The SHA-256 of the data's files.
    data: Vec<&'a str>,
    /// The number of epochs, if the steps depend on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_epochs: Option<u32>,
    optimizer: &'a OptimizerSpec,
    #[serde(skip_serializing_if = "TrainingOptions::is_default")]
    training: &'a TrainingOptions,
}

impl Job {
    /// A run of this preset. Its name is `{labels}-{optimizer}-{seed}`, with the share of wrong labels in percent:
    /// `clean-adam-42`, `poisoned-10-adam-42`, `7-to-1-30-adam-42`.
    ///
    /// # Errors
    /// Returns [`RunError::Preset`] if the preset has no optimizer with the run's name, or the run's seed is too large.
    pub fn new(preset: &Preset, run: Run) -> Result<Self, RunError> {
        seed::check(run.seed).map_err(PresetError::from)?;
        preset.optimizer(&run.optimizer)?;
        let mut preset = preset.clone();
        preset.seeds = vec![run.seed];
        preset.labels = vec![run.labels];
        preset.optimizers.retain(|name, _| *name == run.optimizer);
        let name = format!("{}-{}-{}", labels(&preset, run.labels).replace(' ', "-"), run.optimizer, run.seed);
        Ok(Self { name, preset, run })
    }

    /// The same run with other options of its optimizer, and with `variant` at the end of its name.
    #[must_use]
    pub fn with_optimizer(mut self, spec: OptimizerSpec, variant: &str) -> Self {
        self.preset.optimizers.insert(self.run.optimizer.clone(), spec.into());
        self.name = format!("{}-{variant}", self.name);
        self
    }

    /// The run's optimizer.
    ///
    /// # Errors
    /// Returns [`RunError::Preset`] if the preset has no optimizer with the run's name, which [`new`](Self::new) rules out.
    pub fn optimizer(&self) -> Result<&OptimizerSpec, RunError> {
        Ok(self.preset.optimizer(&self.run.optimizer)?)
    }

    /// The number of steps per epoch.
    #[must_use]
    pub fn steps_an_epoch(&self) -> u64 {
        self.preset.train_images.div_ceil(self.preset.batch_size.max(1)) as u64
    }

    /// The total number of steps.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps_an_epoch().saturating_mul(u64::from(self.preset.epochs))
    }

    /// An estimate of the run's time on one core in milliseconds, from the measured time of a step of its optimizer. Each further
    /// gradient of adversarial training counts as a step.
    #[must_use]
    pub fn cost(&self) -> f64 {
        let step = self.optimizer().map_or(1.8, OptimizerSpec::step_milliseconds);
        let precision = if self.preset.precision == Precision::Double { 2.0 } else { 1.0 };
        let adversarial = self.preset.training.adversarial.map_or(0, |adversarial| adversarial.further_gradients());
        step * precision * (1.0 + f64::from(adversarial)) * self.steps() as f64
    }

    /// The settings that decide the run's result on the CPU, as TOML. `data` are the files of its training and test images.
    ///
    /// # Errors
    /// Returns [`RunError::Recipe`] if a number is larger than TOML can hold, 2⁶³ − 1.
    pub fn recipe(&self, data: &[FileHash]) -> Result<String, RunError> {
        self.recipe_on(data, CPU)
    }

    /// [`recipe`](Self::recipe) for the device with this name ([`Machine::trains_on`](crate::machine::Machine::trains_on)).
    ///
    /// # Errors
    /// Returns the errors of [`recipe`](Self::recipe).
    pub fn recipe_on(&self, data: &[FileHash], device: &str) -> Result<String, RunError> {
        let preset = &self.preset;
        let recipe = Recipe {
            device: Some(device).filter(|device| *device != CPU),
            numerics: numerics::training(),
            network: &preset.network,
            precision: preset.precision,
            seed: self.run.seed,
            batch_size: preset.batch_size,
            train_images: preset.train_images,
            test_images: preset.test_images,
            validation_images: (preset.validation_images > 0).then_some(preset.validation_images),
            labels: labels(preset, self.run.labels),
            data: data.iter().map(|file| file.sha256.as_str()).collect(),
            schedule_epochs: preset.training.depends_on_epochs().then_some(preset.epochs),
            optimizer: self.optimizer()?,
            training: &preset.training,
        };
        let failed = |error: toml::ser::Error| RunError::Recipe { run: self.name.clone(), message: error.to_string() };
        toml::to_string(&recipe).map_err(failed)
    }
}

/// The device that a recipe names; the CPU if it names none.
pub(crate) fn device_of(recipe: &str) -> String {
    let named = recipe.parse::<toml::Table>().ok().and_then(|table| Some(table.get("device")?.as_str()?.to_owned()));
    named.unwrap_or_else(|| CPU.to_owned())
}

/// The labels with the share of wrong labels in percent: "clean", "poisoned 10", "7 to 1 30".
fn labels(preset: &Preset, labels: Labels) -> String {
    // Rounded, so that 0.3 is 30 and not 30.000000000000004.
    let percent = (1e6 * preset.poison_rate).round() / 1e4;
    match (labels, preset.poison_flips) {
        (Labels::Clean, _) => labels.name().to_owned(),
        (Labels::Poisoned, Flips::Uniform) => format!("{} {percent}", labels.name()),
        (Labels::Poisoned, flips) => format!("{flips} {percent}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(set: &[&str], labels: Labels) -> Job {
        let set: Vec<String> = set.iter().map(|&s| s.to_owned()).collect();
        let preset = Preset::named("paper", &set).unwrap();
        Job::new(&preset, Run { labels, optimizer: "adam".to_owned(), seed: 42 }).unwrap()
    }

    #[test]
    fn names_tell_labels_apart() {
        assert_eq!(job(&[], Labels::Clean).name, "clean-adam-42");
        assert_eq!(job(&[], Labels::Poisoned).name, "poisoned-10-adam-42");
        assert_eq!(job(&["poison_rate=0.3"], Labels::Poisoned).name, "poisoned-30-adam-42");
        assert_eq!(job(&["poison_rate=0.125", "poison_flips=7 to 1"], Labels::Poisoned).name, "7-to-1-12.5-adam-42");
    }

    #[test]
    fn adversarial_steps_cost_their_gradients() {
        let ratio = |adversarial: &str| {
            let first_order = "optimizers.gauss-newton.labels=[]";
            let published = "optimizers.gauss-newton-published.labels=[]";
            let set = format!("training.adversarial={adversarial}");
            job(&[first_order, published, &set], Labels::Clean).cost() / job(&[], Labels::Clean).cost()
        };
        assert_eq!(ratio("{ kind = \"fgsm\", epsilon = 0.1 }"), 2.0);
        assert_eq!(ratio("{ kind = \"pgd\", epsilon = 0.1, steps = 7 }"), 8.0);
        assert_eq!(ratio("{ kind = \"trades\", epsilon = 0.1, steps = 7 }"), 9.0);
        assert_eq!(ratio("{ kind = \"ibp\", epsilon = 0.1 }"), 3.0);
    }

    #[test]
    fn the_recipe_is_what_decides_a_run() {
        let clean = job(&[], Labels::Clean);
        for same in ["poison_rate=0.3", "epsilons=[0.2]", "epochs=3", "optimizers.sgd.learning_rate=0.5"] {
            assert_eq!(job(&[same], Labels::Clean).recipe(&[]).unwrap(), clean.recipe(&[]).unwrap(), "{same}");
        }
        for other in [
            "batch_size=64",
            "train_images=6400",
            "validation_images=100",
            "optimizers.adam.learning_rate=0.5",
            "precision=double",
        ] {
            assert_ne!(job(&[other], Labels::Clean).recipe(&[]).unwrap(), clean.recipe(&[]).unwrap(), "{other}");
        }
        for default in ["training.schedule=constant", "training.gradient_clip=0", "training.augmentation=[]"] {
            assert_eq!(job(&[default], Labels::Clean).recipe(&[]).unwrap(), clean.recipe(&[]).unwrap(), "{default}");
        }
        for set in ["training.average=0.9", "training.schedule={ kind = \"step\", every_epochs = 1 }"] {
            let (one, longer) = (job(&[set], Labels::Clean), job(&[set, "epochs=30"], Labels::Clean));
            assert_eq!(one.recipe(&[]).unwrap(), longer.recipe(&[]).unwrap(), "{set}");
            assert_ne!(one.recipe(&[]).unwrap(), clean.recipe(&[]).unwrap(), "{set}");
        }
        // With these schedules a longer run does not begin with the steps of a shorter one.
        for set in ["training.schedule=cosine", "training.schedule=one-cycle"] {
            let (one, longer) = (job(&[set], Labels::Clean), job(&[set, "epochs=30"], Labels::Clean));
            assert_ne!(one.recipe(&[]).unwrap(), longer.recipe(&[]).unwrap(), "{set}");
        }
        let bounds = |epochs| {
            let [first, second] =
                ["gauss-newton", "gauss-newton-published"].map(|o| format!("optimizers.{o}.labels=[]"));
            let bounds = "training.adversarial={ kind = \"ibp\", epsilon = 0.1 }";
            job(&[&first, &second, bounds, epochs], Labels::Clean).recipe(&[]).unwrap()
        };
        assert_ne!(bounds("epochs=15"), bounds("epochs=30"));
        assert_ne!(job(&[], Labels::Poisoned).recipe(&[]).unwrap(), clean.recipe(&[]).unwrap());
        let other = FileHash { file: "train".into(), sha256: "00".into() };
        assert_ne!(clean.recipe(&[other]).unwrap(), clean.recipe(&[]).unwrap());
        let on = |device: &str| clean.recipe_on(&[], device).unwrap();
        assert_eq!(on("cpu"), clean.recipe(&[]).unwrap());
        assert_eq!((device_of(&on("cuda: one")), device_of(&on("cpu"))), ("cuda: one".to_owned(), "cpu".to_owned()));
        assert!(on("cuda: one").starts_with("device = \"cuda: one\"\n") && on("cuda: one") != on("cuda: another"));
        assert_eq!((clean.steps_an_epoch(), clean.steps()), (469, 7_035));
    }
}
