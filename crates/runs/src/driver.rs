//! One model or all models of a preset, trained on a device.

use crate::error::RunError;
use crate::machine::Machine;
use crate::observer::{Event, Observer};
use crate::test_set::TestSet;
use crate::training::{Keep, Training};
use minima_autodiff::Model;
use minima_config::preset::Preset;
use minima_config::{Run, training_set};
use minima_data::{Dataset, Mnist};
use minima_rows::TrainingRow;
use std::time::Instant;

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
    pub fn train(&self, data: &Mnist, observer: &mut dyn Observer) -> Result<Trained, RunError> {
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
