//! What Newton-type optimizers ask of a network, wherever it is computed.

use crate::kfac::LayerStatistics;
use crate::{CurvatureError, GgnVariant, Objective, SymmetricOperator};
use minima_autodiff::loss::Loss;
use minima_autodiff::{Batch, Engine, Graph, Scalar, StepReport};
use ndarray::{Array2, ArrayView2};
use std::borrow::Cow;

/// An engine whose numbers can be read back, and that computes with the curvature of a batch.
///
/// Second-order optimizers keep their own vectors on the host. An engine on a device computes the passes of the network, and
/// copies the vectors that it is given and that it returns.
pub trait CurvatureEngine<T: Scalar>: Engine<T> {
    /// A batch at given parameters.
    type Curved<'a>: BatchCurvature<'a, T>
    where
        Self: 'a;

    /// The network.
    fn network(&self) -> &Graph;

    /// The numbers of a vector, after all earlier work.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the device fails.
    fn numbers<'v>(&self, vector: &'v Self::Vector) -> Result<Cow<'v, [T]>, CurvatureError>;

    /// Overwrites a vector.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if there is not one number for each parameter, or the device fails.
    fn overwrite(&self, vector: &mut Self::Vector, numbers: Vec<T>) -> Result<(), CurvatureError>;

    /// `θ ← θ − rate · direction`, for a direction on the host.
    ///
    /// # Errors
    /// Returns the errors of [`overwrite`](Self::overwrite).
    fn descend_along(&self, params: &mut Self::Vector, rate: f64, direction: &[T]) -> Result<(), CurvatureError>;

    /// The gradient of the batch's mean loss on the host, with the engine's report of the batch and the numbers of that report.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the batch or the parameters do not fit the network, or the device fails.
    fn host_gradient(
        &self,
        params: &Self::Vector,
        batch: &Self::Batch<'_>,
    ) -> Result<(Self::Report, StepReport, Vec<T>), CurvatureError>;

    /// Evaluates the network on a batch and keeps the values that derivatives need.
    ///
    /// # Errors
    /// Returns the errors of [`host_gradient`](Self::host_gradient).
    fn curved<'a, 'b: 'a>(
        &'a self,
        params: &'a Self::Vector,
        batch: &Self::Batch<'b>,
    ) -> Result<(Self::Report, Self::Curved<'a>), CurvatureError>;
}

/// A batch at given parameters, for any number of products with the curvature of its mean loss. Vectors are on the host.
pub trait BatchCurvature<'a, T: Scalar> {
    /// The mean loss and the number of correctly classified images.
    fn report(&self) -> StepReport;

    /// The gradient of the mean loss.
    ///
    /// # Errors
    /// Like the other methods, returns [`CurvatureError::Autodiff`] if the device fails.
    fn gradient(&self) -> Result<Vec<T>, CurvatureError>;

    /// The mean loss of the batch at other parameters.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if there is not one number for each parameter.
    fn mean_loss_at(&self, params: &[T]) -> Result<f64, CurvatureError>;

    /// A Gauss-Newton matrix, without damping.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] for the published matrix of a loss other than softmax cross-entropy without
    /// smoothing and weights.
    fn gauss_newton(&self, variant: GgnVariant) -> Result<Box<dyn SymmetricOperator<T> + '_>, CurvatureError>;

    /// The logits, the labels and the loss, from which cotangents of the logits are made.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the device fails.
    fn outputs(&self) -> Result<Outputs<'_, T>, CurvatureError>;

    /// What K-FAC and EKFAC observe, for cotangents `w` `(images, classes)` of the logits.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the shape of the cotangents differs from the shape of the logits.
    fn layer_statistics<'s>(&'s self, w: ArrayView2<'s, T>)
    -> Result<Box<dyn LayerStatistics<T> + 's>, CurvatureError>;

    /// The batch on the CPU; `None` on a device.
    fn on_host(&self) -> Option<&HostCurvature<'a, T>>;
}

/// The outputs of a network for a batch.
#[derive(Debug)]
pub struct Outputs<'s, T> {
    /// `(images, classes)`.
    pub logits: Array2<T>,
    /// One for each image.
    pub labels: Cow<'s, [usize]>,
    /// The loss.
    pub loss: &'s dyn Loss,
}

/// A batch at given parameters on the CPU.
#[derive(Debug)]
pub struct HostCurvature<'a, T: Scalar> {
    /// The batch's mean loss, linearized.
    pub objective: Objective<'a, T>,
    /// The batch.
    pub batch: Batch<'a, T>,
    /// The mean loss and the number of correctly classified images.
    pub report: StepReport,
}
