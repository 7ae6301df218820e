//! First-order optimizers: an update rule applied to the gradient of a batch's mean loss.

use crate::gradient_optimizer::{GradientOf, GradientOptimizer};
use crate::{OptimError, Optimizer, OptimizerState};
use minima_autodiff::engine::UpdateRule;
use minima_autodiff::{Engine, Graph, Scalar};
use minima_faults::{Fault, planted};

/// An update rule that checks its own options.
pub trait FirstOrderRule<T: Scalar>: UpdateRule<T> {
    /// Checks the options in the precision `T`.
    ///
    /// # Errors
    /// Returns [`OptimError::Option`] or [`OptimError::RoundedOption`] for the first option that is out of its range.
    fn check(&self) -> Result<(), OptimError>;

    /// Sets the factor, from 0 to 1, of the learning rate.
    fn set_learning_rate_factor(&mut self, factor: f64);
}

/// An update rule with its state on the engine.
///
/// A rule of one's own says how it changes parameters. Its memory is stored and resumed for it.
///
/// ```
/// use minima_autodiff::engine::UpdateRule;
/// use minima_autodiff::GraphBuilder;
/// use minima_optim::{Batch, FirstOrder, FirstOrderRule, OptimError, Optimizer};
/// use ndarray::array;
///
/// /// `θ ← θ − η sign(g)`.
/// struct Signs {
///     learning_rate: f32,
///     factor: f32,
/// }
///
/// impl UpdateRule<f32> for Signs {
///     fn memory(&self) -> usize {
///         0
///     }
///
///     fn apply(&self, _: u32, params: &mut [f32], gradient: &[f32], _: &mut [&mut [f32]], _: bool) {
///         for (p, g) in params.iter_mut().zip(gradient) {
///             *p -= self.factor * self.learning_rate * g.signum();
///         }
///     }
/// }
///
/// impl FirstOrderRule<f32> for Signs {
///     fn check(&self) -> Result<(), OptimError> {
///         Ok(())
///     }
///
///     fn set_learning_rate_factor(&mut self, factor: f64) {
///         self.factor = factor as f32;
///     }
/// }
///
/// let mut g = GraphBuilder::new(&[2]);
/// let y = g.dense(g.input(), "Dense_0", 2)?;
/// let graph = g.finish(y)?;
/// let images = array![[0.0_f32, 0.1], [1.0, 0.9]];
/// let batch = Batch::new(images.view(), &[0, 1])?;
/// let mut params: Vec<f32> = graph.init(42);
/// let mut optimizer = FirstOrder::following(Signs { learning_rate: 0.1, factor: 1.0 });
/// let first = optimizer.step(&graph, &mut params, &batch)?;
/// for _ in 0..20 {
///     optimizer.step(&graph, &mut params, &batch)?;
/// }
/// assert!(optimizer.step(&graph, &mut params, &batch)?.loss < first.loss);
/// # Ok::<(), OptimError>(())
/// ```
#[derive(Debug)]
pub struct FirstOrder<R, T: Scalar, E: Engine<T> = Graph> {
    pub(crate) rule: R,
    state: E::State,
}

impl<R, T: Scalar, E: Engine<T>> FirstOrder<R, T, E> {
    /// The optimizer that follows a rule, before its first step.
    #[must_use]
    pub fn following(rule: R) -> Self {
        Self { rule, state: E::State::default() }
    }
}

impl<R: FirstOrderRule<T>, T: Scalar, E: Engine<T>> FirstOrder<R, T, E> {
    /// Takes one step of the rule along a given gradient.
    ///
    /// # Errors
    /// Returns an error if an option is out of its range, or if the parameters or the gradient do not fit the network.
    /// In this case `params` is unchanged.
    pub fn update(&mut self, engine: &E, params: &mut E::Vector, gradient: &E::Vector) -> Result<(), OptimError> {
        self.rule.check()?;
        Ok(engine.update(&self.rule, params, gradient, &mut self.state)?)
    }
}

impl<R: FirstOrderRule<T> + Send, T: Scalar, E: Engine<T>> Optimizer<T, E> for FirstOrder<R, T, E> {
    fn step(&mut self, engine: &E, params: &mut E::Vector, batch: &E::Batch<'_>) -> Result<E::Report, OptimError> {
        self.step_with(engine, params, &|params| Ok(engine.gradient(params, batch)?))
    }

    fn repeats_its_calls(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), OptimError> {
        self.rule.check()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.rule.set_learning_rate_factor(factor);
    }

    fn state(&self, engine: &E) -> Result<OptimizerState, OptimError> {
        let mut state = OptimizerState::default();
        state.put_rule(&engine.rule_memory(&self.state)?);
        Ok(state)
    }

    fn restore(&mut self, engine: &E, state: &OptimizerState) -> Result<(), OptimError> {
        let memory = state.rule()?;
        let (found, expected) = (memory.vectors.len(), self.rule.memory());
        // Before the first step there are no vectors.
        if found != expected && (found, memory.steps) != (0, 0) {
            return Err(OptimError::State {
                name: "memory".to_owned(),
                found: format!("{found} vectors"),
                expected: format!("{expected} vectors"),
            });
        }
        if !planted(Fault::StateForgotten) {
            self.state = engine.rule_state(&memory)?;
        }
        Ok(())
    }
}

impl<R: FirstOrderRule<T> + Send, T: Scalar, E: Engine<T>> GradientOptimizer<T, E> for FirstOrder<R, T, E> {
    fn step_with(
        &mut self,
        engine: &E,
        params: &mut E::Vector,
        gradient: &GradientOf<'_, T, E>,
    ) -> Result<E::Report, OptimError> {
        self.rule.check()?;
        let (report, gradient) = gradient(params)?;
        self.update(engine, params, &gradient)?;
        Ok(report)
    }
}
