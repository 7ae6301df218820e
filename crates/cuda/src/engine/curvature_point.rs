//! Products with curvature matrices of the mean loss on a device.

use super::network::{Along, Values};
use super::pool::Loan;
use super::second_order::Cotangents;
use super::{CudaEngine, DeviceModel, DeviceVector};
use crate::CudaError;
use crate::device::Device;
use crate::linalg::copy;
use crate::slice::Slice;
use ndarray::ArrayView2;

/// A network linearized at a batch of images with labels, for any number of products with the curvature of their mean loss,
/// softmax cross-entropy. Vectors are on the host.
pub struct CurvaturePoint<'m, D: Device> {
    engine: &'m CudaEngine<D>,
    params: &'m DeviceVector<D>,
    images: usize,
    input: Loan<D, f32>,
    arena: Loan<D, f32>,
    probabilities: Loan<D, f32>,
    /// The gradient of the mean loss with respect to the logits.
    residual: Loan<D, f32>,
}

impl<D: Device> DeviceModel<'_, D> {
    /// Evaluates the model on images `(images, features)` and keeps the values that products with curvature need.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the images do not fit the network or there is not one label for each, and a
    /// [`CudaError`] if the device fails.
    pub fn curvature_point(
        &self,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
    ) -> Result<CurvaturePoint<'_, D>, CudaError> {
        let (engine, count) = (self.engine(), images.nrows());
        if labels.len() != count {
            return Err(CudaError::Length { what: "labels", found: labels.len(), expected: count });
        }
        let [input, arena] = self.evaluated(images)?;
        // A label too large for a u32 names no class, and neither does its replacement.
        let named: Vec<u32> = labels.iter().map(|&label| u32::try_from(label).unwrap_or(u32::MAX)).collect();
        let mut on_device = engine.take(count)?;
        on_device.upload(&engine.device, &named)?;
        let loss = engine.loss(count);
        let (probabilities, residual) = (engine.take(count * loss.classes)?, engine.take(count * loss.classes)?);
        let logits = engine.network.logits(Values { images: count, input: input.all(), arena: arena.all() })?;
        loss.probabilities(&engine.device, logits, probabilities.all())?;
        loss.residual(&engine.device, logits, on_device.all(), residual.all(), 1.0 / count.max(1) as f64)?;
        Ok(CurvaturePoint {
            engine,
            params: self.device_params(),
            images: count,
            input,
            arena,
            probabilities,
            residual,
        })
    }
}

impl<D: Device> CurvaturePoint<'_, D> {
    fn values(&self) -> Values<'_, D> {
        Values { images: self.images, input: self.input.all(), arena: self.arena.all() }
    }

    /// The number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.engine.network.params
    }

    /// The gradient of the mean loss.
    ///
    /// # Errors
    /// Returns a [`CudaError`] if the device fails.
    pub fn gradient(&self) -> Result<Vec<f32>, CudaError> {
        let cotangents = self.arena()?;
        copy(&self.engine.device, self.residual.all(), self.of_output(&cotangents)?)?;
        let gradient = self.engine.vjp_of(self.params, self.values(), cotangents.all())?;
        self.engine.read(&gradient)
    }

    /// `G v` with the Gauss-Newton matrix `G = Σᵢ Jᵢᵀ Hᵢ Jᵢ / images` (Schraudolph 2002, section 3.1).
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if `v` does not have one number for each parameter, and a [`CudaError`] if the device
    /// fails.
    pub fn gauss_newton_product(&self, v: &[f32]) -> Result<Vec<f32>, CudaError> {
        let (engine, direction) = (self.engine, self.engine.vector(v)?);
        let tangents = self.arena()?;
        let along = Along { params: Some(direction.all()), input: None, arena: tangents.all() };
        let pool = engine.pool();
        engine.network.tangent(engine.space(&pool), self.params.all(), self.values(), &along)?;
        let cotangents = self.arena()?;
        self.curve(&tangents, &cotangents)?;
        engine.read(&engine.vjp_of(self.params, self.values(), cotangents.all())?)
    }

    /// `H v` with the Hessian H of the mean loss, forward over reverse (Pearlmutter 1994). At a kink of a rectifier or a
    /// maximum, it is the derivative of the side on which the value lies.
    ///
    /// # Errors
    /// Returns the errors of [`gauss_newton_product`](Self::gauss_newton_product).
    pub fn hessian_product(&self, v: &[f32]) -> Result<Vec<f32>, CudaError> {
        let (engine, direction) = (self.engine, self.engine.vector(v)?);
        let tangents = self.arena()?;
        let along = Along { params: Some(direction.all()), input: None, arena: tangents.all() };
        let pool = engine.pool();
        let space = engine.space(&pool);
        let present = engine.network.tangent(space, self.params.all(), self.values(), &along)?;
        let (cotangents, moving) = (self.arena()?, self.arena()?);
        copy(&engine.device, self.residual.all(), self.of_output(&cotangents)?)?;
        self.curve(&tangents, &moving)?;
        let second: Loan<D, f32> = engine.take(engine.network.params)?;
        let both = Cotangents { values: cotangents.all(), along: moving.all() };
        let (params, values) = (self.params.all(), self.values());
        engine.network.vjp_along(space, params, values, (&along, &present), &both, second.all())?;
        second.download(&engine.device)
    }

    /// Writes the loss's Hessian times the logits' tangents, as cotangents of the logits.
    fn curve(&self, tangents: &Loan<D, f32>, cotangents: &Loan<D, f32>) -> Result<(), CudaError> {
        let (engine, loss) = (self.engine, self.engine.loss(self.images));
        let (from, to) = (self.of_output(tangents)?, self.of_output(cotangents)?);
        let share = 1.0 / self.images.max(1) as f64;
        loss.hessian_product(&engine.device, self.probabilities.all(), from, to, share)
    }

    /// An arena of tangents or cotangents.
    fn arena(&self) -> Result<Loan<D, f32>, CudaError> {
        self.engine.take(self.engine.network.arena(self.images))
    }

    fn of_output<'v>(&self, arena: &'v Loan<D, f32>) -> Result<Slice<'v, D, f32>, CudaError> {
        self.engine.network.value(arena.all(), self.engine.network.output, self.images)
    }
}
