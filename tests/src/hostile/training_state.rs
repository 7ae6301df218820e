//! The tensors of a training state, from which a run resumes.

use minima_optim::OptimizerState;
use minima_runs::training::{StateTensors, parse_tensors};
use std::path::Path;

/// Accepted numbers are finite. An optimizer that reads them returns numbers or an error.
pub fn training_state(bytes: &[u8]) -> bool {
    let file = Path::new("state.safetensors");
    let Ok(StateTensors { weights, optimizer: tensors, .. }) = parse_tensors(bytes, file) else { return false };
    assert!(weights.iter().all(|x| x.is_finite()) && tensors.values().all(|tensor| tensor.not_finite().is_none()));
    let mut state = OptimizerState { tensors, ..OptimizerState::default() };
    state.put_number("steps", 1.0);
    if let Ok(rule) = state.rule() {
        assert!(rule.vectors.iter().flatten().all(|x| x.is_finite()));
    }
    for name in state.tensors.keys() {
        let matrix = state.matrix::<f64>(name).map(|matrix| matrix.len());
        assert!(
            matrix.is_err() || matrix.ok() == state.tensors.get(name).map(|tensor| tensor.shape().iter().product())
        );
    }
    true
}

/// The bound of a [checkpoint](super::checkpoint()), plus a tree entry for each tensor, which has about 60 bytes or more.
pub(super) fn memory(input: u64) -> u64 {
    32 * input + (16 << 10)
}
