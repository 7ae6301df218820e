//! The saved state of a model in training, from which training resumes bit for bit.
//!
//! `state.json` holds the progress of the run, and the name and SHA-256 of the safetensors file with the tensors. The tensors are
//! written first, under a new name. Replacing `state.json` then changes the state atomically.

use super::file_names::STATE;
use super::state_error::StateError;
use crate::numerics;
use crate::observer::{Event, Observer};
use minima_autodiff::TensorFile;
use minima_data::sha256;
use minima_optim::OptimizerState;
use minima_rows::TrainingRow;
use minima_store::Seal;
use minima_store::{remove_if_there, write_atomically};
use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, View};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::Path;

const SEAL: Seal = Seal { kind: "the state of a minima training", version: 2 };
/// The prefix of the names of the files with the tensors.
const NUMBERS: &str = "state-";
/// The name of the tensor of the weights.
const WEIGHTS: &str = "weights";
/// The name of the tensor of the weights' moving average. A state without an average has no such tensor.
const AVERAGE: &str = "average";
/// The prefix of the names of the optimizer's tensors.
const OPTIMIZER: &str = "optimizer.";

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

struct Tensor<'a> {
    shape: Vec<usize>,
    numbers: Cow<'a, [f64]>,
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F64
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        self.numbers.len() * size_of::<f64>()
    }
}

impl TrainingState {
    /// Writes the state to a folder. A previous state is valid until it is replaced.
    ///
    /// # Errors
    /// Returns [`StateError::Write`] or [`StateError::Seal`] if a file cannot be written, and [`StateError::Content`] if the
    /// tensors cannot be serialised. The previous state is then unchanged. Returns [`StateError::Remove`] if an old file cannot
    /// be deleted.
    pub fn write(&self, folder: &Path) -> Result<(), StateError> {
        let state = folder.join(STATE);
        let bytes = self.tensors(&state)?;
        let tensors = format!("{NUMBERS}{:04}-{:06}.safetensors", self.progress.rows.len(), self.progress.step);
        write_atomically(&folder.join(&tensors), &bytes)?;
        let content = Content {
            progress: self.progress.clone(),
            numbers: self.optimizer.numbers.clone(),
            tensors: tensors.clone(),
            computed_by: computed_by(),
            tensors_bytes: bytes.len() as u64,
            tensors_sha256: sha256(&bytes),
        };
        SEAL.write(&state, &content)?;
        remove_numbers(folder, Some(&tensors))
    }

    fn tensors(&self, state: &Path) -> Result<Vec<u8>, StateError> {
        let weights = Tensor { shape: vec![self.weights.len()], numbers: Cow::Borrowed(&self.weights) };
        let optimizer = self.optimizer.tensors.iter().map(|(name, tensor)| {
            let numbers = tensor.iter().copied().collect();
            (format!("{OPTIMIZER}{name}"), Tensor { shape: tensor.shape().to_vec(), numbers })
        });
        let average = (!self.average.is_empty()).then(|| {
            let average = Tensor { shape: vec![self.average.len()], numbers: Cow::Borrowed(&self.average) };
            (AVERAGE.to_owned(), average)
        });
        let all = std::iter::once((WEIGHTS.to_owned(), weights)).chain(average).chain(optimizer);
        safetensors::serialize(all, None).map_err(|error| StateError::Content {
            path: state.to_owned(),
            found: error.to_string(),
            expected: "tensors that safetensors can represent".to_owned(),
        })
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
        let file = std::fs::File::open(&path).map_err(failed)?;
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
        let tensors = self.optimizer.tensors.values().flatten().chain(&self.weights).chain(&self.average);
        tensors.chain(self.optimizer.numbers.values()).all(|x| x.is_finite())
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

/// The tensors of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateTensors {
    /// The weights.
    pub weights: Vec<f64>,
    /// The moving average of the weights; empty without an average.
    pub average: Vec<f64>,
    /// The optimizer's tensors, by name.
    pub optimizer: BTreeMap<String, ArrayD<f64>>,
}

/// Parses the tensors from the bytes of a state's safetensors file; errors name `path`.
///
/// # Errors
/// Returns [`StateError::Tensors`] if the bytes are not a valid safetensors file, and [`StateError::Content`] if a tensor is not
/// valid for a state.
pub fn parse_tensors(bytes: &[u8], path: &Path) -> Result<StateTensors, StateError> {
    let wrong = |found: String, expected: &str| StateError::Content {
        path: path.to_owned(),
        found,
        expected: expected.to_owned(),
    };
    let file = TensorFile::read(bytes, path)?;
    let (mut weights, mut average) = (None, Vec::new());
    let mut optimizer = BTreeMap::new();
    for (name, tensor, data) in file.tensors() {
        if tensor.dtype != Dtype::F64 {
            return Err(wrong(format!("{name} of type {:?}", tensor.dtype), "F64"));
        }
        let numbers: Vec<f64> = data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        if let Some(x) = numbers.iter().find(|x| !x.is_finite()) {
            return Err(wrong(format!("{x} in {name}"), "finite numbers"));
        }
        let tensor = ArrayD::from_shape_vec(IxDyn(&tensor.shape), numbers);
        let tensor = tensor.map_err(|error| wrong(format!("{name}: {error}"), "as many numbers as its shape has"))?;
        match name.strip_prefix(OPTIMIZER) {
            Some(name) => drop(optimizer.insert(name.to_owned(), tensor)),
            None if name == WEIGHTS => weights = Some(tensor.into_iter().collect()),
            None if name == AVERAGE => average = tensor.into_iter().collect(),
            None => return Err(wrong(format!("tensor {name}"), "weights, average or a tensor of the optimizer")),
        }
    }
    let weights = weights.ok_or_else(|| wrong("no weights".to_owned(), "a tensor with the name weights"))?;
    Ok(StateTensors { weights, average, optimizer })
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
        if name.starts_with(NUMBERS) && Some(&*name) != but {
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

    fn state() -> TrainingState {
        let mut optimizer = OptimizerState::default();
        optimizer.numbers.insert("steps".to_owned(), 7.0);
        optimizer.tensors.insert("empty".to_owned(), ArrayD::zeros(IxDyn(&[0])));
        optimizer.tensors.insert("factor".to_owned(), ArrayD::from_shape_fn(IxDyn(&[2, 3]), |i| 0.1 * i[1] as f64));
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

    #[test]
    fn tensors_of_something_else_are_refused() {
        let path = Path::new("state-x.safetensors");
        let written = |name: &str, numbers: &[f64]| {
            let tensor = Tensor { shape: vec![numbers.len()], numbers: Cow::Borrowed(numbers) };
            safetensors::serialize([(name, tensor)], None).unwrap()
        };
        assert!(parse_tensors(&written("weights", &[1.0]), path).is_ok());
        for (bytes, part) in [
            (written("weights", &[f64::NAN]), "NaN in weights"),
            (written("weights", &[f64::INFINITY]), "inf in weights"),
            (written("other", &[1.0]), "tensor other"),
            (written("optimizer.velocity", &[1.0]), "no weights"),
            (Vec::new(), "expected a safetensors file"),
        ] {
            let error = parse_tensors(&bytes, path).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
