//! Whether a model belongs to an engine's network.

use crate::CudaError;
use minima_autodiff::Graph;
use std::fmt::Debug;

/// Checks that two graphs compute the same function of their parameters and their input: the names of layers may differ.
///
/// # Errors
/// Returns [`CudaError::OtherNetwork`] with the first part that differs.
pub(super) fn check_same_network(found: &Graph, expected: &Graph) -> Result<(), CudaError> {
    same("input's shape", found.input_shape(), expected.input_shape())?;
    let (found_layers, expected_layers) = (found.layers(), expected.layers());
    same("number of layers", &found_layers.len(), &expected_layers.len())?;
    for (number, (found, expected)) in found_layers.iter().zip(&expected_layers).enumerate() {
        same(&format!("layer {number}"), found, expected)?;
    }
    same("list of values' sizes", &found.value_sizes(), &expected.value_sizes())?;
    same("number of the output's value", &found.output_value(), &expected.output_value())
}

fn same<T: PartialEq + Debug + ?Sized>(what: &str, found: &T, expected: &T) -> Result<(), CudaError> {
    if found == expected {
        return Ok(());
    }
    Err(CudaError::OtherNetwork {
        what: what.to_owned(),
        found: format!("{found:?}"),
        expected: format!("{expected:?}"),
    })
}
