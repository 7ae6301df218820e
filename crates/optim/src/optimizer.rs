//! The trait of all optimizers.

use crate::{OptimError, OptimizerState};
use minima_autodiff::{Engine, Graph, Scalar};

/// An algorithm that improves a network's parameters batch by batch, on the engine that computes the network. On the
/// CPU the engine is the [`Graph`] itself.
pub trait Optimizer<T: Scalar, E: Engine<T> = Graph>: Send {
    /// Takes one step on one batch and updates `params`, the network's flat parameter vector.
    ///
    /// An optimizer that reads values back, or whose calls differ from step to step, must not
    /// [repeat its calls](Self::repeats_its_calls).
    ///
    /// # Errors
    /// Returns an error if an option is out of its range, if the batch or the parameters do not fit the network, or if
    /// a system cannot be solved. In this case `params` is unchanged.
    fn step(&mut self, engine: &E, params: &mut E::Vector, batch: &E::Batch<'_>) -> Result<E::Report, OptimError>;

    /// Whether every step makes the same calls of the engine and reads nothing back, so that the engine may record the calls of
    /// one step and repeat them. By default it is false, and every step is called.
    fn repeats_its_calls(&self) -> bool {
        false
    }

    /// Checks the options in the precision in which they are used. Every step does this first.
    ///
    /// # Errors
    /// Returns [`OptimError::Option`] or [`OptimError::RoundedOption`] for the first option that is out of its range, and
    /// [`OptimError::NoModel`] if two options exclude each other.
    fn check(&self) -> Result<(), OptimError>;

    /// Sets the factor, from 0 to 1, that multiplies the learning rate η in the next steps, as a schedule requires. It is 1
    /// at first. With a factor of 1, steps have the same bits as without a schedule. The state does not contain the factor.
    ///
    /// An engine that repeats recorded calls repeats the factor of the recording.
    fn set_learning_rate_factor(&mut self, factor: f64);

    /// Returns the optimizer's memory of its steps so far.
    ///
    /// # Errors
    /// Returns the errors of the engine.
    fn state(&self, engine: &E) -> Result<OptimizerState, OptimError>;

    /// Resumes from the state of another optimizer with the same options: the next step equals the other's next step,
    /// bit for bit.
    ///
    /// # Errors
    /// Returns an error, usually [`OptimError::State`], if the state belongs to another kind of optimizer or another
    /// network, or if it holds a number that is not finite. In this case the optimizer is unchanged.
    fn restore(&mut self, engine: &E, state: &OptimizerState) -> Result<(), OptimError>;
}
