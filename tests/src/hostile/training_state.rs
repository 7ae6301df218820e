//! The numbers of a training that is to go on.

use minima_runs::training::parse_tensors;
use minima_optim::OptimizerState;
use std::path::Path;

/// What is accepted is finite, and an optimizer's own reading of it ends in numbers or an error.
pub fn training_state(bytes: &[u8]) -> bool {
    let file = Path::new("state.safetensors");
    let Ok((weights, tensors)) = parse_tensors(bytes, file) else { return false };
    assert!(weights.iter().chain(tensors.values().flatten()).all(|x| x.is_finite()));
    let mut state = OptimizerState { tensors, ..OptimizerState::default() };
    state.put_number("steps", 1.0);
    if let Ok(rule) = state.rule() {
        assert!(rule.vectors.iter().flatten().all(|x| x.is_finite()));
    }
    for name in state.tensors.keys() {
        let matrix = state.matrix::<f64>(name).map(|matrix| matrix.len());
        assert!(matrix.is_err() || matrix.ok() == state.tensors.get(name).map(|tensor| tensor.len()));
    }
    true
}

/// As of a [checkpoint](super::checkpoint()), and each tensor, of some 60 bytes or more, is an entry of a tree as well.
pub(super) fn memory(input: u64) -> u64 {
    32 * input + (16 << 10)
}
