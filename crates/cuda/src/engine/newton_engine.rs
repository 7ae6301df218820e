//! A device as the engine of Newton-type optimizers. Their vectors are on the host; the network's passes are on the device.

use super::curvature_operators::failed;
use super::layer_statistics::DeviceStatistics;
use super::{CudaEngine, CurvaturePoint, DeviceBatch, DeviceGaussNewton, DeviceVector};
use crate::CudaError;
use crate::device::Device;
use crate::linalg::axpy;
use minima_autodiff::{Graph, StepReport};
use minima_curvature::kfac::LayerStatistics;
use minima_curvature::{
    BatchCurvature, CurvatureEngine, CurvatureError, GgnVariant, HostCurvature, Outputs, SymmetricOperator,
};
use ndarray::ArrayView2;
use std::borrow::Cow;

impl<D: Device> CudaEngine<D> {
    fn check_numbers(&self, numbers: &[f32]) -> Result<(), CudaError> {
        let (found, expected) = (numbers.len(), self.network.params);
        if found == expected { Ok(()) } else { Err(CudaError::Length { what: "parameters", found, expected }) }
    }
}

impl<D: Device> CurvatureEngine<f32> for CudaEngine<D> {
    type Curved<'a> = CurvaturePoint<'a, D>;

    fn network(&self) -> &Graph {
        self.graph()
    }

    fn numbers<'v>(&self, vector: &'v DeviceVector<D>) -> Result<Cow<'v, [f32]>, CurvatureError> {
        self.read(vector).map(Cow::Owned).map_err(failed)
    }

    fn overwrite(&self, vector: &mut DeviceVector<D>, numbers: Vec<f32>) -> Result<(), CurvatureError> {
        self.check_numbers(&numbers).and_then(|()| vector.0.upload(&self.device, &numbers)).map_err(failed)
    }

    fn descend_along(&self, params: &mut DeviceVector<D>, rate: f64, direction: &[f32]) -> Result<(), CurvatureError> {
        let descend = || {
            self.check_numbers(direction)?;
            axpy(&self.device, -rate, self.uploaded(direction)?.all(), params.all())
        };
        descend().map_err(failed)
    }

    fn host_gradient(
        &self,
        params: &DeviceVector<D>,
        batch: &DeviceBatch<'_, D>,
    ) -> Result<((), StepReport, Vec<f32>), CurvatureError> {
        let at = self.curved_at(params, batch).map_err(failed)?;
        Ok(((), at.report(), CurvaturePoint::gradient(&at).map_err(failed)?))
    }

    fn curved<'a, 'b: 'a>(
        &'a self,
        params: &'a DeviceVector<D>,
        batch: &DeviceBatch<'b, D>,
    ) -> Result<((), CurvaturePoint<'a, D>), CurvatureError> {
        self.curved_at(params, batch).map(|at| ((), at)).map_err(failed)
    }
}

impl<'a, D: Device> BatchCurvature<'a, f32> for CurvaturePoint<'a, D> {
    fn report(&self) -> StepReport {
        CurvaturePoint::report(self)
    }

    fn gradient(&self) -> Result<Vec<f32>, CurvatureError> {
        CurvaturePoint::gradient(self).map_err(failed)
    }

    fn mean_loss_at(&self, params: &[f32]) -> Result<f64, CurvatureError> {
        CurvaturePoint::mean_loss_at(self, params).map_err(failed)
    }

    fn gauss_newton(&self, variant: GgnVariant) -> Result<Box<dyn SymmetricOperator<f32> + '_>, CurvatureError> {
        Ok(Box::new(DeviceGaussNewton::new(self, variant).map_err(failed)?))
    }

    fn outputs(&self) -> Result<Outputs<'_, f32>, CurvatureError> {
        let (logits, labels) = (self.logits().map_err(failed)?, self.labels().map_err(failed)?);
        Ok(Outputs { logits, labels: Cow::Owned(labels), loss: self.loss() })
    }

    fn layer_statistics<'s>(
        &'s self,
        w: ArrayView2<'s, f32>,
    ) -> Result<Box<dyn LayerStatistics<f32> + 's>, CurvatureError> {
        Ok(Box::new(DeviceStatistics::new(self, w)))
    }

    fn on_host(&self) -> Option<&HostCurvature<'a, f32>> {
        None
    }
}
