//! Trained runs on disk, one folder each, shared by all studies. A stored run is not trained again.

use crate::checkpoint::{self, Origin};
use crate::error::RunError;
use crate::job::{self, Job};
use crate::machine::Machine;
use crate::observer::Observer;
use crate::starting_weights::starting_weights;
use crate::test_set::TestSet;
use crate::training::{Keeping, Training, TrainingState, Visitor};
use minima_autodiff::{Graph, Model};
use minima_config::{Run, Start, training_set};
use minima_data::{Dataset, Splits};
use minima_rows::{TrainingRow, read_csv, write_csv};
use minima_store::bounded_file::{self, read_text_at_most};
use minima_store::same_lines;
use minima_store::write_atomically;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Steps between checkpoints in the early epochs.
const EARLY_EVERY: u64 = 25;
/// The number of early epochs.
const EARLY_EPOCHS: u64 = 2;

/// A folder of trained runs, and the device that trains more of them.
#[derive(Clone)]
pub struct RunStore<'m> {
    folder: PathBuf,
    machine: &'m Machine,
    /// Whether stored runs of other devices are opened.
    opens_any_device: bool,
}

/// A trained run: its training curve and its checkpoints.
#[derive(Clone, Debug)]
pub struct StoredRun {
    folder: PathBuf,
    graph: Arc<Graph>,
    run: Run,
    steps_an_epoch: u64,
    epochs: u32,
    /// The weights that it started from, unless they were random.
    start: Option<Start>,
}

impl<'m> RunStore<'m> {
    /// The runs in this folder, which need not exist yet, trained on this device.
    #[must_use]
    pub fn new(folder: &Path, machine: &'m Machine) -> Self {
        Self { folder: folder.to_owned(), machine, opens_any_device: false }
    }

    /// The same folder, in which stored runs are opened whatever device trained them. Their recipes name it.
    #[must_use]
    pub fn of_any_device(self) -> Self {
        Self { opens_any_device: true, ..self }
    }

    /// The settings that decide the job's result, with the device that trains it.
    fn recipe(&self, job: &Job, data: &Splits) -> Result<String, RunError> {
        let device = self.machine.trains_on(&job.preset, &job.run, &data.train)?;
        job.recipe_on(&data.hashes, &device)
    }

    /// The run of this job, if it is trained for at least the job's number of epochs; otherwise `None`.
    ///
    /// # Errors
    /// Returns [`RunError::Folder`] if the run's folder holds a trained run with other settings, [`RunError::Read`] or
    /// [`RunError::Record`] if a file cannot be read, and [`RunError::Recipe`] if the settings cannot be written as TOML.
    pub fn open(&self, job: &Job, data: &Splits) -> Result<Option<StoredRun>, RunError> {
        let folder = self.folder.join(&job.name);
        let recipe = folder.join("run.toml");
        let training = folder.join("training.csv");
        if !training.exists() {
            // The folder holds no completed run.
            return Ok(None);
        }
        match read_text_at_most(&recipe, bounded_file::TEXT) {
            Ok(found) if self.opens_any_device => {
                same_lines(&recipe, &found, &job.recipe_on(&data.hashes, &job::device_of(&found))?)?;
            }
            Ok(found) => same_lines(&recipe, &found, &self.recipe(job, data)?)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(RunError::Read { path: recipe, source }),
        }
        if read_csv::<TrainingRow>(&training)?.len() < job.preset.epochs as usize {
            return Ok(None);
        }
        let graph = job.preset.network.graph(&data.train)?;
        let (run, steps_an_epoch, epochs) = (job.run.clone(), job.steps_an_epoch(), job.preset.epochs);
        let start = job.preset.training.start.clone();
        Ok(Some(StoredRun { folder, graph, run, steps_an_epoch, epochs, start }))
    }

    /// The run of this job, which must be trained.
    ///
    /// # Errors
    /// Returns [`RunError::NotTrained`] if the run is not trained, and the errors of [`open`](Self::open).
    pub fn trained(&self, job: &Job, data: &Splits) -> Result<StoredRun, RunError> {
        self.open(job, data)?.ok_or_else(|| RunError::NotTrained { run: job.name.clone() })
    }

    /// Trains a run and stores it. Resumes an interrupted run. The training curve is written last, so that a run with
    /// a curve is complete.
    ///
    /// # Errors
    /// Returns [`RunError::Folder`] if the run's folder holds a run with other settings, complete or not, and
    /// [`RunError::Preset`] if the data does not match the job. Also returns the errors of [`Machine::train`] and of
    /// [`open`](Self::open), and [`RunError::Write`] or [`RunError::Record`] if a file cannot be written.
    pub fn train(
        &self,
        job: &Job,
        data: &Splits,
        test: &TestSet,
        keeping: &Keeping,
        observer: &mut dyn Observer,
    ) -> Result<StoredRun, RunError> {
        if let Some(stored) = self.open(job, data)? {
            return Ok(stored);
        }
        job.preset.check_against(data)?;
        if keeping.stop.is_asked() {
            return Err(RunError::Interrupted { run: job.run.name(), epoch: 1, step: 0 });
        }
        let folder = self.folder.join(&job.name);
        let recipe = self.recipe(job, data)?;
        let keep = keeping.at(folder.clone());
        match read_text_at_most(&folder.join("run.toml"), bounded_file::TEXT) {
            Ok(found) => same_lines(&folder.join("run.toml"), &found, &recipe)?,
            Err(error) if error.kind() == ErrorKind::NotFound => keep.clear()?,
            Err(source) => return Err(RunError::Read { path: folder.join("run.toml"), source }),
        }
        if TrainingState::read(&folder).is_err_and(|error| error.is_spoilt()) {
            // Only this run restarts from the beginning.
            keep.clear()?;
        }
        write_atomically(&folder.join("run.toml"), recipe.as_bytes())?;
        let set = training_set(&job.preset, &job.run, data)?;
        let mut checkpoints = Checkpoints {
            folder: &folder,
            steps_an_epoch: job.steps_an_epoch(),
            origin: Origin::of(&job.preset, &job.run, data)?,
        };
        let (preset, run, validation) = (&job.preset, &job.run, TestSet::validation(&job.preset, data));
        let validation = validation.as_ref();
        let training = Training { preset, run, train: &set, test, validation, keep: Some(&keep) };
        let (_, rows) = self.machine.train(&training, observer, &mut checkpoints)?;
        write_csv(&folder.join("training.csv"), &rows)?;
        let stored = self.trained(job, data)?;
        stored.tidy(keeping)?;
        Ok(stored)
    }
}

/// Writes the checkpoints of a run.
struct Checkpoints<'a> {
    folder: &'a Path,
    steps_an_epoch: u64,
    /// The run's origin.
    origin: Origin,
}

impl Visitor for Checkpoints<'_> {
    fn wants(&self, step: u64) -> bool {
        is_kept(step, self.steps_an_epoch)
    }

    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<ControlFlow<()>, RunError> {
        let bytes = checkpoint::bytes(model, &self.origin)?;
        write_atomically(&checkpoint_path(self.folder, step), &bytes)?;
        Ok(ControlFlow::Continue(()))
    }
}

fn is_kept(step: u64, steps_an_epoch: u64) -> bool {
    step.is_multiple_of(steps_an_epoch.max(1))
        || (step < EARLY_EPOCHS * steps_an_epoch && step.is_multiple_of(EARLY_EVERY))
}

fn checkpoint_path(folder: &Path, step: u64) -> PathBuf {
    folder.join(format!("checkpoints/step-{step:06}.safetensors"))
}

impl StoredRun {
    /// The run.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The run's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The requested number of epochs.
    #[must_use]
    pub fn epochs(&self) -> u32 {
        self.epochs
    }

    /// The steps of the checkpoints, from 0, the initial weights, to the end of the requested epochs.
    #[must_use]
    pub fn steps(&self) -> Vec<u64> {
        let last = self.steps_an_epoch.saturating_mul(u64::from(self.epochs));
        (0..=last).filter(|&step| is_kept(step, self.steps_an_epoch)).collect()
    }

    /// The last step of an epoch.
    #[must_use]
    pub fn step_after(&self, epoch: u32) -> u64 {
        self.steps_an_epoch.saturating_mul(u64::from(epoch))
    }

    /// The model after this number of steps.
    ///
    /// # Errors
    /// Returns [`RunError::Autodiff`] if the checkpoint does not exist or does not fit the network.
    pub fn checkpoint(&self, step: u64) -> Result<Model<f32>, RunError> {
        let params = match step {
            0 => starting_weights(&self.graph, self.start.as_ref(), self.run.seed)?,
            step => self.graph.load(&checkpoint_path(&self.folder, step))?,
        };
        Ok(Model::new(Arc::clone(&self.graph), params)?)
    }

    /// The model at the end of the requested epochs.
    ///
    /// # Errors
    /// Returns the errors of [`checkpoint`](Self::checkpoint).
    pub fn last(&self) -> Result<Model<f32>, RunError> {
        self.checkpoint(self.step_after(self.epochs))
    }

    /// One row per requested epoch.
    ///
    /// # Errors
    /// Returns [`RunError::Record`] if the file cannot be read.
    pub fn training(&self) -> Result<Vec<TrainingRow>, RunError> {
        let mut rows: Vec<TrainingRow> = read_csv(&self.folder.join("training.csv"))?;
        rows.truncate(self.epochs as usize);
        Ok(rows)
    }

    /// Deletes the training state of a completed run. A state beyond the end of the training curve belongs to a longer run and
    /// stays.
    ///
    /// # Errors
    /// Returns [`RunError::Record`] if the curve cannot be read, and [`RunError::State`] if the state cannot be deleted.
    pub fn tidy(&self, keeping: &Keeping) -> Result<(), RunError> {
        let ended: Vec<TrainingRow> = read_csv(&self.folder.join("training.csv"))?;
        let is_of_the_past = match TrainingState::read(&self.folder) {
            Ok(Some(state)) => (state.progress.rows.len(), state.progress.step) <= (ended.len(), 0),
            Ok(None) => true,
            Err(error) => error.is_spoilt(),
        };
        if is_of_the_past { Ok(keeping.at(self.folder.clone()).clear()?) } else { Ok(()) }
    }

    /// The run's training set.
    ///
    /// # Errors
    /// Returns [`RunError::Data`] if the preset's share of wrong labels is not between 0 and 1.
    pub fn training_set(&self, job: &Job, data: &Splits) -> Result<Dataset, RunError> {
        Ok(training_set(&job.preset, &self.run, data)?)
    }
}
