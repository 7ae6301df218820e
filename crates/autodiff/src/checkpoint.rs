//! Parameters in safetensors files: one tensor per parameter array, with Flax's names and layouts.

use crate::tensor_file::LENGTH;
use crate::{AutodiffError, CheckpointError, Graph, ParameterSpec, Scalar, TensorFile};
use minima_store::bounded_file::read_at_most;
use minima_store::write_atomically;
use safetensors::tensor::{Dtype, View};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The longest header that is read. A network's header takes about a hundred bytes per tensor; other entries in the
/// file may take more.
const LONGEST_HEADER: u64 = 1 << 20;

/// Checkpoints are in single precision: `f64` parameters are rounded.
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
    /// Returns [`AutodiffError::Shape`] if `params` does not have [`parameter_count`](Self::parameter_count) numbers,
    /// and [`CheckpointError`] if they cannot be serialized.
    pub fn to_safetensors<T: Scalar>(&self, params: &[T]) -> Result<Vec<u8>, AutodiffError> {
        self.serialized(params, None)
    }

    /// The bytes of [`to_safetensors`](Self::to_safetensors), with one entry in the file's `__metadata__`.
    ///
    /// [`TensorFile::metadata`] reads the entry. Only one entry is possible, because several would be written in
    /// varying order.
    ///
    /// # Errors
    /// Returns the errors of [`to_safetensors`](Self::to_safetensors).
    pub fn to_safetensors_with_note<T: Scalar>(
        &self,
        params: &[T],
        name: &str,
        note: &str,
    ) -> Result<Vec<u8>, AutodiffError> {
        self.serialized(params, Some(HashMap::from([(name.to_owned(), note.to_owned())])))
    }

    fn serialized<T: Scalar>(
        &self,
        params: &[T],
        metadata: Option<HashMap<String, String>>,
    ) -> Result<Vec<u8>, AutodiffError> {
        self.check_params("parameters", params.len())?;
        let tensors = self.parameters.iter().map(|spec| {
            let numbers = params[spec.range.clone()].iter();
            let bytes = numbers.flat_map(|p| (p.as_f64() as f32).to_le_bytes()).collect();
            (spec.name.as_str(), Tensor { shape: &spec.shape, bytes })
        });
        let written = safetensors::serialize(tensors, metadata);
        Ok(written.map_err(|error| CheckpointError::Encode { found: error.to_string() })?)
    }

    /// Writes the parameters to a file in an existing folder. The file is written as a whole, or not at all.
    ///
    /// # Errors
    /// Returns the errors of [`to_safetensors`](Self::to_safetensors), and [`CheckpointError::Write`] if the file
    /// cannot be written.
    pub fn save<T: Scalar>(&self, params: &[T], path: &Path) -> Result<(), AutodiffError> {
        let bytes = self.to_safetensors(params)?;
        let written = write_in_its_folder(path, &bytes);
        Ok(written.map_err(|source| CheckpointError::Write { path: path.to_owned(), source })?)
    }

    /// Reads parameters from a safetensors file. It never reads more bytes than the largest valid file of this network
    /// has.
    ///
    /// # Errors
    /// Returns a [`CheckpointError`] if the file cannot be read; if its header and its length disagree; if a tensor is
    /// missing, unknown, or of another shape or type than the network's; or if a number is not finite in this
    /// precision. Each case has a variant of its own.
    pub fn load<T: Scalar>(&self, path: &Path) -> Result<Vec<T>, AutodiffError> {
        let most = LENGTH as u64 + LONGEST_HEADER + (size_of::<f64>() * self.parameter_count()) as u64;
        let bytes = read_at_most(path, most).map_err(|source| match source.kind() {
            ErrorKind::FileTooLarge => CheckpointError::Size { path: path.to_owned(), most },
            _ => CheckpointError::Read { path: path.to_owned(), source },
        })?;
        self.from_safetensors(&bytes, path)
    }

    /// Reads parameters from the bytes of a safetensors file, as [`load`](Self::load) does; errors name `path`.
    ///
    /// # Errors
    /// Returns the errors of [`load`](Self::load).
    pub fn from_safetensors<T: Scalar>(&self, bytes: &[u8], path: &Path) -> Result<Vec<T>, AutodiffError> {
        let file = TensorFile::read(bytes, path)?;
        if let Some(found) = file.names().find(|name| !self.parameters.iter().any(|p| p.name == *name)) {
            let expected = self.parameters.iter().map(|p| p.name.clone()).collect();
            return Err(CheckpointError::Unknown { path: path.to_owned(), found: found.to_owned(), expected }.into());
        }
        let mut params = vec![T::zero(); self.parameter_count()];
        for spec in &self.parameters {
            read_tensor(&file, spec, path, &mut params[spec.range.clone()])?;
        }
        Ok(params)
    }
}

/// Writes a file atomically into a folder that exists already.
fn write_in_its_folder(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = named
        && !fs::metadata(folder)?.is_dir()
    {
        return Err(ErrorKind::NotADirectory.into());
    }
    write_atomically(path, bytes).map_err(|error| error.source)
}

/// Reads the numbers of one parameter array into `into`.
fn read_tensor<T: Scalar>(
    file: &TensorFile<'_>,
    spec: &ParameterSpec,
    path: &Path,
    into: &mut [T],
) -> Result<(), CheckpointError> {
    let (path, tensor) = (|| path.to_owned(), || spec.name.clone());
    let Some((info, bytes)) = file.tensor(&spec.name) else {
        return Err(CheckpointError::Missing { path: path(), tensor: tensor(), expected: spec.shape.clone() });
    };
    if info.shape != spec.shape {
        let (found, expected) = (info.shape.clone(), spec.shape.clone());
        return Err(CheckpointError::Shape { path: path(), tensor: tensor(), found, expected });
    }
    let Some(numbers) = numbers(info.dtype, bytes) else {
        return Err(CheckpointError::Type { path: path(), tensor: tensor(), found: info.dtype.to_string() });
    };
    for (position, (p, found)) in into.iter_mut().zip(numbers).enumerate() {
        *p = T::from_f64(found);
        if !p.is_finite() {
            let (path, tensor) = (path(), tensor());
            return Err(match found {
                f64::INFINITY => CheckpointError::PositiveInfinity { path, tensor, position },
                f64::NEG_INFINITY => CheckpointError::NegativeInfinity { path, tensor, position },
                _ if found.is_nan() => CheckpointError::NotANumber { path, tensor, position },
                // A number that is finite in F64 may not be finite in the network's precision.
                _ => CheckpointError::Overflow { path, tensor, position, found },
            });
        }
    }
    Ok(())
}

/// Bytes as numbers in double precision; `None` if their type is not F32 or F64.
fn numbers(dtype: Dtype, bytes: &[u8]) -> Option<Box<dyn Iterator<Item = f64> + '_>> {
    match dtype {
        Dtype::F32 => Some(Box::new(bytes.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))))),
        Dtype::F64 => Some(Box::new(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)))),
        _ => None,
    }
}
