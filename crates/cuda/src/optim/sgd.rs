//! Stochastic gradient descent's update.

use super::decay_launches::{covered, launches};
use crate::CudaError;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use minima_autodiff::DecayRun;

/// `θ ← θ − η u`, with `u = g` or, with momentum μ, `v ← μ v + g` and `u = v` (heavy ball) or `u = g + μ v` (Nesterov); weight
/// decay δ adds `δ θ` to the gradient `g` of the parameters to which it applies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate η.
    pub learning_rate: f64,
    /// Momentum μ; 0 for none.
    pub momentum: f64,
    /// Whether momentum looks ahead (Nesterov).
    pub nesterov: bool,
    /// Weight decay δ.
    pub weight_decay: f64,
}

impl Sgd {
    /// Updates `params` with the `gradient`, and `velocity`, which is zero before the first step. Without momentum the
    /// velocity is not used and may be empty. `runs` says to which parameters weight decay applies.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the lengths differ, and a [`CudaError`] if a launch fails.
    pub fn update<D: Device>(
        &self,
        device: &D,
        params: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
        velocity: Slice<'_, D, f32>,
        runs: &[DecayRun],
    ) -> Result<(), CudaError> {
        gradient.check("sgd: gradient", params.len())?;
        params.check("sgd: parameters", covered(runs))?;
        if self.momentum != 0.0 {
            velocity.check("sgd: velocity", params.len())?;
        }
        for (range, decay) in launches(params.len(), self.weight_decay, runs) {
            let (params, gradient) = (params.part(range.clone())?, gradient.part(range.clone())?);
            let grid = Grid::flat(range.len());
            if self.momentum == 0.0 {
                let launch = Launch::of("sgd_plain").slice(params).slice(gradient).ints([range.len()]);
                launch.float(self.learning_rate).float(decay).run(device, grid)?;
                continue;
            }
            let launch = Launch::of("sgd_momentum").slice(params).slice(gradient).slice(velocity.part(range.clone())?);
            let launch = launch.ints([range.len()]).flag(self.nesterov).float(self.learning_rate).float(decay);
            launch.float(self.momentum).run(device, grid)?;
        }
        Ok(())
    }
}
