//! Trains one model or all models of a preset on a device.

use crate::error::RunError;
use crate::machine::Machine;
use crate::observer::{Event, Observer};
use crate::test_set::TestSet;
use crate::training::{AtTheEnd, Keep, Training};
use minima_autodiff::Model;
use minima_config::preset::Preset;
use minima_config::{Run, training_set};
use minima_data::{Dataset, Splits};
use minima_rows::TrainingRow;
use std::time::Instant;

/// A trained model.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model<f32>,
    /// Its training set.
    pub set: Dataset,
    /// One row per epoch.
    pub epochs: Vec<TrainingRow>,
    /// The time of training.
    pub seconds: f64,
}

/// Trains every model of a preset, and calls `then` with each trained model. Saves no training state.
///
/// # Errors
/// Returns [`RunError::Preset`] if the data does not match the preset, the errors of [`RunTraining::train`], and the errors of
/// `then`.
pub fn train_all(
    machine: &Machine,
    preset: &Preset,
    data: &Splits,
    test: &TestSet,
    observer: &mut dyn Observer,
    mut then: impl FnMut(&Run, Trained, &mut dyn Observer) -> Result<(), RunError>,
) -> Result<(), RunError> {
    preset.check_against(data)?;
    let runs = Run::all(preset);
    for (number, run) in (1..).zip(&runs) {
        let training = RunTraining { machine, preset, run, place: (number, runs.len()), test, keep: None };
        let trained = training.train(data, observer)?;
        then(run, trained, observer)?;
    }
    Ok(())
}

/// One model of a preset to train, with its device and the folder of its state.
pub struct RunTraining<'a> {
    /// The device.
    pub machine: &'a Machine,
    /// The experiment.
    pub preset: &'a Preset,
    /// The run. It need not be one of the preset's runs.
    pub run: &'a Run,
    /// The number of the run, from 1, and the number of all runs.
    pub place: (usize, usize),
    /// The images to test the model on after each epoch.
    pub test: &'a TestSet,
    /// Where the training state is saved; `None` saves no state.
    pub keep: Option<&'a Keep>,
}

impl RunTraining<'_> {
    /// Trains the model.
    ///
    /// # Errors
    /// Returns [`RunError::Data`] if the training set cannot be made, and the errors of [`Machine::train`].
    pub fn train(&self, data: &Splits, observer: &mut dyn Observer) -> Result<Trained, RunError> {
        let Self { machine, preset, run, place: (number, of), test, keep } = *self;
        let name = run.name();
        let set = training_set(preset, run, data)?;
        let validation = TestSet::validation(preset, data);
        observer.on(Event::RunStarted { run: &name, number, of, steps: preset.steps(set.len()) });
        let start = Instant::now();
        let training = Training { preset, run, train: &set, test, validation: validation.as_ref(), keep };
        let (model, epochs) = machine.train(&training, observer, &mut AtTheEnd)?;
        let seconds = start.elapsed().as_secs_f64();
        observer.on(Event::RunEnded { run: &name, seconds });
        Ok(Trained { model, set, epochs, seconds })
    }
}
