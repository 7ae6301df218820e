//! What a step along a Kronecker-factored curvature asks of the curvature.

use crate::{OptimError, OptimizerState};
use minima_autodiff::Scalar;
use minima_curvature::CurvatureError;
use minima_curvature::kfac::{LayerStatistics, WeightSharing};

/// A Kronecker-factored curvature that persists across steps.
pub trait KroneckerCurvature<T: Scalar>: Clone + Default + Send {
    /// Whether [`refine`](Self::refine) uses the gradients. If not, they are dropped before [`refresh`](Self::refresh).
    const REFINES: bool;

    /// Adds the gradients of a batch to running averages, in which old batches decay by the factor `decay`. `sharing`
    /// says how layers with several places are treated.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the gradients belong to another network.
    fn observe(
        &mut self,
        gradients: &dyn LayerStatistics<T>,
        sharing: WeightSharing,
        decay: f64,
    ) -> Result<(), CurvatureError>;

    /// Recomputes from the averages what is too expensive to compute in every step.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Linalg`] if a factorization fails.
    fn refresh(&mut self, damping: f64) -> Result<(), CurvatureError>;

    /// Adds the gradients of a batch to averages that depend on the last [`refresh`](Self::refresh).
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the gradients belong to another network.
    fn refine(&mut self, gradients: &dyn LayerStatistics<T>, decay: f64) -> Result<(), CurvatureError>;

    /// Multiplies a gradient by the damped inverse.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the gradient belongs to another network, or if `refresh` was not called yet.
    fn precondition(&self, gradient: &[T], damping: f64) -> Result<Vec<T>, CurvatureError>;

    /// Writes the complete curvature to a state.
    fn write(&self, state: &mut OptimizerState);

    /// Reads the curvature from a state, for a network with this many parameters.
    ///
    /// # Errors
    /// Returns [`OptimError`] if a part is missing or belongs to another network.
    fn read(state: &OptimizerState, parameters: usize) -> Result<Self, OptimError>;
}
