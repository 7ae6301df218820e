//! Specifications of optimizers that the program registered.

use super::config::{OptimizerConfig, Places};
use super::option::Checked;
use crate::labels::Labels;
use crate::registry::{OwnOptimizer, installed};
use minima_autodiff::{Graph, Scalar, StepReport};
use minima_network::suggestion::one_of;
use minima_optim::{Batch, GradientOf, GradientOptimizer, OptimError, Optimizer, OptimizerState};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

/// An optimizer of the program's [registry](crate::registry). It computes in single precision, on the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnSpec {
    /// The registered optimizer.
    name: Registered,
    /// η.
    pub learning_rate: f64,
    /// The options that differ from their defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, f64>,
    /// The labels to train on; by default all of the preset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Labels>>,
}

/// An entry of the registry, which a file holds by its name.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Registered(&'static OwnOptimizer);

impl TryFrom<String> for Registered {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        installed().optimizer_named(&name).map(Self).ok_or_else(|| {
            let known = one_of(installed().optimizers().map(OwnOptimizer::name), &name);
            format!("name is {name}; expected an optimizer that is registered in this program: {known}")
        })
    }
}

impl From<Registered> for String {
    fn from(Registered(optimizer): Registered) -> Self {
        optimizer.name().to_owned()
    }
}

impl PartialEq for Registered {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl OwnSpec {
    /// The registered optimizer.
    #[must_use]
    pub fn registered(&self) -> &'static OwnOptimizer {
        self.name.0
    }

    /// The optimizer. In double precision, each of its steps is an error.
    pub(super) fn build<T: Scalar>(&self) -> Box<dyn Optimizer<T>> {
        let built: Option<Box<dyn Optimizer<T>>> = in_precision(self.name.0.build(self.learning_rate, &self.options));
        built.unwrap_or_else(|| Box::new(SinglePrecision(self.name.0.name())))
    }

    /// The optimizer, if it needs nothing but gradients.
    pub(super) fn build_first_order<T: Scalar>(&self) -> Option<Box<dyn GradientOptimizer<T>>> {
        let built = self.name.0.build_first_order(self.learning_rate, &self.options)?;
        let built: Option<Box<dyn GradientOptimizer<T>>> = in_precision(built);
        Some(built.unwrap_or_else(|| Box::new(SinglePrecision(self.name.0.name()))))
    }
}

/// The same value as a value of type `B`, if it is of this type.
fn in_precision<A: Any, B: Any>(built: A) -> Option<B> {
    let built: Box<dyn Any> = Box::new(built);
    built.downcast::<B>().ok().map(|built| *built)
}

impl OptimizerConfig for OwnSpec {
    fn labels(&self) -> Option<&[Labels]> {
        self.labels.as_deref()
    }

    fn options(&self) -> Vec<Checked> {
        let known = self.name.0.options();
        let check = |(name, &value): (&String, &f64)| match known.iter().find(|option| option.name == name) {
            Some(option) => Checked::own(name, value, option.holds(value), option.expected),
            None => {
                Checked::own(name, value, false, "no such option, because the registered optimizer does not have it")
            }
        };
        let rate = Checked::positive("learning_rate", self.learning_rate);
        std::iter::once(rate).chain(self.options.iter().map(check)).collect()
    }

    fn places(&mut self) -> Places<'_> {
        Places { learning_rate: &mut self.learning_rate, damping: None, rho: None }
    }

    fn step_milliseconds(&self) -> f64 {
        self.name.0.step_milliseconds()
    }
}

/// Takes the place of a registered optimizer in double precision.
struct SinglePrecision(&'static str);

impl SinglePrecision {
    fn refusal(&self) -> OptimError {
        OptimError::SinglePrecision { optimizer: self.0.to_owned() }
    }
}

impl<T: Scalar> Optimizer<T> for SinglePrecision {
    fn step(&mut self, _: &Graph, _: &mut Vec<T>, _: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        Err(self.refusal())
    }

    fn check(&self) -> Result<(), OptimError> {
        Err(self.refusal())
    }

    fn set_learning_rate_factor(&mut self, _: f64) {}

    fn state(&self, _: &Graph) -> Result<OptimizerState, OptimError> {
        Ok(OptimizerState::default())
    }

    fn restore(&mut self, _: &Graph, _: &OptimizerState) -> Result<(), OptimError> {
        Err(self.refusal())
    }
}

impl<T: Scalar> GradientOptimizer<T> for SinglePrecision {
    fn step_with(&mut self, _: &Graph, _: &mut Vec<T>, _: &GradientOf<'_, T>) -> Result<StepReport, OptimError> {
        Err(self.refusal())
    }
}
