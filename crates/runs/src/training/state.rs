//! The saved state of a model in training, from which training resumes bit for bit.
//!
//! `state.json` holds the progress of the run, and the name and SHA-256 of the safetensors file with the tensors. The tensors are
//! written first, under a new name. Replacing `state.json` then changes the state atomically.

use super::file_names::STATE;
use super::state_error::StateError;
use super::state_tensors::{StateTensors, parse_tensors, write_tensors};
use crate::numerics;
use crate::observer::{Event, Observer};
use minima_optim::{OptimizerState, StateTensor};
use minima_rows::TrainingRow;
use minima_store::{Seal, remove_if_there, sha256, sha256_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

const SEAL: Seal = Seal { kind: "the state of a minima training", version: 3 };
/// The prefix of the names of the files with the tensors.
const NUMBERS: &str = "state-";
/// The prefix of the names of files that safetensors was writing when its process was killed.
const UNFINISHED: &str = ".tmp";

/// The progress of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The run's name.
    pub run: String,
    /// The completed epochs, one row each.
    pub rows: Vec<TrainingRow>,
    /// Steps taken in the current epoch.
    pub step: usize,
    /// The sum of the batches' losses in the current epoch.
    pub loss: f64,
    /// The sum of the batches' accuracies in the current epoch.
    pub accuracy: f64,
}

impl Progress {
    /// The progress before the first step.
    #[must_use]
    pub fn new(run: &str) -> Self {
        Self { run: run.to_owned(), rows: Vec::new(), step: 0, loss: 0.0, accuracy: 0.0 }
    }

    /// Reports the resumed steps and epochs, if any. `steps` is the number of steps in the completed epochs.
    pub(crate) fn tell(&self, steps: u64, observer: &mut dyn Observer) {
        let steps = steps + self.step as u64;
        if steps > 0 {
            observer.on(Event::Resumed { steps });
        }
        for row in &self.rows {
            observer.on(Event::Epoch(row));
        }
    }

    /// The current epoch, from 1.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// The state of a model in training: its progress, its weights, and the state of its optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState {
    /// The progress of the run.
    pub progress: Progress,
    /// The weights in double precision, which represents weights of both precisions exactly.
    pub weights: Vec<f64>,
    /// The moving average of the weights; empty without one and before the first step.
    pub average: Vec<f64>,
    /// The state of the optimizer.
    pub optimizer: OptimizerState,
}

/// The versions that, beside the state, decide the numbers of the next steps.
fn computed_by() -> String {
    numerics::training()
}

/// The content of `state.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    progress: Progress,
    /// The scalars of the optimizer.
    numbers: BTreeMap<String, f64>,
    /// The name of the file with the tensors.
    tensors: String,
    /// The versions that computed the state. Other versions compute other numbers.
    computed_by: String,
    tensors_bytes: u64,
    tensors_sha256: String,
}

impl TrainingState {
    /// Writes the state to a folder. A previous state is valid until it is replaced.
    ///
    /// # Errors
    /// Returns [`StateError::Write`] or [`StateError::Seal`] if a file cannot be written. The previous state is then
    /// unchanged. Returns [`StateError::Remove`] if an old file cannot be deleted.
    pub fn write(&self, folder: &Path) -> Result<(), StateError> {
        self.prepare(folder)?.complete()
    }

    /// Writes the tensors of the state to a folder. A previous state stays valid, and this one becomes valid by
    /// [`PreparedState::complete`].
    ///
    /// # Errors
    /// Returns [`StateError::Write`] or [`StateError::Read`] if the file cannot be written or read again.
    pub(super) fn prepare(&self, folder: &Path) -> Result<PreparedState, StateError> {
        let tensors = format!("{NUMBERS}{:04}-{:06}.safetensors", self.progress.rows.len(), self.progress.step);
        let path = folder.join(&tensors);
        write_tensors(&path, &self.weights, &self.average, &self.optimizer.tensors)?;
        let failed = |source| StateError::Read { path: path.clone(), source };
        let file = File::open(&path).map_err(failed)?;
        let content = Content {
            progress: self.progress.clone(),
            numbers: self.optimizer.numbers.clone(),
            tensors,
            computed_by: computed_by(),
            tensors_bytes: file.metadata().map_err(failed)?.len(),
            tensors_sha256: sha256_of(file).map_err(failed)?,
        };
        Ok(PreparedState { folder: folder.to_owned(), content })
    }

    /// The state in a folder; `None` if the folder has no state.
    ///
    /// # Errors
    /// Returns [`StateError::Read`] or [`StateError::Seal`] if a file cannot be read, [`StateError::Hash`],
    /// [`StateError::Tensors`] or [`StateError::Content`] if a file is not as it was written, and [`StateError::Content`] if
    /// other versions computed the state.
    pub fn read(folder: &Path) -> Result<Option<Self>, StateError> {
        let state = folder.join(STATE);
        let Some(content) = SEAL.read::<Content>(&state)? else { return Ok(None) };
        // The file must be in the same folder.
        if !content.tensors.starts_with(NUMBERS) || content.tensors.contains(['/', '\\']) {
            let expected = format!("a file {NUMBERS}… in the same folder");
            return Err(StateError::Content { path: state, found: content.tensors, expected });
        }
        if content.computed_by != computed_by() {
            return Err(StateError::Content { path: state, found: content.computed_by, expected: computed_by() });
        }
        let path = folder.join(&content.tensors);
        let failed = |source| StateError::Read { path: path.clone(), source };
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() || metadata.len() != content.tensors_bytes {
            let found = format!("{} bytes", metadata.len());
            let expected = format!("a file of {} bytes as recorded in {STATE}", content.tensors_bytes);
            return Err(StateError::Content { path, found, expected });
        }
        // One more byte than recorded, if there is one, changes the hash.
        file.take(content.tensors_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        let found = sha256(&bytes);
        if found != content.tensors_sha256 {
            return Err(StateError::Hash { path, found, expected: content.tensors_sha256 });
        }
        let Content { progress, numbers, .. } = content;
        let StateTensors { weights, average, optimizer } = parse_tensors(&bytes, &path)?;
        Ok(Some(Self { progress, weights, average, optimizer: OptimizerState { numbers, tensors: optimizer } }))
    }

    /// Whether all numbers of the state are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let numbers = self.weights.iter().chain(&self.average).chain(self.optimizer.numbers.values());
        numbers.into_iter().all(|x| x.is_finite())
            && self.optimizer.tensors.values().all(|tensor| tensor.not_finite().is_none())
    }

    /// The size of the tensors in bytes.
    pub(super) fn bytes(&self) -> usize {
        let vectors = size_of::<f64>() * (self.weights.len() + self.average.len());
        vectors + self.optimizer.tensors.values().map(StateTensor::bytes).sum::<usize>()
    }

    /// Deletes the state in a folder, if there is one.
    ///
    /// # Errors
    /// Returns [`StateError::Remove`] if a file cannot be deleted, and [`StateError::Read`] if the folder cannot be read.
    pub fn remove(folder: &Path) -> Result<(), StateError> {
        remove(&folder.join(STATE))?;
        remove_numbers(folder, None)
    }
}

/// A state whose tensors are in a folder and which is not valid yet.
#[derive(Clone, Debug)]
pub(super) struct PreparedState {
    folder: PathBuf,
    content: Content,
}

impl PreparedState {
    /// Makes this the state of its folder, and deletes the tensors of the previous one.
    ///
    /// # Errors
    /// Returns [`StateError::Seal`] if the file cannot be written. The previous state is then unchanged. Returns
    /// [`StateError::Remove`] if an old file cannot be deleted.
    pub(super) fn complete(self) -> Result<(), StateError> {
        SEAL.write(&self.folder.join(STATE), &self.content)?;
        remove_numbers(&self.folder, Some(&self.content.tensors))
    }
}

fn remove_numbers(folder: &Path, but: Option<&str>) -> Result<(), StateError> {
    let failed = |source| StateError::Read { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        let is_unfinished = name.starts_with(UNFINISHED);
        if is_unfinished || (name.starts_with(NUMBERS) && Some(&*name) != but) {
            remove(&folder.join(&*name))?;
        }
    }
    Ok(())
}

/// Deletes a file of a state, if it exists.
pub(super) fn remove(path: &Path) -> Result<(), StateError> {
    remove_if_there(path).map_err(|source| StateError::Remove { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn state() -> TrainingState {
        let mut optimizer = OptimizerState::default();
        optimizer.numbers.insert("steps".to_owned(), 7.0);
        optimizer.put_vector::<f64>("empty", &[]);
        optimizer.put_matrix("factor", &Array2::from_shape_fn((2, 3), |(_, j)| 0.1 * j as f64));
        optimizer.put_matrix("basis", &Array2::from_shape_fn((3, 2), |(i, _)| 0.1 * i as f32).reversed_axes());
        let progress = Progress { loss: 0.1 + 0.2, accuracy: 1.0 / 3.0, step: 3, ..Progress::new("clean-adam-42") };
        TrainingState { progress, weights: vec![0.1, -0.0, 5e-324], average: Vec::new(), optimizer }
    }

    #[test]
    fn what_was_written_is_read_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        assert!(TrainingState::read(folder.path()).unwrap().is_none());
        let mut state = state();
        for step in [3, 4, 4, 11] {
            state.progress.step = step;
            state.average = if step == 4 { vec![0.3, 0.0, 1e300] } else { Vec::new() };
            // What a killed process was writing goes with the older state.
            std::fs::write(folder.path().join(".tmpA1b2C3"), "half").unwrap();
            state.write(folder.path()).unwrap();
            assert_eq!(TrainingState::read(folder.path()).unwrap().unwrap(), state);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        }
        TrainingState::remove(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(TrainingState::read(folder.path()).unwrap().is_none());
        TrainingState::remove(&folder.path().join("nowhere")).unwrap();
    }

    #[test]
    fn a_file_that_is_not_as_it_was_written_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        state().write(folder.path()).unwrap();
        let numbers = folder.path().join("state-0000-000003.safetensors");
        let bytes = std::fs::read(&numbers).unwrap();
        for broken in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[]] {
            std::fs::write(&numbers, broken).unwrap();
            let error = TrainingState::read(folder.path()).unwrap_err();
            assert!(
                matches!(&error, StateError::Content { .. }) && error.to_string().contains("state-0000"),
                "{error}"
            );
        }
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&numbers, changed).unwrap();
        assert!(matches!(TrainingState::read(folder.path()), Err(StateError::Hash { .. })));
        std::fs::remove_file(&numbers).unwrap();
        assert!(matches!(TrainingState::read(folder.path()), Err(StateError::Read { .. })));
        std::fs::write(folder.path().join(STATE), "{}").unwrap();
        assert!(matches!(TrainingState::read(folder.path()), Err(StateError::Seal(_))));
    }
}
