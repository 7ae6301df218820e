//! The options that K-FAC and EKFAC share.

use crate::OptimError;
use crate::learning_rate::LearningRate;
use crate::range::{AT_LEAST_ONE, BELOW_ONE, NOT_NEGATIVE, POSITIVE, check};
use minima_autodiff::Scalar;
use minima_curvature::kfac::WeightSharing;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub learning_rate: LearningRate,
    pub damping: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub decay: f64,
    pub statistics_every: u32,
    pub inverse_every: u32,
    pub kl_clip: Option<f64>,
    pub seed: u64,
    pub empirical: bool,
    pub sharing: WeightSharing,
}

impl Options {
    /// Damping 0.03, momentum 0.9, no weight decay, decay 0.95, statistics every 10 steps, KL clip 0.001.
    pub(crate) fn new(learning_rate: f64, inverse_every: u32) -> Self {
        Self {
            learning_rate: LearningRate::new(learning_rate),
            damping: 0.03,
            momentum: 0.9,
            weight_decay: 0.0,
            decay: 0.95,
            statistics_every: 10,
            inverse_every,
            kl_clip: Some(0.001),
            seed: 0,
            empirical: false,
            sharing: WeightSharing::Expand,
        }
    }

    /// Checks all options.
    pub(crate) fn check<T: Scalar>(&self) -> Result<(), OptimError> {
        self.learning_rate.check::<T>()?;
        check::<T>("damping", self.damping, POSITIVE)?;
        check::<T>("momentum", self.momentum, BELOW_ONE)?;
        check::<T>("weight_decay", self.weight_decay, NOT_NEGATIVE)?;
        check::<T>("decay", self.decay, BELOW_ONE)?;
        check::<f64>("statistics_every", f64::from(self.statistics_every), AT_LEAST_ONE)?;
        check::<f64>("inverse_every", f64::from(self.inverse_every), AT_LEAST_ONE)?;
        check::<f64>("kl_clip", self.kl_clip.unwrap_or(1.0), POSITIVE)
    }
}
