//! Training on the processor, step by step.

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

/// A run to be trained on the processor.
pub struct Training<'a> {
    /// The experiment.
    pub preset: &'a Preset,
    /// The run.
    pub run: &'a Run,
    /// What it trains on.
    pub train: &'a Dataset,
    /// What it is tested on after each epoch.
    pub test: &'a TestSet,
    /// Where its state is kept, so that it goes on from there; nowhere, and it begins anew each time.
    pub keep: Option<&'a Keep>,
}

/// Sees a model in training.
pub trait Visitor {
    /// Whether it wants to see the model after so many steps.
    fn wants(&self, step: u64) -> bool;

    /// The model after so many steps. Training that was stopped may show it again.
    ///
    /// # Errors
    /// Whatever the visitor runs into; it ends the training.
    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<(), RunError>;
}

/// Is content with what training returns.
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
    /// Trains the model from its seed's initial weights, or from the state that was kept, in the preset's precision. Returns it with a row
    /// an epoch; the bytes are the same whether or not it was stopped on the way.
    ///
    /// An epoch's training loss and accuracy are means over its batches, each measured before its step, as in the paper.
    ///
    /// # Errors
    /// When a step fails or the loss explodes; what was kept then is the last good state, and `failure.json` tells which batch it was.
    /// [`RunError::Interrupted`] when somebody asked to stop, with the state kept. When a state cannot be read or written, and when
    /// `visitor` fails.
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
                // It is the last step that did it: the losses before the others were fine.
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
    /// All that later steps depend on.
    fn state(&self, progress: &Progress) -> Result<TrainingState, RunError> {
        let (weights, optimizer) = self.memory()?;
        Ok(TrainingState { progress: progress.clone(), weights, optimizer })
    }

    fn restore(&mut self, state: &TrainingState) -> Result<(), RunError> {
        self.remember(&state.weights, &state.optimizer)
    }
}
