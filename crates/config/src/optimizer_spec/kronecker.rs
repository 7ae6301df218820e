//! Specifications of K-FAC and EKFAC.

use super::config::{OptimizerConfig, Places};
use super::option::Checked;
use crate::labels::Labels;
use minima_autodiff::Scalar;
use minima_optim::{Ekfac, Kfac, WeightSharing};
use serde::{Deserialize, Serialize};

/// K-FAC or EKFAC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KroneckerSpec {
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub damping: f64,
    /// μ; 0 disables momentum.
    #[serde(default = "momentum")]
    pub momentum: f64,
    /// δ; 0 disables weight decay.
    #[serde(default)]
    pub weight_decay: f64,
    /// The factor of the running averages at each update.
    #[serde(default = "decay")]
    pub decay: f64,
    /// The number of steps between updates of the running averages.
    #[serde(default = "statistics_every")]
    pub statistics_every: u32,
    /// The number of steps between updates of the inverses or eigenvectors; by default the optimizer's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inverse_every: Option<u32>,
    /// κ, the limit on the change of the model's predictions by a step, in the quadratic model; 0 disables the limit.
    #[serde(default = "kl_clip")]
    pub kl_clip: f64,
    /// How layers that apply their weights at several places are approximated: `expand` (the default) or `reduce`.
    #[serde(default, skip_serializing_if = "is_expand")]
    pub weight_sharing: WeightSharing,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

fn is_expand(sharing: &WeightSharing) -> bool {
    *sharing == WeightSharing::Expand
}

fn momentum() -> f64 {
    0.9
}

fn decay() -> f64 {
    0.95
}

fn statistics_every() -> u32 {
    10
}

fn kl_clip() -> f64 {
    0.001
}

/// Calls the builder methods, which have the same names for both optimizers.
macro_rules! built {
    ($optimizer:ident, $spec:expr, $seed:expr) => {{
        let spec = $spec;
        let optimizer = $optimizer::new(spec.learning_rate)
            .with_damping(spec.damping)
            .with_momentum(spec.momentum)
            .with_weight_decay(spec.weight_decay)
            .with_decay(spec.decay)
            .with_statistics_every(spec.statistics_every)
            .with_weight_sharing(spec.weight_sharing)
            .with_seed($seed);
        let optimizer = match spec.inverse_every {
            Some(steps) => optimizer.with_inverse_every(steps),
            None => optimizer,
        };
        if spec.kl_clip > 0.0 { optimizer.with_kl_clip(spec.kl_clip) } else { optimizer.without_kl_clip() }
    }};
}

impl KroneckerSpec {
    pub(super) fn kfac<T: Scalar>(&self, seed: u64) -> Kfac<T> {
        built!(Kfac, self, seed)
    }

    pub(super) fn ekfac<T: Scalar>(&self, seed: u64) -> Ekfac<T> {
        built!(Ekfac, self, seed)
    }
}

impl OptimizerConfig for KroneckerSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        vec![
            Checked::positive("learning_rate", self.learning_rate),
            Checked::positive("damping", self.damping),
            Checked::share("momentum", self.momentum),
            Checked::zero_or_positive("weight_decay", self.weight_decay),
            Checked::share("decay", self.decay),
            Checked::count("statistics_every", self.statistics_every),
            Checked::count("inverse_every", self.inverse_every.unwrap_or(1)),
            Checked::zero_or_positive("kl_clip", self.kl_clip),
        ]
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: Some(&mut self.damping), rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        3.5
    }
}
