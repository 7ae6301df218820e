//! What every optimizer can do.

use crate::{OptimError, OptimizerState};
use minima_autodiff::{Engine, Graph, Scalar};

/// Something that makes a network's parameters better, batch by batch, on the engine that computes the network: on a
/// processor that is the [`Graph`] itself.
pub trait Optimizer<T: Scalar, E: Engine<T> = Graph>: Send {
    /// One step on one batch: changes `params`, the network's flat parameter vector.
    ///
    /// One that is for any engine calls it and looks at no number, so that the engine may record its calls and repeat them; those
    /// for [`Graph`] alone may look.
    ///
    /// # Errors
    /// Returns an error if an option is out of its range, if the batch or the parameters do not fit the network, or if a system cannot
    /// be solved; `params` is then unchanged.
    fn step(&mut self, engine: &E, params: &mut E::Vector, batch: &E::Batch<'_>) -> Result<E::Report, OptimError>;

    /// Whether the options make sense in the precision that they are used in. Every step asks this first.
    ///
    /// # Errors
    /// Returns [`OptimError::Option`] or [`OptimError::RoundedOption`] for the first option that is out of its range, and
    /// [`OptimError::NoModel`] if two options exclude each other.
    fn check(&self) -> Result<(), OptimError>;

    /// What it remembers from its steps so far.
    ///
    /// # Errors
    /// When the engine fails.
    fn state(&self, engine: &E) -> Result<OptimizerState, OptimError>;

    /// Goes on where another of the same options was: the next step is the one that the other would have taken, bit for bit.
    ///
    /// # Errors
    /// When the state is that of another kind of optimizer or another network, or holds a number that is not finite; nothing is changed
    /// then.
    fn restore(&mut self, engine: &E, state: &OptimizerState) -> Result<(), OptimError>;
}
