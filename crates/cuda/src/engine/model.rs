//! A network with its parameters on a device, for attacks and metrics.

use super::cuda_engine::device_error;
use super::network::{Along, Values};
use super::pool::Loan;
use super::same_network::check_same_network;
use super::{CudaEngine, DeviceVector};
use crate::device::Device;
use crate::ops::{DataSet, Pixels};
use crate::{Columns, CudaError};
use minima_autodiff::{AutodiffError, Classifier, CotangentOf, Differentiable, Graph, Model};
use ndarray::{Array2, ArrayView2, Axis};

/// The most images evaluated at once, and the most numbers of their values, 1 GiB. They bound the device memory in use.
const IMAGES_AT_ONCE: usize = 2_000;
const NUMBERS_AT_ONCE: usize = 1 << 28;

/// A trained network on a device. Images, logits and gradients are arrays on the host.
pub struct DeviceModel<'e, D: Device> {
    engine: &'e CudaEngine<D>,
    host: Model<f32>,
    params: DeviceVector<D>,
}

/// A chunk of images after its forward pass.
struct Passed<D: Device> {
    images: usize,
    input: Loan<D, f32>,
    arena: Loan<D, f32>,
    /// `(images, classes)`.
    logits: Array2<f32>,
}

impl<D: Device> Passed<D> {
    fn values(&self) -> Values<'_, D> {
        Values { images: self.images, input: self.input.all(), arena: self.arena.all() }
    }
}

impl<D: Device> CudaEngine<D> {
    /// A model on this device.
    ///
    /// # Errors
    /// Returns [`CudaError::OtherNetwork`] if the model's network has other layers or shapes than the engine's network, and
    /// the device's error if it fails.
    pub fn model(&self, host: Model<f32>) -> Result<DeviceModel<'_, D>, CudaError> {
        check_same_network(host.graph(), &self.graph)?;
        let params = self.vector(host.params())?;
        Ok(DeviceModel { engine: self, host, params })
    }
}

impl<D: Device> DeviceModel<'_, D> {
    fn forward(&self, params: &DeviceVector<D>, images: ArrayView2<'_, f32>) -> Result<Passed<D>, CudaError> {
        let engine = self.engine;
        let (count, features) = images.dim();
        if features != engine.network.inputs {
            let expected = engine.network.inputs;
            return Err(CudaError::Length { what: "numbers of an image", found: features, expected });
        }
        let rows = images.as_standard_layout();
        let mut pixels = engine.take(count * features)?;
        pixels.upload(&engine.device, rows.as_slice().unwrap_or_default())?;
        let (mut order, mut position) = (engine.take(count)?, engine.take(1)?);
        order.upload(&engine.device, &(0..count).map(|image| image as u32).collect::<Vec<_>>())?;
        position.upload(&engine.device, &[0])?;
        let (input, labels) = (engine.take(count * features)?, engine.take(count)?);
        // The order also serves as labels, which nothing reads.
        let set = DataSet { pixels: Pixels::Floats(pixels.all()), labels: order.all(), features };
        set.gather(&engine.device, order.all(), position.all(), input.all(), labels.all())?;
        let arena = engine.take(engine.network.values(count))?;
        let values = Values { images: count, input: input.all(), arena: arena.all() };
        engine.network.forward(engine.space(&engine.pool()), params.all(), values)?;
        let logits = self.engine.host_rows(engine.network.logits(values)?, engine.graph.classes(), count)?;
        Ok(Passed { images: count, input, arena, logits })
    }

    pub(super) fn engine(&self) -> &CudaEngine<D> {
        self.engine
    }

    pub(super) fn device_params(&self) -> &DeviceVector<D> {
        &self.params
    }

    /// The images and all values of a forward pass.
    pub(super) fn evaluated(&self, images: ArrayView2<'_, f32>) -> Result<[Loan<D, f32>; 2], CudaError> {
        let Passed { input, arena, .. } = self.forward(&self.params, images)?;
        Ok([input, arena])
    }

    /// Writes cotangents `(images, classes)` to the output's range of a new arena.
    fn cotangents(&self, of: &Array2<f32>) -> Result<Loan<D, f32>, CudaError> {
        let engine = self.engine;
        let images = of.nrows();
        let by_class: Vec<f32> = of.t().iter().copied().collect();
        let mut from: Loan<D, f32> = engine.take(by_class.len())?;
        from.upload(&engine.device, &by_class)?;
        let arena = engine.take(engine.network.arena(images))?;
        let to = engine.network.value(arena.all(), engine.network.output, images)?;
        crate::linalg::copy(&engine.device, from.all(), to)?;
        Ok(arena)
    }

    fn images_at_once(&self) -> usize {
        (NUMBERS_AT_ONCE / self.engine.network.values(1).max(1)).clamp(1, IMAGES_AT_ONCE)
    }

    /// The caller's cotangents, given the logits of images from `first` on.
    fn asked(&self, first: usize, logits: &Array2<f32>, cotangent: &CotangentOf<'_, f32>) -> Array2<f32> {
        let mut asked = Array2::zeros(logits.raw_dim());
        for (i, (mut row, logits)) in asked.outer_iter_mut().zip(logits.outer_iter()).enumerate() {
            if let (Some(row), Some(logits)) = (row.as_slice_mut(), logits.as_slice()) {
                cotangent(first + i, logits, row);
            }
        }
        asked
    }

    fn logits_with(&self, params: &DeviceVector<D>, images: ArrayView2<'_, f32>) -> Result<Array2<f32>, CudaError> {
        let mut logits = Array2::zeros((images.nrows(), self.engine.graph.classes()));
        let at_once = self.images_at_once();
        let chunks = images.axis_chunks_iter(Axis(0), at_once);
        for (chunk, mut to) in chunks.zip(logits.axis_chunks_iter_mut(Axis(0), at_once)) {
            to.assign(&self.forward(params, chunk)?.logits);
        }
        Ok(logits)
    }

    fn input_vjp(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>), CudaError> {
        let engine = self.engine;
        let mut logits = Array2::zeros((images.nrows(), engine.graph.classes()));
        let mut gradients = Array2::zeros(images.raw_dim());
        let at_once = self.images_at_once();
        for first in (0..images.nrows()).step_by(at_once) {
            let range = first..images.nrows().min(first + at_once);
            let count = range.len();
            let passed = self.forward(&self.params, images.slice_axis(Axis(0), range.clone().into()))?;
            let arena = self.cotangents(&self.asked(first, &passed.logits, cotangent))?;
            let input: Loan<D, f32> = engine.take(count * engine.network.inputs)?;
            let (params, columns) = (self.params.all(), Columns::of_images(count));
            let (values, to) = (passed.values(), Some(input.all()));
            let pool = engine.pool();
            let space = engine.space(&pool);
            engine.network.reverse(space, params, values, columns, arena.all(), to, &mut |_, _, _| Ok(()))?;
            let rows = self.engine.host_rows(input.all(), engine.network.inputs, count)?;
            gradients.slice_axis_mut(Axis(0), range.clone().into()).assign(&rows);
            logits.slice_axis_mut(Axis(0), range.into()).assign(&passed.logits);
        }
        Ok((logits, gradients))
    }

    /// `J v`: the tangents `(images, classes)` of the logits, for a tangent of the parameters and tangents
    /// `(images, features)` of the images.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a tangent does not have the size of the parameters or of the images, and a
    /// [`CudaError`] if the device fails.
    pub fn jvp(
        &self,
        images: ArrayView2<'_, f32>,
        params_tangent: &[f32],
        input_tangents: ArrayView2<'_, f32>,
    ) -> Result<Array2<f32>, CudaError> {
        let engine = self.engine;
        if input_tangents.dim() != images.dim() {
            let (found, expected) = (input_tangents.len(), images.len());
            return Err(CudaError::Length { what: "tangents of the images", found, expected });
        }
        let passed = self.forward(&self.params, images)?;
        let dparams = engine.vector(params_tangent)?;
        let by_feature: Vec<f32> = input_tangents.t().iter().copied().collect();
        let mut input = engine.take(by_feature.len())?;
        input.upload(&engine.device, &by_feature)?;
        let arena = engine.take(engine.network.arena(passed.images))?;
        let along = Along { params: Some(dparams.all()), input: Some(input.all()), arena: arena.all() };
        engine.network.tangent(engine.space(&engine.pool()), self.params.all(), passed.values(), &along)?;
        let of_logits = engine.network.value(arena.all(), engine.network.output, passed.images)?;
        self.engine.host_rows(of_logits, engine.graph.classes(), passed.images)
    }

    fn params_vjp(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Vec<f32>), CudaError> {
        let passed = self.forward(&self.params, images)?;
        let arena = self.cotangents(&self.asked(0, &passed.logits, cotangent))?;
        let gradient = self.engine.vjp_of(&self.params, passed.values(), arena.all())?;
        let gradient = self.engine.read(&gradient)?;
        Ok((passed.logits, gradient))
    }
}

impl<D: Device> Classifier<f32> for DeviceModel<'_, D> {
    fn features(&self) -> usize {
        self.engine.graph.features()
    }

    fn picture(&self) -> Option<[usize; 3]> {
        self.engine.graph.input_shape().try_into().ok()
    }

    fn classes(&self) -> usize {
        self.engine.graph.classes()
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>, AutodiffError> {
        self.logits_with(&self.params, images).map_err(device_error)
    }

    fn logits_and_input_vjp(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>), AutodiffError> {
        self.input_vjp(images, cotangent).map_err(device_error)
    }
}

impl<D: Device> Differentiable<f32> for DeviceModel<'_, D> {
    fn graph(&self) -> &Graph {
        self.host.graph()
    }

    fn params(&self) -> &[f32] {
        self.host.params()
    }

    fn logits_at(&self, params: &[f32], images: ArrayView2<'_, f32>) -> Result<Array2<f32>, AutodiffError> {
        let logits = || self.logits_with(&self.engine.vector(params)?, images);
        logits().map_err(device_error)
    }

    fn logits_and_vjp(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Vec<f32>), AutodiffError> {
        self.params_vjp(images, cotangent).map_err(device_error)
    }
}
