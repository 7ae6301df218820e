//! Training one model.

use crate::error::ExperimentError;
use crate::machine::Machine;
use crate::observer::{Event, Observer};
use crate::preset::{DatasetKind, Flips, NetworkKind, Precision, Preset};
use crate::records::TrainingRow;
use crate::trainee::Trainee;
use minima_autodiff::{Graph, Model, Scalar, paper_cnn};
use minima_data::{Dataset, EpochOrder, Mnist, epoch_batches, poison, poison_targeted};
use minima_faults::{Fault, planted};
use minima_metrics::evaluate;
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

/// Trains every model of a preset, and hands each to `then` as soon as it is trained.
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
        let trained = train(machine, preset, run, (number, runs.len()), data, test, observer)?;
        then(run, trained, observer)?;
    }
    Ok(())
}

/// Trains one model of a preset, whether or not it is among the preset's own runs.
///
/// # Errors
/// When there are fewer images than the preset asks for, it has no optimizer of that name, or the run fails.
pub fn train_one(
    machine: &Machine,
    preset: &Preset,
    run: &Run,
    data: &Mnist,
    observer: &mut dyn Observer,
) -> Result<Trained, ExperimentError> {
    preset.check_against(data)?;
    let test = TestSet::new(&data.test.take(preset.test_images));
    train(machine, preset, run, (1, 1), data, &test, observer)
}

fn train(
    machine: &Machine,
    preset: &Preset,
    run: &Run,
    (number, of): (usize, usize),
    data: &Mnist,
    test: &TestSet,
    observer: &mut dyn Observer,
) -> Result<Trained, ExperimentError> {
    let name = run.name();
    let set = training_set(preset, run, data)?;
    observer.on(Event::RunStarted { run: &name, number, of, steps: preset.steps(set.len()) });
    let start = Instant::now();
    let (model, epochs) = machine.train(preset, run, &set, test, observer)?;
    let seconds = start.elapsed().as_secs_f64();
    observer.on(Event::RunEnded { run: &name, seconds });
    Ok(Trained { model, set, epochs, seconds })
}

/// Trains a model from its seed's initial weights, in the preset's precision. Returns it with a row an epoch.
///
/// An epoch's training loss and accuracy are means over its batches, each measured before its step, as in the paper.
///
/// # Errors
/// When a step fails or the loss is no number any more.
pub fn train_on_processor(
    preset: &Preset,
    run: &Run,
    train: &Dataset,
    test: &TestSet,
    observer: &mut dyn Observer,
) -> Result<(Model<f32>, Vec<TrainingRow>), ExperimentError> {
    train_along(preset, run, train, test, observer, &mut AtTheEnd)
}

/// As [`train_on_processor`], with a look at the model along the way.
///
/// # Errors
/// As there, and when `visitor` fails.
pub fn train_along(
    preset: &Preset,
    run: &Run,
    train: &Dataset,
    test: &TestSet,
    observer: &mut dyn Observer,
    visitor: &mut dyn Visitor,
) -> Result<(Model<f32>, Vec<TrainingRow>), ExperimentError> {
    match preset.precision {
        Precision::Single => train_in::<f32>(preset, run, train, test, observer, visitor),
        Precision::Double => train_in::<f64>(preset, run, train, test, observer, visitor),
    }
}

/// Sees a model in training.
pub trait Visitor {
    /// Whether it wants to see the model after so many steps.
    fn wants(&self, step: u64) -> bool;

    /// The model after so many steps.
    ///
    /// # Errors
    /// Whatever the visitor runs into; it ends the training.
    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<(), ExperimentError>;
}

/// Is content with what training returns.
struct AtTheEnd;

impl Visitor for AtTheEnd {
    fn wants(&self, _step: u64) -> bool {
        false
    }

    fn visit(&mut self, _step: u64, _model: &Model<f32>) -> Result<(), ExperimentError> {
        Ok(())
    }
}

fn train_in<T: Scalar>(
    preset: &Preset,
    run: &Run,
    train: &Dataset,
    test: &TestSet,
    observer: &mut dyn Observer,
    visitor: &mut dyn Visitor,
) -> Result<(Model<f32>, Vec<TrainingRow>), ExperimentError> {
    let mut trainee = Trainee::<T>::new(preset, run, train)?;
    let mut rows = Vec::new();
    let mut taken = 0;
    for (epoch, order) in (1..=preset.epochs).zip(EpochOrder::new(run.seed, train.len())) {
        let (mut loss, mut accuracy, mut steps) = (0.0, 0.0, 0);
        for indices in epoch_batches(&order, preset.batch_size)? {
            steps += 1;
            taken += 1;
            let report = trainee.step(train, indices, epoch, steps)?;
            let correct = report.correct as f64 / indices.len() as f64;
            loss += report.loss;
            accuracy += correct;
            observer.on(Event::Step { loss: report.loss, accuracy: correct });
            if visitor.wants(taken) {
                visitor.visit(taken, &trainee.model()?)?;
            }
        }
        let tested = evaluate(&trainee.model()?, test.images.view(), &test.labels)?;
        if !tested.mean_loss.is_finite() {
            return Err(ExperimentError::Diverged { run: run.name(), epoch, step: steps, loss: tested.mean_loss });
        }
        let row = TrainingRow {
            dataset: run.dataset.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            epoch,
            train_loss: loss / steps as f64,
            train_accuracy: accuracy / steps as f64,
            test_loss: tested.mean_loss,
            test_accuracy: tested.accuracy(),
        };
        observer.on(Event::Epoch(&row));
        rows.push(row);
    }
    Ok((trainee.model()?, rows))
}
