//! The file with the tensors of a training state.

use super::state_error::StateError;
use minima_autodiff::TensorFile;
use minima_optim::StateTensor;
use minima_store::write_atomically_by;
use ndarray::{Array1, ArrayD, IxDyn};
use safetensors::tensor::{Dtype, View};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The name of the tensor of the weights.
const WEIGHTS: &str = "weights";
/// The name of the tensor of the weights' moving average. A state without an average has no such tensor.
const AVERAGE: &str = "average";
/// The prefix of the names of the optimizer's tensors.
const OPTIMIZER: &str = "optimizer.";

struct Tensor<'a>(Cow<'a, StateTensor>);

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        match &*self.0 {
            StateTensor::F32(_) => Dtype::F32,
            StateTensor::F64(_) => Dtype::F64,
        }
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match &*self.0 {
            StateTensor::F32(tensor) => tensor.iter().flat_map(|x| x.to_le_bytes()).collect(),
            StateTensor::F64(tensor) => tensor.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }

    fn data_len(&self) -> usize {
        self.0.bytes()
    }
}

fn vector(numbers: &[f64]) -> Tensor<'static> {
    Tensor(Cow::Owned(Array1::from(numbers.to_vec()).into_dyn().into()))
}

/// Writes the tensors of a state to a file, one after another: of the largest tensor alone there is a copy in memory.
///
/// # Errors
/// Returns [`StateError::Write`] if the file cannot be written.
pub(super) fn write_tensors(
    path: &Path,
    weights: &[f64],
    average: &[f64],
    optimizer: &BTreeMap<String, StateTensor>,
) -> Result<(), StateError> {
    let optimizer =
        optimizer.iter().map(|(name, tensor)| (format!("{OPTIMIZER}{name}"), Tensor(Cow::Borrowed(tensor))));
    let average = (!average.is_empty()).then(|| (AVERAGE.to_owned(), vector(average)));
    let all = std::iter::once((WEIGHTS.to_owned(), vector(weights))).chain(average).chain(optimizer);
    let write = |path: &Path| safetensors::serialize_to_file(all, None, path).map_err(io::Error::other);
    Ok(write_atomically_by(path, write)?)
}

/// The tensors of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateTensors {
    /// The weights.
    pub weights: Vec<f64>,
    /// The moving average of the weights; empty without an average.
    pub average: Vec<f64>,
    /// The optimizer's tensors, by name.
    pub optimizer: BTreeMap<String, StateTensor>,
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
        let shape = IxDyn(&tensor.shape);
        let tensor = match tensor.dtype {
            Dtype::F32 => {
                let numbers = data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
                ArrayD::from_shape_vec(shape, numbers.collect()).map(StateTensor::from)
            }
            Dtype::F64 => {
                let numbers = data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b));
                ArrayD::from_shape_vec(shape, numbers.collect()).map(StateTensor::from)
            }
            other => return Err(wrong(format!("{name} of type {other:?}"), "F32 or F64")),
        };
        let tensor = tensor.map_err(|error| wrong(format!("{name}: {error}"), "as many numbers as its shape has"))?;
        if let Some(x) = tensor.not_finite() {
            return Err(wrong(format!("{x} in {name}"), "finite numbers"));
        }
        match name.strip_prefix(OPTIMIZER) {
            Some(name) => drop(optimizer.insert(name.to_owned(), tensor)),
            None if name == WEIGHTS => weights = Some(tensor.numbers().into_iter().collect()),
            None if name == AVERAGE => average = tensor.numbers().into_iter().collect(),
            None => return Err(wrong(format!("tensor {name}"), "weights, average or a tensor of the optimizer")),
        }
    }
    let weights = weights.ok_or_else(|| wrong("no weights".to_owned(), "a tensor with the name weights"))?;
    Ok(StateTensors { weights, average, optimizer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_of_something_else_are_refused() {
        let path = Path::new("state-x.safetensors");
        let written = |name: &str, numbers: &[f64]| safetensors::serialize([(name, vector(numbers))], None).unwrap();
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
