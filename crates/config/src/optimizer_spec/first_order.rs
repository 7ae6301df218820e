//! Specifications of SGD, of Adam, and of SAM and Muon, which contain one of them.

use super::config::{OptimizerConfig, Places};
use super::option::Checked;
use crate::labels::Labels;
use minima_autodiff::{Engine, Scalar};
use minima_optim::{Adam, GradientOptimizer, Muon, Sam, Sgd};
use serde::{Deserialize, Serialize};

/// Stochastic gradient descent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SgdSpec {
    /// η.
    pub learning_rate: f64,
    /// μ; 0 disables momentum.
    #[serde(default)]
    pub momentum: f64,
    /// Whether to use Nesterov momentum.
    #[serde(default)]
    pub nesterov: bool,
    /// δ, whose product with kernels and embeddings is added to their gradient.
    #[serde(default)]
    pub weight_decay: f64,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// Adam, or AdamW with weight decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamSpec {
    /// η.
    pub learning_rate: f64,
    /// β₁.
    #[serde(default = "beta1")]
    pub beta1: f64,
    /// β₂.
    #[serde(default = "beta2")]
    pub beta2: f64,
    /// ε.
    #[serde(default = "epsilon")]
    pub epsilon: f64,
    /// δ of kernels and embeddings, decoupled from the gradient.
    #[serde(default)]
    pub weight_decay: f64,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// Sharpness-aware minimization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamSpec {
    /// ρ, the length of the ascent step.
    pub rho: f64,
    /// Whether the ascent step is scaled by the size of each weight (ASAM).
    #[serde(default)]
    pub adaptive: bool,
    /// The base optimizer, which takes the descent step.
    pub base: FirstOrderSpec,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// Muon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuonSpec {
    /// η of hidden kernels.
    pub learning_rate: f64,
    /// μ.
    #[serde(default = "muon_momentum")]
    pub momentum: f64,
    /// δ of hidden kernels, decoupled from the gradient.
    #[serde(default)]
    pub weight_decay: f64,
    /// The number of iterations that bring a matrix near to an orthogonal one.
    #[serde(default = "iterations")]
    pub iterations: u32,
    /// The optimizer of all other parameters.
    pub rest: FirstOrderSpec,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// A first-order optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FirstOrderSpec {
    /// Stochastic gradient descent.
    Sgd(SgdSpec),
    /// Adam.
    Adam(AdamSpec),
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

fn epsilon() -> f64 {
    1e-8
}

fn muon_momentum() -> f64 {
    0.95
}

fn iterations() -> u32 {
    5
}

impl FirstOrderSpec {
    /// Its options, as options of an optimizer that contains it under this name.
    fn options_within(&self, name: &str) -> Vec<Checked> {
        let (options, labels) = match self {
            Self::Sgd(spec) => (spec.options(), &spec.labels),
            Self::Adam(spec) => (spec.options(), &spec.labels),
        };
        let labels = Checked::absent("labels", labels.as_ref().map(Vec::len));
        options.into_iter().chain([labels]).map(|option| option.within(name)).collect()
    }
}

impl SgdSpec {
    pub(super) fn build<T: Scalar, E: Engine<T>>(&self) -> Sgd<T, E> {
        let sgd = Sgd::new(self.learning_rate).with_momentum(self.momentum).with_weight_decay(self.weight_decay);
        if self.nesterov { sgd.with_nesterov() } else { sgd }
    }
}

impl OptimizerConfig for SgdSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        vec![
            Checked::positive("learning_rate", self.learning_rate),
            Checked::share("momentum", self.momentum),
            Checked::zero_or_positive("weight_decay", self.weight_decay),
        ]
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: None, rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        1.8
    }
}

impl AdamSpec {
    pub(super) fn build<T: Scalar, E: Engine<T>>(&self) -> Adam<T, E> {
        let adam = Adam::new(self.learning_rate).with_betas(self.beta1, self.beta2);
        adam.with_epsilon(self.epsilon).with_weight_decay(self.weight_decay)
    }
}

impl OptimizerConfig for AdamSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        vec![
            Checked::positive("learning_rate", self.learning_rate),
            Checked::share("beta1", self.beta1),
            Checked::share("beta2", self.beta2),
            Checked::positive("epsilon", self.epsilon),
            Checked::zero_or_positive("weight_decay", self.weight_decay),
        ]
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: None, rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        1.8
    }
}

impl SamSpec {
    pub(super) fn build<T: Scalar>(&self) -> Box<dyn GradientOptimizer<T>> {
        match &self.base {
            FirstOrderSpec::Sgd(base) => Box::new(self.around(base.build())),
            FirstOrderSpec::Adam(base) => Box::new(self.around(base.build())),
        }
    }

    fn around<O>(&self, base: O) -> Sam<O> {
        let sam = Sam::new(base, self.rho);
        if self.adaptive { sam.with_adaptive() } else { sam }
    }
}

impl OptimizerConfig for SamSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        let own = [Checked::zero_or_positive("rho", self.rho)];
        self.base.options_within("base").into_iter().chain(own).collect()
    }

    fn places(&mut self) -> Places<'_> {
        let learning_rate = match &mut self.base {
            FirstOrderSpec::Sgd(base) => &mut base.learning_rate,
            FirstOrderSpec::Adam(base) => &mut base.learning_rate,
        };
        Places { learning_rate, damping: None, rho: Some(&mut self.rho) }
    }

    fn step_milliseconds(&self) -> f64 {
        3.5
    }
}

impl MuonSpec {
    pub(super) fn build<T: Scalar>(&self) -> Box<dyn GradientOptimizer<T>> {
        match &self.rest {
            FirstOrderSpec::Sgd(rest) => Box::new(self.configured(Muon::new(self.learning_rate, rest.build()))),
            FirstOrderSpec::Adam(rest) => Box::new(self.configured(Muon::new(self.learning_rate, rest.build()))),
        }
    }

    fn configured<R, T: Scalar>(&self, muon: Muon<R, T>) -> Muon<R, T> {
        muon.with_momentum(self.momentum).with_weight_decay(self.weight_decay).with_iterations(self.iterations)
    }
}

impl OptimizerConfig for MuonSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        let own = [
            Checked::positive("learning_rate", self.learning_rate),
            Checked::share("momentum", self.momentum),
            Checked::zero_or_positive("weight_decay", self.weight_decay),
            Checked::count("iterations", self.iterations),
        ];
        own.into_iter().chain(self.rest.options_within("rest")).collect()
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: None, rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        2.2
    }
}
