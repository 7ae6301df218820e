//! A model in training, written down so that training goes on from there, bit for bit.
//!
//! `state.json` tells how far the run is and which safetensors file beside it holds the numbers, with its SHA-256. The numbers are written
//! first, under a name of their own; that `state.json` takes its place is the moment in which the state changes.

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
/// How the files begin that hold the numbers.
const NUMBERS: &str = "state-";
/// The tensor of the weights.
const WEIGHTS: &str = "weights";
/// How the tensors of the optimizer begin.
const OPTIMIZER: &str = "optimizer.";

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The run's name.
    pub run: String,
    /// Epochs that have ended, a row each.
    pub rows: Vec<TrainingRow>,
    /// Steps taken in the epoch after them.
    pub step: usize,
    /// The sum of the batches' losses in that epoch.
    pub loss: f64,
    /// The sum of the batches' accuracies in it.
    pub accuracy: f64,
}

impl Progress {
    /// Before the first step.
    #[must_use]
    pub fn new(run: &str) -> Self {
        Self { run: run.to_owned(), rows: Vec::new(), step: 0, loss: 0.0, accuracy: 0.0 }
    }

    /// Tells of what was done before, where that is anything; `steps` are those of the epochs that have ended.
    pub(crate) fn tell(&self, steps: u64, observer: &mut dyn Observer) {
        let steps = steps + self.step as u64;
        if steps > 0 {
            observer.on(Event::Resumed { steps });
        }
        for row in &self.rows {
            observer.on(Event::Epoch(row));
        }
    }

    /// The epoch that it is in, from 1.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// A model in training: how far it is, its weights, and what its optimizer remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState {
    /// How far the run is.
    pub progress: Progress,
    /// The weights, in double precision, which holds those of both precisions exactly.
    pub weights: Vec<f64>,
    /// What the optimizer remembers.
    pub optimizer: OptimizerState,
}

/// What decides the numbers of the next steps beside the state.
fn computed_by() -> String {
    numerics::training()
}

/// What `state.json` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    progress: Progress,
    /// Single numbers of the optimizer.
    numbers: BTreeMap<String, f64>,
    /// The file beside it.
    tensors: String,
    /// What it was computed with: another version's numbers are other numbers.
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
    /// Writes the state into a folder; what was there before counts until the very end.
    ///
    /// # Errors
    /// When a file cannot be written; the state that was there before is then still whole.
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
        let all = std::iter::once((WEIGHTS.to_owned(), weights)).chain(optimizer);
        safetensors::serialize(all, None).map_err(|error| StateError::Content {
            path: state.to_owned(),
            found: error.to_string(),
            expected: "tensors that can be written".to_owned(),
        })
    }

    /// The state in a folder; `None` where there is none.
    ///
    /// # Errors
    /// When a file cannot be read, or is not as it was written.
    pub fn read(folder: &Path) -> Result<Option<Self>, StateError> {
        let state = folder.join(STATE);
        let Some(content) = SEAL.read::<Content>(&state)? else { return Ok(None) };
        // A name that leads elsewhere is none that was written.
        if !content.tensors.starts_with(NUMBERS) || content.tensors.contains(['/', '\\']) {
            let expected = format!("a file {NUMBERS}… beside it");
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
            let expected = format!("a file of {} as {STATE} says", content.tensors_bytes);
            return Err(StateError::Content { path, found, expected });
        }
        // A byte more, if there is one, makes it another file.
        file.take(content.tensors_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        let found = sha256(&bytes);
        if found != content.tensors_sha256 {
            return Err(StateError::Hash { path, found, expected: content.tensors_sha256 });
        }
        let Content { progress, numbers, .. } = content;
        let (weights, tensors) = parse_tensors(&bytes, &path)?;
        Ok(Some(Self { progress, weights, optimizer: OptimizerState { numbers, tensors } }))
    }

    /// Whether all its numbers are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let tensors = self.optimizer.tensors.values().flatten().chain(&self.weights);
        tensors.chain(self.optimizer.numbers.values()).all(|x| x.is_finite())
    }

    /// Takes a folder's state away, where there is one.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn remove(folder: &Path) -> Result<(), StateError> {
        remove(&folder.join(STATE))?;
        remove_numbers(folder, None)
    }
}

/// An optimizer's tensors by their names.
pub type NamedTensors = BTreeMap<String, ArrayD<f64>>;

/// The weights and the optimizer's tensors in the bytes of a state's safetensors file; errors name `path`.
///
/// # Errors
/// When it is no such file.
pub fn parse_tensors(bytes: &[u8], path: &Path) -> Result<(Vec<f64>, NamedTensors), StateError> {
    let wrong = |found: String, expected: &str| StateError::Content {
        path: path.to_owned(),
        found,
        expected: expected.to_owned(),
    };
    let file = TensorFile::read(bytes, path)?;
    let mut weights = None;
    let mut tensors = BTreeMap::new();
    for (name, tensor, data) in file.tensors() {
        if tensor.dtype != Dtype::F64 {
            return Err(wrong(format!("{name} of type {:?}", tensor.dtype), "F64"));
        }
        let numbers: Vec<f64> = data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        if let Some(x) = numbers.iter().find(|x| !x.is_finite()) {
            return Err(wrong(format!("{x} in {name}"), "finite numbers"));
        }
        let tensor = ArrayD::from_shape_vec(IxDyn(&tensor.shape), numbers);
        let tensor = tensor.map_err(|error| wrong(format!("{name}: {error}"), "as many numbers as its shape says"))?;
        match name.strip_prefix(OPTIMIZER) {
            Some(name) => drop(tensors.insert(name.to_owned(), tensor)),
            None if name == WEIGHTS => weights = Some(tensor.into_iter().collect()),
            None => return Err(wrong(format!("tensor {name}"), "weights, and the optimizer's")),
        }
    }
    Ok((weights.ok_or_else(|| wrong("no weights".to_owned(), "a tensor of that name"))?, tensors))
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

/// Takes a file of a state away, where there is one.
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
        TrainingState { progress, weights: vec![0.1, -0.0, 5e-324], optimizer }
    }

    #[test]
    fn what_was_written_is_read_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        assert!(TrainingState::read(folder.path()).unwrap().is_none());
        let mut state = state();
        for step in [3, 4, 4, 11] {
            state.progress.step = step;
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
