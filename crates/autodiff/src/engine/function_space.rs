//! The interface of an engine for a Gauss-Newton step in function space.

use crate::{AutodiffError, Engine, Scalar, SystemSize};

/// The linear algebra of a Gauss-Newton step. Everything after the Gram matrix is in precision `R`.
///
/// Rows are ordered as `k · images + i`, for number k of image i; k counts the directions of an image's curvature, or its
/// C logits. The mathematics is in `minima-optim`'s Gauss-Newton; an engine only computes.
pub trait FunctionSpace<T: Scalar, R: Scalar>: Engine<T> {
    /// A network linearized at given parameters and a batch.
    type Point<'a>
    where
        Self: 'a;
    /// The factors of every image's Hessian with respect to the logits, `(directions, images, classes)`.
    type Factors;
    /// A symmetric matrix; only the lower triangle is used.
    type System;
    /// The kernel `J Jᵀ` in the network's precision.
    type Kernel;
    /// Right sides and solutions, `(order, columns)`.
    type Columns;
    /// Cotangents of the logits `(images, classes)`.
    type Cotangent;

    /// Evaluates the network on the batch and caches the values that derivatives need.
    ///
    /// # Errors
    /// Like all methods of this trait, returns an [`AutodiffError`] if the batch or the parameters do not fit the
    /// network, or the device fails.
    fn linearize<'a, 'b: 'a>(
        &'a self,
        params: &'a Self::Vector,
        batch: &Self::Batch<'b>,
    ) -> Result<(Self::Report, Self::Point<'a>), AutodiffError>;

    /// `√α c_k` for every image, with the factors `c_k` of its Hessian
    /// ([`LossIn::factors`](crate::loss::LossIn::factors)). α is one over the total weight of the labels for the curvature
    /// of the mean loss, or 1.
    fn factors(&self, at: &Self::Point<'_>, mean: bool) -> Result<Self::Factors, AutodiffError>;

    /// The gradient of the mean loss with respect to the logits in these factors, as a column
    /// ([`LossIn::residual_in_factors`](crate::loss::LossIn::residual_in_factors)).
    fn residual_in_factors(&self, at: &Self::Point<'_>, mean: bool) -> Result<Self::Columns, AutodiffError>;

    /// The sum of `λI` and the Gram matrix of the factors' gradients.
    fn damped_gram(
        &self,
        at: &Self::Point<'_>,
        factors: &Self::Factors,
        damping: f64,
    ) -> Result<Self::System, AutodiffError>;

    /// `w = Σ_k y_k c_k` for every image.
    fn in_logits(
        &self,
        at: &Self::Point<'_>,
        factors: &Self::Factors,
        y: &Self::Columns,
    ) -> Result<Self::Cotangent, AutodiffError>;

    /// The size of the dense system of a step, or `None` if this engine does not estimate it. `published` says whether
    /// it is the system of the published matrix.
    fn system_size(&self, at: &Self::Point<'_>, published: bool) -> Option<SystemSize> {
        let _ = (at, published);
        None
    }

    /// `J Jᵀ`, both triangles.
    fn kernel(&self, at: &Self::Point<'_>) -> Result<Self::Kernel, AutodiffError>;

    /// `s = √p`, as a column.
    fn root_probabilities(&self, at: &Self::Point<'_>) -> Result<Self::Columns, AutodiffError>;

    /// `r / images`, as a column.
    fn residual(&self, at: &Self::Point<'_>) -> Result<Self::Columns, AutodiffError>;

    /// `s ∘ (K v)`, from the rounded kernel.
    fn scaled_product(
        &self,
        s: &Self::Columns,
        kernel: &Self::Kernel,
        v: &Self::Columns,
    ) -> Result<Self::Columns, AutodiffError>;

    /// `λI + s ∘ K ∘ s`.
    fn damped_scaled_kernel(
        &self,
        s: &Self::Columns,
        kernel: &Self::Kernel,
        damping: f64,
    ) -> Result<Self::System, AutodiffError>;

    /// Solves a positive definite system for each right side.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Linalg`] if the engine finds at once that the system cannot be solved.
    fn solve(&self, system: Self::System, right: &[&Self::Columns]) -> Result<Self::Columns, AutodiffError>;

    /// The cotangent of the published direction,
    /// `w = (residual − s∘y)/λ + s∘x · (x·along) / (1 − s·s + λ s·x)` with the columns `y, x` of `solved`.
    fn published_cotangent(
        &self,
        at: &Self::Point<'_>,
        columns: PublishedColumns<'_, Self::Columns>,
        damping: f64,
    ) -> Result<Self::Cotangent, AutodiffError>;

    /// `Jᵀ w`.
    fn vjp(&self, at: &Self::Point<'_>, w: &Self::Cotangent) -> Result<Self::Vector, AutodiffError>;
}

/// The columns from which the published direction is computed.
#[derive(Clone, Copy, Debug)]
pub struct PublishedColumns<'c, C> {
    /// `r / images`.
    pub residual: &'c C,
    /// `√p`.
    pub s: &'c C,
    /// `s ∘ (K r / images)`.
    pub along: &'c C,
    /// `y` and `x`, the solutions for `along` and `s`.
    pub solved: &'c C,
}
