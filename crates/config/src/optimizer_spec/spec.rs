//! An optimizer of a preset, by its kind.

use super::config::{OptimizerConfig, Places};
use super::first_order::{AdamSpec, MuonSpec, SamSpec, SgdSpec};
use super::gauss_newton::{EmulatedSpec, GaussNewtonCgSpec, GaussNewtonSpec, Tf32Spec};
use super::kronecker::KroneckerSpec;
use super::option::Checked;
use super::own::OwnSpec;
use super::point::Point;
use crate::labels::Labels;
use minima_autodiff::{FunctionSpace, Scalar};
use minima_optim::{CurvatureEngine, GgnVariant, GradientOptimizer, Optimizer};
use serde::{Deserialize, Serialize};

/// An optimizer with its options. The option `labels` restricts it to some of the preset's labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OptimizerSpec {
    /// Stochastic gradient descent.
    Sgd(SgdSpec),
    /// Adam, or AdamW with weight decay.
    Adam(AdamSpec),
    /// Sharpness-aware minimization around SGD or Adam.
    Sam(SamSpec),
    /// Muon, with SGD or Adam for parameters that are not kernels of hidden layers.
    Muon(MuonSpec),
    /// Gauss-Newton in function space.
    GaussNewton(GaussNewtonSpec),
    /// The published Gauss-Newton with factors rounded to TF32.
    GaussNewtonTf32(Tf32Spec),
    /// A Gauss-Newton with the factors of products rounded as on a GPU.
    GaussNewtonEmulated(EmulatedSpec),
    /// Gauss-Newton with its system solved by conjugate gradients.
    GaussNewtonCg(GaussNewtonCgSpec),
    /// K-FAC.
    Kfac(KroneckerSpec),
    /// EKFAC.
    Ekfac(KroneckerSpec),
    /// An optimizer that the program registered.
    Own(OwnSpec),
}

impl OptimizerSpec {
    /// The optimizer in its initial state, on the CPU. The seed is for the labels that K-FAC and EKFAC draw.
    #[must_use]
    pub fn build<T: Scalar>(&self, seed: u64) -> Box<dyn Optimizer<T>> {
        match self {
            Self::Sgd(spec) => Box::new(spec.build()),
            Self::Adam(spec) => Box::new(spec.build()),
            Self::Sam(spec) => spec.build(),
            Self::Muon(spec) => spec.build(),
            Self::GaussNewton(spec) => Box::new(spec.build()),
            Self::GaussNewtonTf32(spec) => Box::new(spec.build()),
            Self::GaussNewtonEmulated(spec) => Box::new(spec.build()),
            Self::GaussNewtonCg(spec) => Box::new(spec.build()),
            Self::Kfac(spec) => Box::new(spec.kfac(seed)),
            Self::Ekfac(spec) => Box::new(spec.ekfac(seed)),
            Self::Own(spec) => spec.build(),
        }
    }

    /// The optimizer in its initial state, on the CPU, if it needs nothing but gradients; otherwise `None`.
    #[must_use]
    pub fn build_first_order<T: Scalar>(&self) -> Option<Box<dyn GradientOptimizer<T>>> {
        match self {
            Self::Sgd(spec) => Some(Box::new(spec.build())),
            Self::Adam(spec) => Some(Box::new(spec.build())),
            Self::Sam(spec) => Some(spec.build()),
            Self::Muon(spec) => Some(spec.build()),
            Self::Own(spec) => spec.build_first_order(),
            Self::GaussNewton(_)
            | Self::GaussNewtonTf32(_)
            | Self::GaussNewtonEmulated(_)
            | Self::GaussNewtonCg(_)
            | Self::Kfac(_)
            | Self::Ekfac(_) => None,
        }
    }

    /// Whether it needs nothing but gradients.
    #[must_use]
    pub fn is_first_order(&self) -> bool {
        match self {
            Self::Own(spec) => spec.registered().is_first_order(),
            _ => matches!(self, Self::Sgd(_) | Self::Adam(_) | Self::Sam(_) | Self::Muon(_)),
        }
    }

    /// Whether it computes in double precision too. A registered optimizer does not.
    #[must_use]
    pub fn takes_double_precision(&self) -> bool {
        !matches!(self, Self::Own(_))
    }

    /// Whether it can minimize cross-entropy with smoothed labels. The published Gauss-Newton matrix and emulated arithmetic are
    /// defined for plain cross-entropy alone.
    #[must_use]
    pub fn takes_smoothed_labels(&self) -> bool {
        match self {
            Self::GaussNewtonTf32(_) | Self::GaussNewtonEmulated(_) => false,
            Self::GaussNewton(spec) => spec.variant != GgnVariant::Coupled,
            Self::GaussNewtonCg(spec) => spec.variant != GgnVariant::Coupled,
            Self::Sgd(_)
            | Self::Adam(_)
            | Self::Sam(_)
            | Self::Muon(_)
            | Self::Kfac(_)
            | Self::Ekfac(_)
            | Self::Own(_) => true,
        }
    }

    /// The optimizer in its initial state, for this engine; `None` if it runs only on the CPU. The seed is for the labels that
    /// K-FAC and EKFAC draw.
    #[must_use]
    pub fn build_for<T: Scalar, E: FunctionSpace<T, T> + FunctionSpace<T, f64> + CurvatureEngine<T> + 'static>(
        &self,
        _engine: &E,
        seed: u64,
    ) -> Option<Box<dyn Optimizer<T, E>>> {
        match self {
            Self::Sgd(spec) => Some(Box::new(spec.build())),
            Self::Adam(spec) => Some(Box::new(spec.build())),
            Self::GaussNewton(spec) => Some(Box::new(spec.build())),
            Self::GaussNewtonCg(spec) => Some(Box::new(spec.build())),
            Self::Kfac(spec) => Some(Box::new(spec.kfac(seed))),
            Self::Ekfac(spec) => Some(Box::new(spec.ekfac(seed))),
            Self::Sam(_) | Self::Muon(_) | Self::GaussNewtonTf32(_) | Self::GaussNewtonEmulated(_) | Self::Own(_) => {
                None
            }
        }
    }

    /// The options, whatever the kind.
    fn config(&self) -> &dyn OptimizerConfig {
        match self {
            Self::Sgd(spec) => spec,
            Self::Adam(spec) => spec,
            Self::Sam(spec) => spec,
            Self::Muon(spec) => spec,
            Self::GaussNewton(spec) => spec,
            Self::GaussNewtonTf32(spec) => spec,
            Self::GaussNewtonEmulated(spec) => spec,
            Self::GaussNewtonCg(spec) => spec,
            Self::Kfac(spec) | Self::Ekfac(spec) => spec,
            Self::Own(spec) => spec,
        }
    }

    /// The options, to be changed.
    fn config_mut(&mut self) -> &mut dyn OptimizerConfig {
        match self {
            Self::Sgd(spec) => spec,
            Self::Adam(spec) => spec,
            Self::Sam(spec) => spec,
            Self::Muon(spec) => spec,
            Self::GaussNewton(spec) => spec,
            Self::GaussNewtonTf32(spec) => spec,
            Self::GaussNewtonEmulated(spec) => spec,
            Self::GaussNewtonCg(spec) => spec,
            Self::Kfac(spec) | Self::Ekfac(spec) => spec,
            Self::Own(spec) => spec,
        }
    }

    /// Whether it trains on these labels.
    #[must_use]
    pub fn trains_on(&self, labels: Labels) -> bool {
        self.config().labels().is_none_or(|only| only.contains(&labels))
    }

    /// The first option with an invalid value: its name, its value, and the expected range.
    #[must_use]
    pub fn nonsense(&self) -> Option<(String, f64, &'static str)> {
        self.config().options().into_iter().find_map(Checked::nonsense)
    }

    /// The time of a step on one core for the paper's network and batch, in milliseconds: a unit of cost, measured once.
    #[must_use]
    pub fn step_milliseconds(&self) -> f64 {
        self.config().step_milliseconds()
    }

    /// The searched options of this optimizer.
    #[must_use]
    pub fn point(&self) -> Point {
        let mut copy = self.clone();
        let Places { learning_rate, damping, rho } = copy.config_mut().places();
        Point { learning_rate: *learning_rate, damping: damping.map(|x| *x), rho: rho.map(|x| *x) }
    }

    /// The same optimizer at another point. Options that the point or the optimizer does not have do not change.
    #[must_use]
    pub fn at(mut self, point: &Point) -> Self {
        let Places { learning_rate, damping, rho } = self.config_mut().places();
        *learning_rate = point.learning_rate;
        for (place, value) in [(damping, point.damping), (rho, point.rho)] {
            if let (Some(place), Some(value)) = (place, value) {
                *place = value;
            }
        }
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use crate::preset::Preset;

    /// For all numeric options, a preset rejects at least the values that the optimizer itself rejects.
    #[test]
    fn what_a_preset_accepts_its_optimizer_accepts() {
        let preset = Preset::named("extended", &[]).unwrap();
        let numbers = [f64::MIN_POSITIVE, 1e-300, 1e-50, 1e-44, 1e-40, 1e-30, 0.5, 1.0 - 1e-12, 1.0, 1e30, 1e39, 1e300];
        let mut refused = 0;
        for own in preset.optimizers.values() {
            let table = toml::Table::try_from(&own.spec).unwrap();
            for (key, _) in table.iter().filter(|(_, value)| value.is_float()) {
                for number in numbers.into_iter().flat_map(|x| [x, -x]).chain([0.0]) {
                    let mut changed = table.clone();
                    changed.insert(key.clone(), number.into());
                    let spec: super::OptimizerSpec = changed.try_into().unwrap();
                    let accepted = spec.nonsense().is_none();
                    let works = spec.build::<f32>(1).check();
                    assert!(!accepted || works.is_ok(), "{key} = {number:e}: {works:?}");
                    refused += usize::from(!accepted);
                }
            }
        }
        assert!(refused > 100);
    }
}
