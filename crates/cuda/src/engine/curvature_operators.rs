//! Curvature matrices at a point on a device, as operators for conjugate gradients, Lanczos processes, traces and spectra.

use super::CurvaturePoint;
use super::curvature_point::OfLogits;
use crate::CudaError;
use crate::device::Device;
use minima_curvature::{CurvatureError, GgnVariant, LinearOperator, SymmetricOperator, subtract_coupling};

/// A Gauss-Newton matrix at a point on a device. Each product copies one vector there and one back.
pub struct DeviceGaussNewton<'p, 'm, D: Device> {
    point: &'p CurvaturePoint<'m, D>,
    of_logits: OfLogits,
    /// The vector `Jᵀ p` of the published matrix.
    coupling: Option<Vec<f32>>,
}

impl<'p, 'm, D: Device> DeviceGaussNewton<'p, 'm, D> {
    /// The Gauss-Newton matrix of the mean loss, of the sum, or as published.
    ///
    /// # Errors
    /// Returns a [`CudaError`] if the device fails.
    pub fn new(point: &'p CurvaturePoint<'m, D>, variant: GgnVariant) -> Result<Self, CudaError> {
        let (of_logits, coupling) = match variant {
            GgnVariant::Mean => (OfLogits::Hessian(1.0 / point.images().max(1) as f64), None),
            GgnVariant::Sum => (OfLogits::Hessian(1.0), None),
            GgnVariant::Coupled => (OfLogits::Probabilities, Some(point.coupling()?)),
        };
        Ok(Self { point, of_logits, coupling })
    }
}

/// The Hessian of the mean loss at a point on a device. Each product copies one vector there and one back.
pub struct DeviceHessian<'p, 'm, D: Device>(pub &'p CurvaturePoint<'m, D>);

/// Converts a device's error into a curvature's error.
pub(super) fn failed(error: CudaError) -> CurvatureError {
    CurvatureError::Autodiff(error.into())
}

impl<D: Device> LinearOperator<f32> for DeviceGaussNewton<'_, '_, D> {
    fn shape(&self) -> [usize; 2] {
        [self.point.parameter_count(); 2]
    }

    fn apply(&self, v: &[f32]) -> Result<Vec<f32>, CurvatureError> {
        self.check(v)?;
        let mut product = self.point.product(v, self.of_logits).map_err(failed)?;
        if let Some(coupling) = &self.coupling {
            subtract_coupling(coupling, v, &mut product);
        }
        Ok(product)
    }
}

impl<D: Device> SymmetricOperator<f32> for DeviceGaussNewton<'_, '_, D> {}

impl<D: Device> LinearOperator<f32> for DeviceHessian<'_, '_, D> {
    fn shape(&self) -> [usize; 2] {
        [self.0.parameter_count(); 2]
    }

    fn apply(&self, v: &[f32]) -> Result<Vec<f32>, CurvatureError> {
        self.check(v)?;
        self.0.hessian_product(v).map_err(failed)
    }
}

impl<D: Device> SymmetricOperator<f32> for DeviceHessian<'_, '_, D> {}
