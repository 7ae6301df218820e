//! Values computed outside this project, and the relative error of our values.

use minima_autodiff::Scalar;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use std::error::Error;
use std::path::PathBuf;

/// A safetensors file in the folder `golden`.
#[derive(Clone, Debug)]
pub struct Golden(Vec<u8>);

impl Golden {
    /// The path of a file in the folder `golden`.
    #[must_use]
    pub fn path(name: &str) -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "golden", name].iter().collect()
    }

    /// Reads a file in the folder `golden`.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn load(name: &str) -> Result<Self, Box<dyn Error>> {
        let path = Self::path(name);
        std::fs::read(&path).map(Self).map_err(|e| format!("{}: {e}", path.display()).into())
    }

    /// The floating-point numbers of a tensor, row-major.
    ///
    /// # Errors
    /// Returns an error if there is no such tensor, or if its type is not F64 or F32.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, Box<dyn Error>> {
        let file = SafeTensors::deserialize(&self.0)?;
        let tensor = file.tensor(name)?;
        let bytes = tensor.data();
        match tensor.dtype() {
            Dtype::F64 => Ok(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
            Dtype::F32 => Ok(bytes.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()),
            other => Err(format!("{name} is of type {other:?}; expected F64 or F32").into()),
        }
    }

    /// The integers of a tensor, row-major.
    ///
    /// # Errors
    /// Returns an error if there is no such tensor, or if its type is not I64.
    pub fn integers(&self, name: &str) -> Result<Vec<i64>, Box<dyn Error>> {
        let file = SafeTensors::deserialize(&self.0)?;
        let tensor = file.tensor(name)?;
        match tensor.dtype() {
            Dtype::I64 => Ok(tensor.data().as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect()),
            other => Err(format!("{name} is of type {other:?}; expected I64").into()),
        }
    }
}

/// `‖found − expected‖ / ‖expected‖`. Infinite if the lengths differ.
pub fn relative_error<'a, T: Scalar>(found: impl IntoIterator<Item = &'a T>, expected: &[f64]) -> f64 {
    let found: Vec<f64> = found.into_iter().map(|x| x.as_f64()).collect();
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let apart: f64 = found.iter().zip(expected).map(|(f, e)| (f - e).powi(2)).sum();
    let size: f64 = expected.iter().map(|e| e * e).sum();
    (apart / size).sqrt()
}
