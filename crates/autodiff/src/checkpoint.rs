//! Parameters in safetensors files: a tensor a parameter, with Flax's names and layouts.

use crate::{AutodiffError, Graph, Scalar};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};
use std::borrow::Cow;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Checkpoints hold single precision: what is trained in `f64` is rounded.
struct Tensor<'a> {
    shape: &'a [usize],
    bytes: Vec<u8>,
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

impl Graph {
    /// The parameters as the bytes of a safetensors file, in `f32`.
    ///
    /// # Errors
    /// When they are another number than the network has.
    pub fn to_safetensors<T: Scalar>(&self, params: &[T]) -> Result<Vec<u8>, AutodiffError> {
        self.check_params("parameters", params.len())?;
        let tensors = self.parameters.iter().map(|spec| {
            let numbers = params[spec.range.clone()].iter();
            let bytes = numbers.flat_map(|p| (p.as_f64() as f32).to_le_bytes()).collect();
            (spec.name.as_str(), Tensor { shape: &spec.shape, bytes })
        });
        safetensors::serialize(tensors, None).map_err(|e| AutodiffError::Checkpoint {
            path: Path::new("<memory>").to_owned(),
            found: e.to_string(),
            expected: "tensors that can be serialized".into(),
        })
    }

    /// Writes the parameters to a file, whole or not at all.
    ///
    /// # Errors
    /// When they are another number than the network has, or the file cannot be written.
    pub fn save<T: Scalar>(&self, params: &[T], path: &Path) -> Result<(), AutodiffError> {
        let bytes = self.to_safetensors(params)?;
        let partial = path.with_extension("partial");
        let write = || {
            let mut file = fs::File::create(&partial)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&partial, path)
        };
        write().map_err(|e: std::io::Error| {
            // The error that counts is the first; what is left of the file is of no use.
            let _ = fs::remove_file(&partial);
            failure(path, e.to_string(), "a file that can be written")
        })
    }

    /// Reads parameters from a safetensors file.
    ///
    /// # Errors
    /// When the file cannot be read; a tensor is missing, unknown, or of another shape or type than the network's; or a
    /// number is not finite in this precision.
    pub fn load<T: Scalar>(&self, path: &Path) -> Result<Vec<T>, AutodiffError> {
        let bytes = fs::read(path).map_err(|e| failure(path, e.to_string(), "a safetensors file"))?;
        self.from_safetensors(&bytes, path)
    }

    /// As [`load`](Self::load), from bytes; errors name `path`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_safetensors<T: Scalar>(&self, bytes: &[u8], path: &Path) -> Result<Vec<T>, AutodiffError> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| failure(path, e.to_string(), "a safetensors file"))?;
        if let Some(name) = file.names().iter().find(|name| !self.parameters.iter().any(|p| p.name == **name)) {
            let known: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
            return Err(failure(path, format!("tensor {name}"), &format!("only {}", known.join(", "))));
        }
        let mut params = vec![T::zero(); self.parameter_count()];
        for spec in &self.parameters {
            let expected = format!("tensor {} of shape {:?}", spec.name, spec.shape);
            let tensor = file.tensor(&spec.name).map_err(|_| failure(path, "no such tensor".into(), &expected))?;
            if tensor.shape() != spec.shape {
                return Err(failure(path, format!("shape {:?}", tensor.shape()), &expected));
            }
            let numbers = numbers(&tensor)
                .ok_or_else(|| failure(path, format!("{} of type {:?}", spec.name, tensor.dtype()), "F32 or F64"))?;
            for (p, x) in params[spec.range.clone()].iter_mut().zip(numbers) {
                *p = T::from_f64(x);
                // What is finite in F64 need not be so in the network's precision.
                if !p.is_finite() {
                    return Err(failure(path, format!("{x} in {}", spec.name), "finite numbers"));
                }
            }
        }
        Ok(params)
    }
}

/// A tensor's numbers in double precision; `None` for other types than F32 and F64.
fn numbers(tensor: &TensorView<'_>) -> Option<Vec<f64>> {
    let bytes = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => Some(bytes.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()),
        Dtype::F64 => Some(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
        _ => None,
    }
}

fn failure(path: &Path, found: String, expected: &str) -> AutodiffError {
    AutodiffError::Checkpoint { path: path.to_owned(), found, expected: expected.to_owned() }
}
