//! What every optimizer can do.

use crate::{Batch, OptimError};
use minima_autodiff::{Graph, Scalar};

/// What a step saw, before it changed anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The batch's mean loss.
    pub loss: f64,
    /// How many of the batch's images were classified correctly.
    pub correct: usize,
}

/// Something that makes a network's parameters better, batch by batch.
pub trait Optimizer<T: Scalar>: Send {
    /// One step on one batch: changes `params`, the network's flat parameter vector.
    ///
    /// # Errors
    /// When the batch or the parameters do not fit the network, or a system cannot be solved; `params` is then unchanged.
    fn step(&mut self, graph: &Graph, params: &mut [T], batch: &Batch<'_, T>) -> Result<StepReport, OptimError>;
}
