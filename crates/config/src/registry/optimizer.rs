//! An optimizer of the program's own.

use super::error::RegistryError;
use super::name;
use super::numeric_option::NumericOption;
use minima_optim::{GradientOptimizer, Optimizer};
use std::collections::BTreeMap;
use std::fmt;

const WHAT: &str = "optimizer";

/// The kinds of optimizers that every program has.
const BUILT_IN: [&str; 10] = [
    "sgd",
    "adam",
    "sam",
    "muon",
    "gauss-newton",
    "gauss-newton-tf32",
    "gauss-newton-emulated",
    "gauss-newton-cg",
    "kfac",
    "ekfac",
];

/// The time of a step of SGD on one core for the paper's network and batch, in milliseconds.
const STEP_OF_SGD: f64 = 1.8;

/// Values of options by name. Options without a value have their default.
pub(crate) type Given = BTreeMap<String, f64>;

type Constructor<O> = Box<dyn Fn(f64, &Given) -> Box<O> + Send + Sync>;

enum Build {
    Batches(Constructor<dyn Optimizer<f32>>),
    Gradients(Constructor<dyn GradientOptimizer<f32>>),
}

/// An optimizer to register: its name, its options with their ranges, and how it is made from a learning rate and options.
/// It computes in single precision, on the CPU.
pub struct OwnOptimizer {
    name: &'static str,
    options: Vec<NumericOption>,
    build: Build,
    step_milliseconds: f64,
}

impl OwnOptimizer {
    /// An optimizer that takes batches. `build` gets the learning rate, which is positive, and the values of the options in
    /// the same order, each within its range.
    ///
    /// Runs resume with [`Optimizer::state`] and [`Optimizer::restore`].
    #[must_use]
    pub fn new<const N: usize>(
        name: &'static str,
        options: [NumericOption; N],
        build: impl Fn(f64, [f64; N]) -> Box<dyn Optimizer<f32>> + Send + Sync + 'static,
    ) -> Self {
        let of_given = move |rate: f64, given: &Given| build(rate, options.map(|option| option.value(given)));
        Self {
            name,
            options: options.to_vec(),
            build: Build::Batches(Box::new(of_given)),
            step_milliseconds: STEP_OF_SGD,
        }
    }

    /// An optimizer that needs nothing but gradients, such as a [`FirstOrder`](minima_optim::FirstOrder). Gradient clipping and
    /// adversarial training work with it. `build` is as in [`new`](Self::new).
    #[must_use]
    pub fn first_order<const N: usize>(
        name: &'static str,
        options: [NumericOption; N],
        build: impl Fn(f64, [f64; N]) -> Box<dyn GradientOptimizer<f32>> + Send + Sync + 'static,
    ) -> Self {
        let of_given = move |rate: f64, given: &Given| build(rate, options.map(|option| option.value(given)));
        let build = Build::Gradients(Box::new(of_given));
        Self { name, options: options.to_vec(), build, step_milliseconds: STEP_OF_SGD }
    }

    /// Sets the time of a step on one core for the paper's network and batch of 128 images, in milliseconds. Studies plan
    /// with it. By default it is SGD's, 1.8.
    #[must_use]
    pub fn with_step_milliseconds(mut self, milliseconds: f64) -> Self {
        self.step_milliseconds = milliseconds;
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &[NumericOption] {
        &self.options
    }

    /// The time of a step on one core for the paper's network and batch, in milliseconds.
    #[must_use]
    pub fn step_milliseconds(&self) -> f64 {
        self.step_milliseconds
    }

    /// Whether it needs nothing but gradients.
    #[must_use]
    pub fn is_first_order(&self) -> bool {
        matches!(self.build, Build::Gradients(_))
    }

    /// The optimizer in its initial state.
    pub(crate) fn build(&self, learning_rate: f64, given: &Given) -> Box<dyn Optimizer<f32>> {
        match &self.build {
            Build::Batches(build) => build(learning_rate, given),
            Build::Gradients(build) => build(learning_rate, given),
        }
    }

    /// The optimizer in its initial state, if it needs nothing but gradients.
    pub(crate) fn build_first_order(
        &self,
        learning_rate: f64,
        given: &Given,
    ) -> Option<Box<dyn GradientOptimizer<f32>>> {
        match &self.build {
            Build::Batches(_) => None,
            Build::Gradients(build) => Some(build(learning_rate, given)),
        }
    }

    /// Checks that the optimizer can be registered beside these.
    pub(super) fn check(&self, others: &[Self]) -> Result<(), RegistryError> {
        name::check(WHAT, self.name, BUILT_IN.into_iter().chain(others.iter().map(Self::name)))?;
        let names: Vec<&'static str> = self.options.iter().map(|option| option.name).collect();
        name::check_options(WHAT, self.name, &names, &[])?;
        let wrong = |found, expected| Err(RegistryError::Invalid { what: WHAT, name: self.name, found, expected });
        if let Some(option) = self.options.iter().find(|option| !option.holds(option.default)) {
            return wrong(format!("{} = {}", option.name, option.default), option.expected);
        }
        if !(self.step_milliseconds.is_finite() && self.step_milliseconds > 0.0) {
            return wrong(format!("steps of {} milliseconds", self.step_milliseconds), "a positive number");
        }
        Ok(())
    }
}

impl fmt::Debug for OwnOptimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnOptimizer").field("name", &self.name).field("options", &self.options).finish_non_exhaustive()
    }
}
