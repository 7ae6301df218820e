//! Training on the CPU, step by step.

use super::keep::{Keep, Keeper};
use super::state::{Progress, TrainingState};
use crate::error::RunError;
use crate::observer::{Event, Observer};
use crate::test_set::TestSet;
use crate::trainee::{Trainee, is_explosion};
use minima_autodiff::{Model, Scalar};
use minima_config::Run;
use minima_config::preset::{Precision, Preset};
use minima_data::{Dataset, EpochOrder, epoch_batches};
use minima_metrics::evaluate;
use minima_rows::TrainingRow;

/// A run to train.
pub struct Training<'a> {
    /// The experiment.
    pub preset: &'a Preset,
    /// The run.
    pub run: &'a Run,
    /// The training set.
    pub train: &'a Dataset,
    /// The images to test the model on after each epoch.
    pub test: &'a TestSet,
    /// Where the state is saved and resumed from; `None` saves no state and always starts from the beginning.
    pub keep: Option<&'a Keep>,
}

/// Sees a model during training.
pub trait Visitor {
    /// Whether to visit the model after this number of steps.
    fn wants(&self, step: u64) -> bool;

    /// Visits the model after this number of steps. A resumed training may visit the same step again.
    ///
    /// # Errors
    /// Returns any error of the visitor. The error ends the training.
    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<(), RunError>;
}

/// A visitor that sees no model during training.
pub struct AtTheEnd;

impl Visitor for AtTheEnd {
    fn wants(&self, _step: u64) -> bool {
        false
    }

    fn visit(&mut self, _step: u64, _model: &Model<f32>) -> Result<(), RunError> {
        Ok(())
    }
}

impl Training<'_> {
    /// Trains the model on the CPU in the preset's precision, from its seed's initial weights or from the saved state. Returns
    /// the model with one row per epoch. A resumed run returns the same bytes as an uninterrupted run.
    ///
    /// An epoch's training loss and accuracy are means over its batches, each measured before its step, as in the paper.
    ///
    /// # Errors
    /// Returns [`RunError::Step`] if a step fails, and [`RunError::Diverged`] if the loss explodes; the last good state is then
    /// saved, and `failure.json` names the batch. Returns [`RunError::Interrupted`] on a stop request, after saving the state,
    /// and [`RunError::State`] if a state cannot be read or written. Also returns the errors of `visitor`.
    pub fn run(
        &self,
        observer: &mut dyn Observer,
        visitor: &mut dyn Visitor,
    ) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
        match self.preset.precision {
            Precision::Single => self.run_in::<f32>(observer, visitor),
            Precision::Double => self.run_in::<f64>(observer, visitor),
        }
    }

    fn run_in<T: Scalar>(
        &self,
        observer: &mut dyn Observer,
        visitor: &mut dyn Visitor,
    ) -> Result<(Model<f32>, Vec<TrainingRow>), RunError> {
        let Self { preset, run, train, test, keep } = *self;
        let mut trainee = Trainee::<T>::new(preset, run, train)?;
        let mut keeper = Keeper::new(keep, &run.name());
        let _heeding = keeper.heed();
        let mut progress = Progress::new(&run.name());
        if let Some(state) = keeper.resume(preset.epochs)? {
            trainee.restore(&state).map_err(|error| keeper.refused(&error))?;
            progress = state.progress;
        }
        keeper.check(&progress)?;
        let steps_an_epoch = preset.steps(train.len()) / u64::from(preset.epochs.max(1));
        let behind = progress.rows.len();
        progress.tell(behind as u64 * steps_an_epoch, observer);
        for (epoch, order) in (progress.epoch()..=preset.epochs).zip(EpochOrder::after(run.seed, train.len(), behind)) {
            let before = progress.step;
            let mut last: &[u32] = &[];
            for (step, indices) in (1..).zip(epoch_batches(&order, preset.batch_size)?).skip(before) {
                keeper.before(|| trainee.state(&progress))?;
                let report = match trainee.step(train, indices, epoch, step) {
                    Ok(report) => report,
                    Err(error) => {
                        keeper.failed(&error, epoch, step, indices)?;
                        return Err(error);
                    }
                };
                let correct = report.correct as f64 / indices.len() as f64;
                progress.step = step;
                progress.loss += report.loss;
                progress.accuracy += correct;
                observer.on(Event::Step { loss: report.loss, accuracy: correct });
                let taken = u64::from(epoch - 1) * steps_an_epoch + step as u64;
                if visitor.wants(taken) {
                    visitor.visit(taken, &trainee.model()?)?;
                }
                keeper.after()?;
                last = indices;
            }
            let tested = evaluate(&trainee.model()?, test.images.view(), &test.labels)?;
            if is_explosion(tested.mean_loss) {
                // The last step caused it, because the losses before the other steps were fine.
                let (step, loss, batch) = (progress.step, tested.mean_loss, last.to_vec());
                let error = RunError::Diverged { run: run.name(), epoch, step, loss, batch };
                keeper.failed(&error, epoch, step, last)?;
                return Err(error);
            }
            let row = TrainingRow {
                labels: run.labels.name().to_owned(),
                optimizer: run.optimizer.clone(),
                seed: run.seed,
                epoch,
                train_loss: progress.loss / progress.step as f64,
                train_accuracy: progress.accuracy / progress.step as f64,
                test_loss: tested.mean_loss,
                test_accuracy: tested.accuracy(),
            };
            observer.on(Event::Epoch(&row));
            progress.rows.push(row);
            (progress.step, progress.loss, progress.accuracy) = (0, 0.0, 0.0);
            keeper.after_epoch(|| trainee.state(&progress))?;
        }
        Ok((trainee.model()?, progress.rows))
    }
}

impl<T: Scalar> Trainee<T> {
    /// The state that decides all later steps.
    fn state(&self, progress: &Progress) -> Result<TrainingState, RunError> {
        let (weights, optimizer) = self.memory()?;
        Ok(TrainingState { progress: progress.clone(), weights, optimizer })
    }

    fn restore(&mut self, state: &TrainingState) -> Result<(), RunError> {
        self.remember(&state.weights, &state.optimizer)
    }
}
