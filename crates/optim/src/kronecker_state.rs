//! Kronecker factors as part of an optimizer's state.

use crate::{OptimError, OptimizerState};
use minima_autodiff::Scalar;
use minima_curvature::kfac::{KroneckerFactors, LayerFactors};

/// Writes factors to the state under a name, layer by layer.
pub(crate) fn put_factors<T: Scalar>(state: &mut OptimizerState, name: &str, factors: Option<&KroneckerFactors<T>>) {
    let layers = factors.map_or(&[][..], |factors| &factors.layers);
    state.put_number(&format!("{name}.layers"), layers.len() as f64);
    for (number, layer) in layers.iter().enumerate() {
        state.put_matrix(&format!("{name}.{number}.input"), &layer.input);
        state.put_matrix(&format!("{name}.{number}.output"), &layer.output);
    }
}

/// Reads the factors with this name, for a network with this many parameters. Returns `None` if the state has no
/// factors yet.
pub(crate) fn factors<T: Scalar>(
    state: &OptimizerState,
    name: &str,
    parameters: usize,
) -> Result<Option<KroneckerFactors<T>>, OptimError> {
    let mut layers = Vec::new();
    let mut end = 0;
    for number in 0..state.count(&format!("{name}.layers"))? {
        let input = state.matrix(&format!("{name}.{number}.input"))?;
        let output = state.matrix(&format!("{name}.{number}.output"))?;
        let start = end;
        // The row count of an empty matrix is arbitrary.
        end = input.nrows().saturating_mul(output.nrows()).saturating_add(start);
        layers.push(LayerFactors { params: start..end, input, output });
    }
    if layers.is_empty() {
        return Ok(None);
    }
    check_parameters(name, end, parameters)?;
    Ok(Some(KroneckerFactors { layers }))
}

/// Returns [`OptimError::State`] if the layers together do not have as many parameters as the network.
pub(crate) fn check_parameters(name: &str, found: usize, expected: usize) -> Result<(), OptimError> {
    if found == expected {
        return Ok(());
    }
    Err(OptimError::State {
        name: name.to_owned(),
        found: format!("layers of {found} parameters"),
        expected: format!("{expected} parameters"),
    })
}
