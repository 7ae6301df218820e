//! Trains one model and writes it to a checkpoint file.

use minima_autodiff::Model;
use minima_config::preset::Preset;
use minima_config::{Run, training_set};
use minima_data::Splits;
use minima_rows::{TrainingRow, read_csv, write_csv};
use minima_runs::Job;
use minima_runs::RunError;
use minima_runs::checkpoint::{self, Origin};
use minima_runs::machine::Machine;
use minima_runs::observer::{Event, Observer};
use minima_runs::training::{Keep, Keeping, TrainingState};
use minima_runs::{RunTraining, TestSet, Trained};
use minima_store::bounded_file::{self, read_at_most};
use minima_store::write_atomically;
use minima_store::{FolderError, ResultsFolder, free_name, same_lines, sweep_beside};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A request to train one model and write its checkpoint.
pub(crate) struct TrainRequest<'a> {
    /// The experiment.
    pub preset: &'a Preset,
    /// The run; it need not belong to the experiment.
    pub run: &'a Run,
    /// The device.
    pub machine: &'a Machine,
    /// Training and test images.
    pub data: &'a Splits,
    /// The checkpoint's path, which must not end in `.csv` or `.toml`.
    pub checkpoint: &'a Path,
    /// How often the state is saved, and the stop request.
    pub keeping: &'a Keeping,
    /// Move existing files aside and start again.
    pub fresh: bool,
}

impl TrainRequest<'_> {
    /// Path of the training curve.
    #[must_use]
    pub(crate) fn curve(&self) -> PathBuf {
        self.checkpoint.with_extension("csv")
    }

    /// Path of the training configuration.
    #[must_use]
    pub(crate) fn configuration(&self) -> PathBuf {
        self.checkpoint.with_extension("toml")
    }

    /// Path of the folder with the state of an unfinished run.
    #[must_use]
    pub(crate) fn unfinished(&self) -> PathBuf {
        self.checkpoint.with_extension("unfinished")
    }

    /// Trains the model, or resumes its training, and writes the checkpoint, its curve and its configuration. A completed model
    /// is not trained again.
    ///
    /// # Errors
    /// Returns [`RunError`] if a checkpoint of another configuration exists or another run works on it, the experiment needs more
    /// images than there are or lacks the optimizer, the run fails or is stopped, or a file cannot be written.
    pub(crate) fn train(&self, observer: &mut dyn Observer) -> Result<Trained, RunError> {
        let Self { preset, run, machine, data, keeping, .. } = *self;
        preset.check_against(data)?;
        let configuration = self.describe()?;
        let unfinished = ResultsFolder::claim(&self.unfinished())?;
        let unfinished = if self.fresh { self.move_aside(unfinished, observer)? } else { unfinished };
        if let Err(refused) = self.check_configuration(&configuration) {
            // A refused request must not leave a folder behind.
            let _ = fs::remove_dir(unfinished.path());
            return Err(refused);
        }
        sweep_beside(&[self.checkpoint.to_owned(), self.curve(), self.configuration()]);
        let keep = keeping.at(unfinished.path().to_owned());
        if !self.configuration().exists() {
            // A state without its configuration cannot be resumed.
            keep.clear()?;
        }
        write_atomically(&self.configuration(), configuration.as_bytes())?;
        if let Some(trained) = self.trained(unfinished.path())? {
            observer.on(Event::Stage("this model is already trained; --fresh moves it aside and trains it again"));
            self.take_away(&keep, &unfinished)?;
            return Ok(trained);
        }
        let test = TestSet::new(&data.test.take(preset.test_images));
        let training = RunTraining { machine, preset, run, place: (1, 1), test: &test, keep: Some(&keep) };
        let trained = training.train(data, observer)?;
        write_csv(&self.curve(), &trained.epochs)?;
        let origin = Origin::of(preset, run, data)?.after(preset.epochs);
        write_atomically(self.checkpoint, &checkpoint::bytes(&trained.model, &origin)?)?;
        self.take_away(&keep, &unfinished)?;
        Ok(trained)
    }

    /// Removes the state and its folder.
    fn take_away(&self, keep: &Keep, unfinished: &ResultsFolder) -> Result<(), RunError> {
        keep.clear()?;
        match fs::remove_dir(unfinished.path()) {
            Err(source) if source.kind() != ErrorKind::DirectoryNotEmpty => {
                Err(self.failed("removing the folder of the completed run", source))
            }
            // Files from elsewhere stay.
            _ => Ok(()),
        }
    }

    /// The model, if its training is complete.
    fn trained(&self, unfinished: &Path) -> Result<Option<Trained>, RunError> {
        let state = TrainingState::read(unfinished);
        if !matches!(state, Ok(None)) || !self.checkpoint.is_file() || !self.curve().is_file() {
            return Ok(None);
        }
        let epochs: Vec<TrainingRow> = read_csv(&self.curve())?;
        let set = training_set(self.preset, self.run, self.data)?;
        let graph = self.preset.network.graph(&set)?;
        let params = graph.load(self.checkpoint)?;
        Ok(Some(Trained { model: Model::new(graph, params)?, set, epochs, seconds: 0.0 }))
    }

    /// Everything that determines the checkpoint's bytes, as TOML.
    fn describe(&self) -> Result<String, RunError> {
        let recipe = Job::new(self.preset, self.run.clone())?.recipe(&self.data.hashes)?;
        let (device, epochs) = (self.machine.name(), self.preset.epochs);
        let data_name = toml::Value::String(self.data.name());
        Ok(format!("device = {device:?}\nepochs = {epochs}\ndata_name = {data_name}\n{recipe}"))
    }

    fn check_configuration(&self, expected: &str) -> Result<(), RunError> {
        let path = self.configuration();
        match read_at_most(&path, bounded_file::TEXT) {
            Ok(found) => Ok(same_lines(&path, &String::from_utf8_lossy(&found), expected)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let there = [self.checkpoint.to_owned(), self.curve()].into_iter().find(|path| path.exists());
                let Some(there) = there else { return Ok(()) };
                let found = format!("{} without it", there.display());
                Err(FolderError::Other { path, found, expected: "a checkpoint that `train` has written".to_owned() }
                    .into())
            }
            Err(source) => Err(self.failed("reading its training configuration", source)),
        }
    }

    /// Moves the checkpoint, its curve, configuration and state into a new folder next to it.
    fn move_aside(&self, unfinished: ResultsFolder, observer: &mut dyn Observer) -> Result<ResultsFolder, RunError> {
        let stem = self.checkpoint.with_extension("");
        let aside = free_name(&stem);
        let failed = |source| self.failed("moving aside", source);
        for path in [self.unfinished(), self.checkpoint.to_owned(), self.curve(), self.configuration()] {
            let empty = path.is_dir() && fs::read_dir(&path).map_err(failed)?.next().is_none();
            if let Some(name) = path.file_name().filter(|_| path.exists() && !empty) {
                fs::create_dir_all(&aside).map_err(failed)?;
                fs::rename(&path, aside.join(name)).map_err(failed)?;
            }
        }
        if aside.exists() {
            observer.on(Event::Stage(&format!("moved the existing files to {}", aside.display())));
        }
        drop(unfinished);
        Ok(ResultsFolder::claim(&self.unfinished())?)
    }

    fn failed(&self, step: &'static str, source: std::io::Error) -> RunError {
        FolderError::System { path: self.checkpoint.to_owned(), step, source }.into()
    }
}
