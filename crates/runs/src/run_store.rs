//! Trained runs on disk: a folder each, shared by all studies. What is there is not trained again.

use crate::error::RunError;
use crate::job::Job;
use crate::observer::Observer;
use crate::test_set::TestSet;
use crate::trained_on::checkpoint_bytes;
use crate::training::{Keeping, Training, TrainingState, Visitor};
use minima_autodiff::{Graph, Model};
use minima_config::{Run, network, training_set};
use minima_data::{Dataset, Mnist};
use minima_rows::{TrainingRow, read_csv, write_csv};
use minima_store::bounded_file::{self, read_text_at_most};
use minima_store::same_lines;
use minima_store::write_atomically;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Steps between two checkpoints at the beginning.
const EARLY_EVERY: u64 = 25;
/// The epochs that are the beginning.
const EARLY_EPOCHS: u64 = 2;

/// A folder of trained runs.
#[derive(Clone, Debug)]
pub struct RunStore {
    folder: PathBuf,
}

/// A run that has been trained: its curve, and checkpoints along its path.
#[derive(Clone, Debug)]
pub struct StoredRun {
    folder: PathBuf,
    graph: Arc<Graph>,
    run: Run,
    steps_an_epoch: u64,
    epochs: u32,
}

impl RunStore {
    /// The runs in this folder; it need not be there yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// A run, where it has been trained for as many epochs as the job asks for, or more.
    ///
    /// # Errors
    /// When the folder holds another run under its name that has been trained, or a file cannot be read.
    pub fn open(&self, job: &Job, data: &Mnist) -> Result<Option<StoredRun>, RunError> {
        let folder = self.folder.join(&job.name);
        let recipe = folder.join("run.toml");
        let training = folder.join("training.csv");
        if !training.exists() {
            // Whatever began here ended in no run.
            return Ok(None);
        }
        match read_text_at_most(&recipe, bounded_file::TEXT) {
            Ok(found) => same_lines(&recipe, &found, &job.recipe(&data.hashes)?)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(RunError::Read { path: recipe, source }.into()),
        }
        if read_csv::<TrainingRow>(&training)?.len() < job.preset.epochs as usize {
            return Ok(None);
        }
        let graph = network(job.preset.network, &data.train)?;
        let (run, steps_an_epoch, epochs) = (job.run.clone(), job.steps_an_epoch(), job.preset.epochs);
        Ok(Some(StoredRun { folder, graph, run, steps_an_epoch, epochs }))
    }

    /// As [`open`](Self::open), for a run that has to be there.
    ///
    /// # Errors
    /// As there, and when it is not.
    pub fn trained(&self, job: &Job, data: &Mnist) -> Result<StoredRun, RunError> {
        Ok(self.open(job, data)?.ok_or_else(|| RunError::NotTrained { run: job.name.clone() })?)
    }

    /// Trains a run on the processor and stores it; its curve comes last, so that a run with a curve is whole. Where it was stopped before, it
    /// goes on from there.
    ///
    /// # Errors
    /// When the folder holds another run under its name, whole or not, training fails or is stopped, or a file cannot be written.
    pub fn train(
        &self,
        job: &Job,
        data: &Mnist,
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
        let recipe = job.recipe(&data.hashes)?;
        let keep = keeping.at(folder.clone());
        match read_text_at_most(&folder.join("run.toml"), bounded_file::TEXT) {
            Ok(found) => same_lines(&folder.join("run.toml"), &found, &recipe)?,
            Err(error) if error.kind() == ErrorKind::NotFound => keep.clear()?,
            Err(source) => return Err(RunError::Read { path: folder.join("run.toml"), source }.into()),
        }
        if TrainingState::read(&folder).is_err_and(|error| error.is_spoilt()) {
            // Of all runs only this one begins anew.
            keep.clear()?;
        }
        write_atomically(&folder.join("run.toml"), recipe.as_bytes())?;
        let set = training_set(&job.preset, &job.run, data)?;
        let mut checkpoints = Checkpoints { folder: &folder, steps_an_epoch: job.steps_an_epoch(), data };
        let training = Training { preset: &job.preset, run: &job.run, train: &set, test, keep: Some(&keep) };
        let (_, rows) = training.run(observer, &mut checkpoints)?;
        write_csv(&folder.join("training.csv"), &rows)?;
        let stored = self.trained(job, data)?;
        stored.tidy(keeping)?;
        Ok(stored)
    }
}

/// Keeps checkpoints along a run.
struct Checkpoints<'a> {
    folder: &'a Path,
    steps_an_epoch: u64,
    /// The data that the run trains on.
    data: &'a Mnist,
}

impl Visitor for Checkpoints<'_> {
    fn wants(&self, step: u64) -> bool {
        is_kept(step, self.steps_an_epoch)
    }

    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<ControlFlow<()>, RunError> {
        let bytes = checkpoint_bytes(model, self.data)?;
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
    /// Which run it is.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The epochs that were asked for.
    #[must_use]
    pub fn epochs(&self) -> u32 {
        self.epochs
    }

    /// The steps after which there are checkpoints, from 0, the initial weights, to the end of the epochs asked for.
    #[must_use]
    pub fn steps(&self) -> Vec<u64> {
        let last = self.steps_an_epoch.saturating_mul(u64::from(self.epochs));
        (0..=last).filter(|&step| is_kept(step, self.steps_an_epoch)).collect()
    }

    /// The step at which an epoch ends.
    #[must_use]
    pub fn step_after(&self, epoch: u32) -> u64 {
        self.steps_an_epoch.saturating_mul(u64::from(epoch))
    }

    /// The model after so many steps.
    ///
    /// # Errors
    /// When there is no such checkpoint, or it is none of this network.
    pub fn checkpoint(&self, step: u64) -> Result<Model<f32>, RunError> {
        let params = match step {
            0 => self.graph.init(self.run.seed),
            step => self.graph.load(&checkpoint_path(&self.folder, step))?,
        };
        Ok(Model::new(Arc::clone(&self.graph), params)?)
    }

    /// The model at the end.
    ///
    /// # Errors
    /// As [`checkpoint`](Self::checkpoint).
    pub fn last(&self) -> Result<Model<f32>, RunError> {
        self.checkpoint(self.step_after(self.epochs))
    }

    /// A row for each epoch asked for.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn training(&self) -> Result<Vec<TrainingRow>, RunError> {
        let mut rows: Vec<TrainingRow> = read_csv(&self.folder.join("training.csv"))?;
        rows.truncate(self.epochs as usize);
        Ok(rows)
    }

    /// Takes away the state of a run that has ended; that of one which goes on beyond the curve stays.
    pub fn tidy(&self, keeping: &Keeping) -> Result<(), RunError> {
        let ended: Vec<TrainingRow> = read_csv(&self.folder.join("training.csv"))?;
        let is_of_the_past = match TrainingState::read(&self.folder) {
            Ok(Some(state)) => (state.progress.rows.len(), state.progress.step) <= (ended.len(), 0),
            Ok(None) => true,
            Err(error) => error.is_spoilt(),
        };
        if is_of_the_past { Ok(keeping.at(self.folder.clone()).clear()?) } else { Ok(()) }
    }

    /// What it was trained on.
    ///
    /// # Errors
    /// When the preset's share of wrong labels is none.
    pub fn training_set(&self, job: &Job, data: &Mnist) -> Result<Dataset, RunError> {
        Ok(training_set(&job.preset, &self.run, data)?)
    }
}
