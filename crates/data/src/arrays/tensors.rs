//! Safetensors files.
//!
//! Source: <https://github.com/huggingface/safetensors#format>.

use super::array::{Array, Kind, named};
use crate::error::DataError;
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// The number of bytes before the header, which is a map in JSON.
const LENGTH_BYTES: usize = 8;

/// Whether the bytes can be a safetensors file. It has no magic number.
pub(super) fn is_safetensors(bytes: &[u8]) -> bool {
    bytes.get(LENGTH_BYTES) == Some(&b'{')
}

/// A safetensors file.
pub(super) struct Tensors<'a> {
    file: &'a Path,
    tensors: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    /// Reads the header.
    pub(super) fn open(file: &'a Path, bytes: &'a [u8]) -> Result<Self, DataError> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| DataError::Archive {
            file: file.to_path_buf(),
            found: format!("a broken file ({error})"),
            expected: "a safetensors file".to_owned(),
        })?;
        Ok(Self { file, tensors })
    }

    /// Whether the file has a tensor of this name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.tensors.tensor(key).is_ok()
    }

    /// A tensor.
    pub(super) fn array(&self, key: &str) -> Result<Array, DataError> {
        let wrong = |found: String, expected: &str| DataError::Array {
            source_name: named(self.file, key),
            found,
            expected: expected.to_owned(),
        };
        let tensor = self.tensors.tensor(key).map_err(|error| wrong(error.to_string(), "a tensor of this name"))?;
        let kind = match tensor.dtype() {
            Dtype::U8 => Kind::U8,
            Dtype::I8 => Kind::I8,
            Dtype::U16 => Kind::U16,
            Dtype::I16 => Kind::I16,
            Dtype::U32 => Kind::U32,
            Dtype::I32 => Kind::I32,
            Dtype::U64 => Kind::U64,
            Dtype::I64 => Kind::I64,
            Dtype::F32 => Kind::F32,
            Dtype::F64 => Kind::F64,
            other => return Err(wrong(format!("entries of type {other:?}"), "whole or floating-point numbers")),
        };
        let (shape, bytes) = (tensor.shape().to_vec(), tensor.data().to_vec());
        if Array::size(kind, &shape) != Some(bytes.len()) {
            return Err(wrong(format!("{} bytes of entries", bytes.len()), "as many as the shape takes"));
        }
        Ok(Array { kind, big_endian: false, fortran_order: false, shape, bytes })
    }
}
