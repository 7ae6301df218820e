//! Stochastic gradient descent's update.

use crate::CudaError;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;

/// `θ ← θ − η u`, with `u = g` or, with momentum μ, `v ← μ v + g` and `u = v` (heavy ball) or `u = g + μ v` (Nesterov); weight
/// decay δ adds `δ θ` to the gradient `g`.
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
    /// velocity is not used and may be empty.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the lengths differ, and a [`CudaError`] if the launch fails.
    pub fn update<D: Device>(
        &self,
        device: &D,
        params: Slice<'_, D, f32>,
        gradient: Slice<'_, D, f32>,
        velocity: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let len = params.len();
        gradient.check("sgd: gradient", len)?;
        if self.momentum == 0.0 {
            let launch = Launch::of("sgd_plain").slice(params).slice(gradient).ints([len]);
            return launch.float(self.learning_rate).float(self.weight_decay).run(device, Grid::flat(len));
        }
        velocity.check("sgd: velocity", len)?;
        let launch = Launch::of("sgd_momentum").slice(params).slice(gradient).slice(velocity).ints([len]);
        let launch = launch.flag(self.nesterov).float(self.learning_rate).float(self.weight_decay).float(self.momentum);
        launch.run(device, Grid::flat(len))
    }
}
