//! Adam's update.

use super::decay_launches::{covered, launches};
use crate::CudaError;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::ops::advance;
use crate::slice::Slice;
use minima_autodiff::DecayRun;

/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `θ ← θ − η (m̂ / (√v̂ + ε) + δ θ)`, where `m̂ = m / (1 − β₁ᵗ)`
/// and `v̂ = v / (1 − β₂ᵗ)` correct the bias of the zero start, and δ is AdamW's decoupled weight decay of the parameters
/// to which it applies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Decay rate β₁ of the running mean.
    pub beta1: f64,
    /// Decay rate β₂ of the running mean square.
    pub beta2: f64,
    /// ε.
    pub epsilon: f64,
    /// Weight decay δ.
    pub weight_decay: f64,
}

/// Adam's state, which is zero before the first step.
pub struct AdamState<'a, D: Device> {
    /// The running mean m of the gradient, of the same length.
    pub first: Slice<'a, D, f32>,
    /// The running mean v of its square, of the same length.
    pub second: Slice<'a, D, f32>,
    /// The number of steps: one number.
    pub steps: Slice<'a, D, u32>,
}

impl Adam {
    /// Updates `params` and the state with the `gradient`. The step is counted on the device. `runs` says to which
    /// parameters weight decay applies.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the lengths differ, and a [`CudaError`] if a launch fails.
    pub fn update<D: Device>(
        &self,
        device: &D,
        params: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
        state: &AdamState<'_, D>,
        runs: &[DecayRun],
    ) -> Result<(), CudaError> {
        let len = params.len();
        gradient.check("adam: gradient", len)?;
        state.first.check("adam: first moment", len)?;
        state.second.check("adam: second moment", len)?;
        params.check("adam: parameters", covered(runs))?;
        advance(device, state.steps, 1)?;
        for (range, decay) in launches(len, self.weight_decay, runs) {
            let launch =
                Launch::of("adam_update").slice(params.part(range.clone())?).slice(gradient.part(range.clone())?);
            let launch = launch.slice(state.first.part(range.clone())?).slice(state.second.part(range.clone())?);
            let launch = launch.slice(state.steps).ints([range.len()]).double(self.beta1).double(self.beta2);
            let launch = launch.float(self.learning_rate).float(self.epsilon).float(decay);
            launch.run(device, Grid::flat(range.len()))?;
        }
        Ok(())
    }
}
