//! Kronecker factors and diagonal blocks as part of an optimizer's state.

use crate::{OptimError, OptimizerState};
use minima_autodiff::Scalar;
use minima_curvature::kfac::{DiagonalBlock, KroneckerFactors, LayerFactors};
use std::ops::Range;

/// Writes factors to the state under a name, layer by layer, and the diagonal blocks.
pub(crate) fn put_factors<T: Scalar>(state: &mut OptimizerState, name: &str, factors: Option<&KroneckerFactors<T>>) {
    let layers = factors.map_or(&[][..], |factors| &factors.layers);
    state.put_number(&format!("{name}.layers"), layers.len() as f64);
    for (number, layer) in layers.iter().enumerate() {
        put_place(state, &format!("{name}.{number}"), &layer.params, &layer.columns);
        state.put_shared(&format!("{name}.{number}.input"), &layer.input);
        state.put_shared(&format!("{name}.{number}.output"), &layer.output);
    }
    put_diagonals(state, name, factors.map_or(&[][..], |factors| &factors.diagonals));
}

/// Reads the factors with this name, for a network with this many parameters. Returns `None` if the state has no
/// factors yet.
pub(crate) fn factors<T: Scalar>(
    state: &OptimizerState,
    name: &str,
    parameters: usize,
) -> Result<Option<KroneckerFactors<T>>, OptimError> {
    let mut layers = Vec::new();
    for number in 0..state.count(&format!("{name}.layers"))? {
        let input = state.matrix(&format!("{name}.{number}.input"))?;
        let output = state.matrix(&format!("{name}.{number}.output"))?;
        let [params, columns] = place(state, &format!("{name}.{number}"))?;
        layers.push(LayerFactors { params, columns, input, output });
    }
    let factors = KroneckerFactors { layers, diagonals: diagonals(state, name)? };
    if factors.layers.is_empty() && factors.diagonals.is_empty() {
        return Ok(None);
    }
    check_parameters(name, factors.parameter_count(), parameters)?;
    Ok(Some(factors))
}

/// Writes diagonal blocks to the state under a name.
pub(crate) fn put_diagonals<T: Scalar>(state: &mut OptimizerState, name: &str, blocks: &[DiagonalBlock<T>]) {
    state.put_number(&format!("{name}.diagonals"), blocks.len() as f64);
    for (number, block) in blocks.iter().enumerate() {
        state.put_number(&format!("{name}.diagonal.{number}.start"), block.params.start as f64);
        state.put_vector(&format!("{name}.diagonal.{number}"), &block.entries);
    }
}

/// Reads the diagonal blocks with this name.
pub(crate) fn diagonals<T: Scalar>(state: &OptimizerState, name: &str) -> Result<Vec<DiagonalBlock<T>>, OptimError> {
    let mut blocks = Vec::new();
    for number in 0..state.count(&format!("{name}.diagonals"))? {
        let start = state.count(&format!("{name}.diagonal.{number}.start"))? as usize;
        let entries = format!("{name}.diagonal.{number}");
        let len = state.tensors.get(&entries).map_or(0, |tensor| tensor.shape().iter().product());
        let entries: Vec<T> = state.vector(&entries, len)?;
        blocks.push(DiagonalBlock { params: start..start.saturating_add(entries.len()), entries });
    }
    Ok(blocks)
}

/// Writes where a layer's matrix is: the range of its parameters, and its columns.
pub(crate) fn put_place(state: &mut OptimizerState, layer: &str, params: &Range<usize>, columns: &Range<usize>) {
    for (part, range) in [("params", params), ("columns", columns)] {
        state.put_number(&format!("{layer}.{part}.start"), range.start as f64);
        state.put_number(&format!("{layer}.{part}.end"), range.end as f64);
    }
}

/// Reads where a layer's matrix is: the range of its parameters, and its columns.
pub(crate) fn place(state: &OptimizerState, layer: &str) -> Result<[Range<usize>; 2], OptimError> {
    let range = |part: &str| -> Result<Range<usize>, OptimError> {
        let end = |end: &str| state.count(&format!("{layer}.{part}.{end}")).map(|count| count as usize);
        Ok(end("start")?..end("end")?)
    };
    Ok([range("params")?, range("columns")?])
}

/// Returns [`OptimError::State`] if the blocks together do not have as many parameters as the network.
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
