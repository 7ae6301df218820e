//! Curvature matrices of a model on a device, as operators for conjugate gradients, Lanczos processes, traces and spectra.

use minima_autodiff::AutodiffError;
use minima_cuda::engine::CurvaturePoint;
use minima_cuda::{CudaError, Device};
use minima_curvature::{CurvatureError, LinearOperator, SymmetricOperator};

/// The Gauss-Newton matrix of the mean loss at a point on a device. Each product copies one vector there and one back.
pub struct DeviceGaussNewton<'p, 'm, D: Device>(pub &'p CurvaturePoint<'m, D>);

/// The Hessian of the mean loss at a point on a device. Each product copies one vector there and one back.
pub struct DeviceHessian<'p, 'm, D: Device>(pub &'p CurvaturePoint<'m, D>);

fn failed(error: CudaError) -> CurvatureError {
    AutodiffError::from(error).into()
}

impl<D: Device> LinearOperator<f32> for DeviceGaussNewton<'_, '_, D> {
    fn shape(&self) -> [usize; 2] {
        [self.0.parameter_count(); 2]
    }

    fn apply(&self, v: &[f32]) -> Result<Vec<f32>, CurvatureError> {
        self.check(v)?;
        self.0.gauss_newton_product(v).map_err(failed)
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
