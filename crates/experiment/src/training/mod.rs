//! Training one model.

mod keep;
mod on_processor;
mod state;
mod state_error;

pub use keep::{Keep, Keeping};
pub use on_processor::{AtTheEnd, Training, Visitor};
pub use state::{Progress, TrainingState, parse_tensors};
pub use state_error::StateError;

pub(crate) use keep::Keeper;

use crate::error::ExperimentError;
use crate::machine::Machine;
use crate::observer::{Event, Observer};
use crate::preset::{DatasetKind, Flips, NetworkKind, Preset};
use crate::records::TrainingRow;
use minima_autodiff::{Graph, Model, paper_cnn};
use minima_data::{Dataset, Mnist, poison, poison_targeted};
use minima_faults::{Fault, planted};
use ndarray::Array2;
use std::sync::Arc;
use std::time::Instant;

/// One run of a preset: a model to be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The labels it is trained on.
    pub dataset: DatasetKind,
    /// The optimizer's name in the preset.
    pub optimizer: String,
    /// Decides initial weights, order of samples and poisoning.
    pub seed: u64,
}

impl Run {
    /// `{dataset}-{optimizer}-{seed}`, the name of its files.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.dataset.name(), self.optimizer, self.seed)
    }

    /// All runs of a preset, in the order in which they are done.
    #[must_use]
    pub fn all(preset: &Preset) -> Vec<Self> {
        let mut runs = Vec::new();
        for &seed in &preset.seeds {
            for &dataset in &preset.datasets {
                for name in preset.optimizer_names() {
                    if preset.optimizers.get(name).is_some_and(|o| o.trains_on(dataset)) {
                        runs.push(Self { dataset, optimizer: name.to_owned(), seed });
                    }
                }
            }
        }
        runs
    }
}

/// The images a model is judged by, as numbers in [0, 1].
#[derive(Clone, Debug)]
pub struct TestSet {
    /// `(images, features)`.
    pub images: Array2<f32>,
    /// A class each.
    pub labels: Vec<usize>,
    /// (H, W, C) of an image.
    pub shape: [usize; 3],
}

impl TestSet {
    /// All images of a data set.
    #[must_use]
    pub fn new(data: &Dataset) -> Self {
        let (images, mut labels) = data.all();
        if planted(Fault::TestSetPoisoned) {
            labels.iter_mut().step_by(10).for_each(|label| *label = (*label + 1) % data.classes());
        }
        Self { images, labels, shape: data.shape() }
    }
}

/// The network that a preset trains, for images of this data.
///
/// # Errors
/// When the images are too small for it.
pub fn network(kind: NetworkKind, data: &Dataset) -> Result<Arc<Graph>, ExperimentError> {
    match kind {
        NetworkKind::PaperCnn => Ok(Arc::new(paper_cnn(data.shape(), data.classes())?)),
    }
}

/// The training set of a run: the preset's share of the images, with wrong labels where it is poisoned.
///
/// # Errors
/// When the share of wrong labels is none.
pub fn training_set(preset: &Preset, run: &Run, data: &Mnist) -> Result<Dataset, ExperimentError> {
    let train = data.train.take(preset.train_images);
    match run.dataset {
        _ if planted(Fault::PoisonForgotten) => Ok(train),
        DatasetKind::Clean => Ok(train),
        DatasetKind::Poisoned => {
            let (labels, classes, rate) = (train.labels(), train.classes(), preset.poison_rate);
            let poisoned = match preset.poison_flips {
                Flips::Uniform => poison(labels, classes, rate, run.seed)?,
                Flips::Targeted { from, to } => poison_targeted(labels, classes, from, to, rate, run.seed)?,
            };
            Ok(train.with_labels(poisoned.labels)?)
        }
    }
}

/// A model that has been trained.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model<f32>,
    /// What it was trained on.
    pub set: Dataset,
    /// A row for each epoch.
    pub epochs: Vec<TrainingRow>,
    /// How long it took.
    pub seconds: f64,
}

/// Trains every model of a preset, and hands each to `then` as soon as it is trained. No state is kept.
///
/// # Errors
/// When there are fewer images than the preset asks for, a run fails, or `then` does.
pub fn train_all(
    machine: &Machine,
    preset: &Preset,
    data: &Mnist,
    test: &TestSet,
    observer: &mut dyn Observer,
    mut then: impl FnMut(&Run, Trained, &mut dyn Observer) -> Result<(), ExperimentError>,
) -> Result<(), ExperimentError> {
    preset.check_against(data)?;
    let runs = Run::all(preset);
    for (number, run) in (1..).zip(&runs) {
        let training = RunTraining { machine, preset, run, place: (number, runs.len()), test, keep: None };
        let trained = training.train(data, observer)?;
        then(run, trained, observer)?;
    }
    Ok(())
}

/// One model of a preset, with where it is trained and where its state is kept.
pub struct RunTraining<'a> {
    /// What computes.
    pub machine: &'a Machine,
    /// The experiment.
    pub preset: &'a Preset,
    /// The run, whether or not it is among the preset's own.
    pub run: &'a Run,
    /// Its place among all runs, from 1, and how many there are.
    pub place: (usize, usize),
    /// What it is tested on after each epoch.
    pub test: &'a TestSet,
    /// Where its state is kept.
    pub keep: Option<&'a Keep>,
}

impl RunTraining<'_> {
    /// Trains it.
    ///
    /// # Errors
    /// When the preset has no optimizer of that name, or the run fails or is stopped.
    pub fn train(&self, data: &Mnist, observer: &mut dyn Observer) -> Result<Trained, ExperimentError> {
        let Self { machine, preset, run, place: (number, of), test, keep } = *self;
        let name = run.name();
        let set = training_set(preset, run, data)?;
        observer.on(Event::RunStarted { run: &name, number, of, steps: preset.steps(set.len()) });
        let start = Instant::now();
        let (model, epochs) = machine.train(&Training { preset, run, train: &set, test, keep }, observer)?;
        let seconds = start.elapsed().as_secs_f64();
        observer.on(Event::RunEnded { run: &name, seconds });
        Ok(Trained { model, set, epochs, seconds })
    }
}
