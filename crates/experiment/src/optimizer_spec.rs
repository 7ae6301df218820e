//! An optimizer with its options, as a preset names it.

use crate::preset::DatasetKind;
use minima_autodiff::{FunctionSpace, Scalar};
use minima_optim::{Adam, GaussNewton, Generation, Optimizer, Sgd, SolvePrecision, Tf32GaussNewton};
use serde::{Deserialize, Serialize};

/// An optimizer with its options; `datasets` restricts it to some of the preset's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimizerSpec {
    /// Stochastic gradient descent.
    Sgd {
        /// η.
        learning_rate: f64,
        /// μ; 0 for none.
        #[serde(default)]
        momentum: f64,
        /// Whether momentum looks ahead.
        #[serde(default)]
        nesterov: bool,
        /// δ, as a term of the gradient.
        #[serde(default)]
        weight_decay: f64,
        /// The data sets it trains on; all of the preset's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        datasets: Option<Vec<DatasetKind>>,
    },
    /// Adam, or AdamW with weight decay.
    Adam {
        /// η.
        learning_rate: f64,
        /// β₁.
        #[serde(default = "default_beta1")]
        beta1: f64,
        /// β₂.
        #[serde(default = "default_beta2")]
        beta2: f64,
        /// ε.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        /// δ, decoupled from the gradient.
        #[serde(default)]
        weight_decay: f64,
        /// The data sets it trains on; all of the preset's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        datasets: Option<Vec<DatasetKind>>,
    },
    /// Gauss-Newton in function space.
    GaussNewton {
        /// Which curvature matrix.
        generation: Generation,
        /// η.
        learning_rate: f64,
        /// λ.
        damping: f64,
        /// In which precision the system is solved.
        precision: SolvePrecision,
        /// The data sets it trains on; all of the preset's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        datasets: Option<Vec<DatasetKind>>,
    },
    /// The published Gauss-Newton with products of numbers rounded to TF32.
    GaussNewtonTf32 {
        /// η.
        learning_rate: f64,
        /// λ.
        damping: f64,
        /// The data sets it trains on; all of the preset's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        datasets: Option<Vec<DatasetKind>>,
    },
}

fn default_beta1() -> f64 {
    0.9
}

fn default_beta2() -> f64 {
    0.999
}

fn default_epsilon() -> f64 {
    1e-8
}

impl OptimizerSpec {
    /// Whether it trains on this data set.
    #[must_use]
    pub fn trains_on(&self, dataset: DatasetKind) -> bool {
        let (Self::Sgd { datasets, .. }
        | Self::Adam { datasets, .. }
        | Self::GaussNewton { datasets, .. }
        | Self::GaussNewtonTf32 { datasets, .. }) = self;
        datasets.as_ref().is_none_or(|only| only.contains(&dataset))
    }

    /// The optimizer, at its start, on the processor.
    #[must_use]
    pub fn build<T: Scalar>(&self) -> Box<dyn Optimizer<T>> {
        let on_processor = |learning_rate, damping| -> Box<dyn Optimizer<T>> {
            Box::new(Tf32GaussNewton::new(learning_rate, damping))
        };
        self.on_engine(on_processor).unwrap_or_else(|optimizer| optimizer)
    }

    /// The optimizer, at its start, on this engine; `None` where only the processor has it.
    #[must_use]
    pub fn build_for<T: Scalar, E: FunctionSpace<T, T> + FunctionSpace<T, f64> + 'static>(
        &self,
        _engine: &E,
    ) -> Option<Box<dyn Optimizer<T, E>>> {
        self.on_engine(|_, _| ()).ok()
    }

    /// The optimizer on any engine, or what `emulated` makes of the emulated one's learning rate and damping.
    fn on_engine<T: Scalar, E: FunctionSpace<T, T> + FunctionSpace<T, f64> + 'static, O>(
        &self,
        emulated: impl FnOnce(f64, f64) -> O,
    ) -> Result<Box<dyn Optimizer<T, E>>, O> {
        Ok(match *self {
            Self::Sgd { learning_rate, momentum, nesterov, weight_decay, .. } => {
                let sgd = Sgd::<T, E>::new(learning_rate).with_momentum(momentum).with_weight_decay(weight_decay);
                Box::new(if nesterov { sgd.with_nesterov() } else { sgd })
            }
            Self::Adam { learning_rate, beta1, beta2, epsilon, weight_decay, .. } => {
                let adam = Adam::<T, E>::new(learning_rate).with_betas(beta1, beta2);
                Box::new(adam.with_epsilon(epsilon).with_weight_decay(weight_decay))
            }
            Self::GaussNewton { generation, learning_rate, damping, precision, .. } => Box::new(
                GaussNewton::new(generation)
                    .with_learning_rate(learning_rate)
                    .with_damping(damping)
                    .with_precision(precision),
            ),
            Self::GaussNewtonTf32 { learning_rate, damping, .. } => return Err(emulated(learning_rate, damping)),
        })
    }

    /// The first option whose value makes no sense: its name, its value, and what is expected.
    #[must_use]
    pub fn nonsense(&self) -> Option<(&'static str, f64, &'static str)> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let share = |x: f64| (0.0..1.0).contains(&x);
        let options: Vec<(&'static str, f64, bool, &'static str)> = match *self {
            Self::Sgd { learning_rate, momentum, weight_decay, .. } => vec![
                ("learning_rate", learning_rate, positive(learning_rate), "a positive number"),
                ("momentum", momentum, share(momentum), "a number from 0 to below 1"),
                ("weight_decay", weight_decay, weight_decay == 0.0 || positive(weight_decay), "0 or a positive number"),
            ],
            Self::Adam { learning_rate, beta1, beta2, epsilon, weight_decay, .. } => vec![
                ("learning_rate", learning_rate, positive(learning_rate), "a positive number"),
                ("beta1", beta1, share(beta1), "a number from 0 to below 1"),
                ("beta2", beta2, share(beta2), "a number from 0 to below 1"),
                ("epsilon", epsilon, positive(epsilon), "a positive number"),
                ("weight_decay", weight_decay, weight_decay == 0.0 || positive(weight_decay), "0 or a positive number"),
            ],
            Self::GaussNewton { learning_rate, damping, .. } | Self::GaussNewtonTf32 { learning_rate, damping, .. } => {
                vec![
                    ("learning_rate", learning_rate, positive(learning_rate), "a positive number"),
                    ("damping", damping, positive(damping), "a positive number"),
                ]
            }
        };
        options.into_iter().find(|(_, _, fine, _)| !fine).map(|(name, found, _, expected)| (name, found, expected))
    }
}
