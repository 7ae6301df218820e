//! The epochs of a run: one loop for the CPU, a device and benchmarks.

use super::keep::{Keep, Keeper};
use super::state::{Progress, TrainingState};
use crate::error::RunError;
use crate::observer::{Event, Observer};
use crate::test_set::TestSet;
use minima_autodiff::Model;
use minima_config::Run;
use minima_config::preset::Preset;
use minima_data::{Dataset, EpochOrder};
use minima_metrics::Evaluation;
use minima_rows::TrainingRow;
use std::ops::ControlFlow;

/// A mean loss above this is an explosion: logits are a million apart, and single precision has few digits left.
const MOST_LOSS: f64 = 1e6;

/// Whether a mean loss shows that the weights have exploded. A NaN does.
pub(crate) fn is_explosion(loss: f64) -> bool {
    loss.is_nan() || loss > MOST_LOSS
}

/// A run to be trained.
pub struct Training<'a> {
    /// The experiment.
    pub preset: &'a Preset,
    /// The run.
    pub run: &'a Run,
    /// The training set.
    pub train: &'a Dataset,
    /// The test set, on which the model is evaluated after each epoch.
    pub test: &'a TestSet,
    /// The images held out of training, on which the model is evaluated after each epoch too, if there are any.
    pub validation: Option<&'a TestSet>,
    /// Where the state is saved, so that a stopped run resumes. If `None`, the run always starts anew.
    pub keep: Option<&'a Keep>,
}

/// Sees a model during training.
pub trait Visitor {
    /// Whether to call [`visit`](Self::visit) after this many steps.
    fn wants(&self, step: u64) -> bool;

    /// Receives the model after this many steps. A resumed training may show it again. [`ControlFlow::Break`] ends the training.
    ///
    /// # Errors
    /// Returns any error, which ends the training.
    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<ControlFlow<()>, RunError>;
}

/// A visitor that wants no model: training returns the last one.
pub struct AtTheEnd;

impl Visitor for AtTheEnd {
    fn wants(&self, _step: u64) -> bool {
        false
    }

    fn visit(&mut self, _step: u64, _model: &Model<f32>) -> Result<ControlFlow<()>, RunError> {
        Ok(ControlFlow::Continue(()))
    }
}

/// An epoch that is to be trained.
pub(crate) struct Epoch<'a> {
    /// The number of the epoch, from 1.
    pub number: u32,
    /// The steps of an epoch.
    pub steps: u64,
    /// The images of the training set in their order.
    pub order: &'a [u32],
}

/// The means over the steps of an epoch, each measured before its step.
pub(crate) struct EpochMeans {
    pub loss: f64,
    pub accuracy: f64,
}

/// What trains a model, an epoch at a time.
pub(crate) trait Trainer {
    /// Takes the steps of an epoch that `progress` does not have yet, and counts them there. Saves states within the epoch through
    /// `keeper` if it can. [`ControlFlow::Break`] ends the training.
    fn epoch(
        &mut self,
        epoch: &Epoch<'_>,
        progress: &mut Progress,
        keeper: &mut Keeper<'_>,
        observer: &mut dyn Observer,
    ) -> Result<ControlFlow<(), EpochMeans>, RunError>;

    /// Evaluates the model on the test set or on the held-out images.
    fn evaluate(&self, test: &TestSet) -> Result<Evaluation, RunError>;

    /// The batch of the last step, by the images' places in the training set; empty if the trainer does not know it.
    fn last_batch(&self) -> &[u32];

    /// Everything on which later steps depend.
    fn state(&self, progress: &Progress) -> Result<TrainingState, RunError>;

    /// Resumes from a state.
    fn restore(&mut self, state: &TrainingState) -> Result<(), RunError>;

    /// The model in single precision, which is evaluated, attacked and saved.
    fn model(&self) -> Result<Model<f32>, RunError>;
}

/// Trains all epochs of a run, or those that are left, and returns the model with a row for each epoch.
pub(crate) fn train(
    training: &Training<'_>,
    trainer: &mut dyn Trainer,
    observer: &mut dyn Observer,
) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
    let Training { preset, run, train, test, validation, keep } = *training;
    let mut keeper = Keeper::new(keep, &run.name());
    let _heeding = keeper.heed();
    let mut progress = Progress::new(&run.name());
    if let Some(state) = keeper.resume(preset.epochs)? {
        trainer.restore(&state).map_err(|error| keeper.refused(&error))?;
        progress = state.progress;
    }
    keeper.check(&progress)?;
    let steps = preset.steps(train.len()) / u64::from(preset.epochs.max(1));
    let behind = progress.rows.len();
    progress.tell(behind as u64 * steps, observer);
    for (number, order) in (progress.epoch()..=preset.epochs).zip(EpochOrder::after(run.seed, train.len(), behind)) {
        let epoch = Epoch { number, steps, order: &order };
        let ControlFlow::Continue(means) = trainer.epoch(&epoch, &mut progress, &mut keeper, observer)? else { break };
        let tested = trainer.evaluate(test)?;
        let validated = validation.map(|images| trainer.evaluate(images)).transpose()?;
        let mut losses = std::iter::once(&tested).chain(&validated).map(|found| found.mean_loss);
        if let Some(loss) = losses.find(|&loss| is_explosion(loss)) {
            // The last step is the cause: the losses before the other steps were finite.
            let (step, batch) = (progress.step, trainer.last_batch().to_vec());
            let error = RunError::Diverged { run: run.name(), epoch: number, step, loss, batch };
            keeper.failed(&error, number, step, trainer.last_batch())?;
            return Err(error);
        }
        let row = TrainingRow {
            labels: run.labels.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            epoch: number,
            train_loss: means.loss,
            train_accuracy: means.accuracy,
            test_loss: tested.mean_loss,
            test_accuracy: tested.accuracy(),
            validation_loss: validated.as_ref().map(|found| found.mean_loss),
            validation_accuracy: validated.as_ref().map(Evaluation::accuracy),
        };
        observer.on(Event::Epoch(&row));
        progress.rows.push(row);
        (progress.step, progress.loss, progress.accuracy) = (0, 0.0, 0.0);
        keeper.after_epoch(|| trainer.state(&progress))?;
    }
    Ok((trainer.model()?, progress.rows))
}
