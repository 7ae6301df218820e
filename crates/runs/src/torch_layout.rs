//! Checkpoints with PyTorch's names and layouts: `{layer}.weight` and `{layer}.bias`, convolutions as (out, in, height, width),
//! matrices as (out, in), and features flattened with the channels first.

use crate::torch_network::{flattened_shapes, other_borders};
use minima_autodiff::{Graph, ParameterSpec, Role, TensorFile};
use minima_store::bounded_file::{self, read_at_most};
use safetensors::Dtype;
use std::path::{Path, PathBuf};

/// The names and the layout of the tensors in a checkpoint that another program wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Flax's, which are minima's own.
    #[default]
    Flax,
    /// PyTorch's.
    Torch,
}

impl std::str::FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "flax" => Ok(Self::Flax),
            "torch" | "pytorch" => Ok(Self::Torch),
            _ => Err(format!("found layout {text}, expected flax or torch")),
        }
    }
}

/// A checkpoint does not hold the parameters of a network in PyTorch's layout.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TorchLayoutError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// Tensors are missing, unknown, or of another shape or type.
    #[error("{}: {}", path.display(), tensors.join("; "))]
    Tensors {
        /// The file.
        path: PathBuf,
        /// A sentence for each of them.
        tensors: Vec<String>,
    },
    /// The network has layers that PyTorch does not have in this form, so that its weights would give other numbers.
    #[error("{}: {}", path.display(), layers.join("; "))]
    Layers {
        /// The file.
        path: PathBuf,
        /// A sentence for each of them.
        layers: Vec<String>,
    },
    /// The file is not a checkpoint.
    #[error(transparent)]
    File(#[from] minima_autodiff::CheckpointError),
}

/// Reads the parameters of a network from a file in PyTorch's layout.
///
/// # Errors
/// Returns [`TorchLayoutError::Read`] if the file cannot be read, [`TorchLayoutError::File`] if it is not a safetensors file,
/// [`TorchLayoutError::Tensors`] with every tensor that does not fit, and [`TorchLayoutError::Layers`] with every layer whose
/// border is not the same on both sides, and with every layer after maps that are flattened and put together.
pub fn load(graph: &Graph, path: &Path) -> Result<Vec<f32>, TorchLayoutError> {
    let bytes = read_at_most(path, bounded_file::CHECKPOINT)
        .map_err(|source| TorchLayoutError::Read { path: path.to_owned(), source })?;
    let file = TensorFile::read(&bytes, path)?;
    let (flattened, mut layers) = flattened_shapes(graph);
    layers.extend(other_borders(graph));
    if !layers.is_empty() {
        return Err(TorchLayoutError::Layers { path: path.to_owned(), layers });
    }
    let mut params = vec![0.0_f32; graph.parameter_count()];
    let mut wrong = Vec::new();
    let mut known = Vec::new();
    for (spec, flattened) in graph.parameters().iter().zip(flattened) {
        let name = torch_name(spec);
        match tensor(&file, spec, &name, flattened) {
            Ok(numbers) => {
                if let Some(into) = params.get_mut(spec.range.clone()) {
                    into.copy_from_slice(&numbers);
                }
            }
            Err(sentence) => wrong.push(sentence),
        }
        known.push(name);
    }
    wrong.extend(
        file.names()
            .filter(|name| !known.iter().any(|known| known == name))
            .map(|name| format!("found {name}, which the network does not have")),
    );
    if wrong.is_empty() { Ok(params) } else { Err(TorchLayoutError::Tensors { path: path.to_owned(), tensors: wrong }) }
}

/// PyTorch's name of a parameter.
fn torch_name(spec: &ParameterSpec) -> String {
    match spec.role {
        Role::Kernel | Role::Scale => format!("{}.weight", spec.module),
        Role::Bias | Role::Shift => format!("{}.bias", spec.module),
        _ => spec.name.clone(),
    }
}

/// The numbers of a parameter in minima's order.
fn tensor(
    file: &TensorFile<'_>,
    spec: &ParameterSpec,
    name: &str,
    flattened: Option<[usize; 3]>,
) -> Result<Vec<f32>, String> {
    let Some((info, bytes)) = file.tensor(name) else { return Err(format!("found no {name}, expected one")) };
    let expected = torch_shape(spec);
    let same = info.shape == expected
        || (spec.role != Role::Kernel && info.shape.iter().product::<usize>() == spec.range.len());
    if !same {
        return Err(format!("{name}: found shape {:?}, expected {expected:?}", info.shape));
    }
    let numbers: Vec<f32> = match info.dtype {
        Dtype::F32 => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F64 => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
        other => return Err(format!("{name}: found type {other}, expected F32 or F64")),
    };
    if let Some(position) = numbers.iter().position(|x| !x.is_finite()) {
        return Err(format!("{name}: found a number at position {position} that is NaN or infinite"));
    }
    let places = places(spec, flattened);
    Ok(places.map(|place| numbers.get(place).copied().unwrap_or_default()).collect())
}

/// The shape of a parameter in PyTorch.
fn torch_shape(spec: &ParameterSpec) -> Vec<usize> {
    match (spec.role, spec.shape.as_slice()) {
        (Role::Kernel, &[height, width, inputs, outputs]) => vec![outputs, inputs, height, width],
        (Role::Kernel, _) => spec.filters().map_or_else(Vec::new, |[inputs, outputs]| vec![outputs, inputs]),
        (_, shape) => shape.to_vec(),
    }
}

/// For each number in minima's order, its place in PyTorch's tensor.
fn places(spec: &ParameterSpec, flattened: Option<[usize; 3]>) -> Box<dyn Iterator<Item = usize>> {
    let count = spec.range.len();
    match (spec.role, spec.shape.as_slice(), spec.filters()) {
        (Role::Kernel, &[height, width, inputs, outputs], _) => Box::new((0..count).map(move |index| {
            let (out, rest) = (index % outputs, index / outputs);
            let (input, rest) = (rest % inputs, rest / inputs);
            let (column, row) = (rest % width, rest / width);
            ((out * inputs + input) * height + row) * width + column
        })),
        (Role::Kernel, _, Some([inputs, outputs])) => Box::new((0..count).map(move |index| {
            let (out, input) = (index % outputs, index / outputs);
            out * inputs + channels_first(input, flattened)
        })),
        // A normalisation of a flattened map.
        (Role::Scale | Role::Shift, _, _) => Box::new((0..count).map(move |index| channels_first(index, flattened))),
        _ => Box::new(0..count),
    }
}

/// The place of a number of a flattened map if its channels come first.
fn channels_first(index: usize, flattened: Option<[usize; 3]>) -> usize {
    match flattened {
        None => index,
        Some([height, width, channels]) => {
            let (channel, pixel) = (index % channels, index / channels);
            channel * height * width + pixel
        }
    }
}
