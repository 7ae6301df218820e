//! Products with curvature matrices of the mean loss on a device.

use super::network::{Along, AtParameters, Values};
use super::pool::{Loan, Pooled};
use super::second_order::Cotangents;
use super::{CudaEngine, DeviceBatch, DeviceModel, DeviceVector};
use crate::device::Device;
use crate::linalg::{clear, copy};
use crate::ops::Multiply;
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};
use minima_autodiff::{SoftmaxCrossEntropy, StepReport};
use ndarray::{Array2, ArrayView2};

/// A network linearized at a batch of images with labels, for any number of products with the curvature of their mean loss,
/// softmax cross-entropy. Vectors are on the host.
pub struct CurvaturePoint<'m, D: Device> {
    engine: &'m CudaEngine<D>,
    params: &'m DeviceVector<D>,
    images: usize,
    input: Held<'m, D, f32>,
    labels: Held<'m, D, u32>,
    arena: Loan<D, f32>,
    probabilities: Loan<D, f32>,
    /// The gradient of the mean loss with respect to the logits.
    residual: Loan<D, f32>,
    report: StepReport,
    loss: SoftmaxCrossEntropy,
}

/// Numbers of a point: its own, or a batch's.
enum Held<'m, D: Device, T: Pooled> {
    Own(Loan<D, T>),
    Lent(Slice<'m, D, T>),
}

impl<D: Device, T: Pooled> Held<'_, D, T> {
    fn all(&self) -> Slice<'_, D, T> {
        match self {
            Self::Own(loan) => loan.all(),
            Self::Lent(slice) => *slice,
        }
    }
}

/// A matrix between a network's jvp and its vjp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum OfLogits {
    /// The Hessian of each image's loss times this number.
    Hessian(f64),
    /// The probabilities, as a diagonal matrix.
    Probabilities,
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
        let labels = engine.uploaded(&named)?;
        CurvaturePoint::new(engine, self.device_params(), Held::Own(input), Held::Own(labels), arena)
    }
}

impl<D: Device> CudaEngine<D> {
    /// The point of a training step. Adds the batch to the tally of the epoch.
    pub(super) fn curved_at<'a, 'b: 'a>(
        &'a self,
        params: &'a DeviceVector<D>,
        batch: &DeviceBatch<'b, D>,
    ) -> Result<CurvaturePoint<'a, D>, CudaError> {
        let arena = self.forward(params, batch)?;
        let (input, labels) = (Held::Lent(batch.images), Held::Lent(batch.labels));
        let point = CurvaturePoint::new(self, params, input, labels, arena)?;
        self.tally_up(point.values(), batch.labels, point.residual.all())?;
        Ok(point)
    }
}

impl<'m, D: Device> CurvaturePoint<'m, D> {
    fn new(
        engine: &'m CudaEngine<D>,
        params: &'m DeviceVector<D>,
        input: Held<'m, D, f32>,
        labels: Held<'m, D, u32>,
        arena: Loan<D, f32>,
    ) -> Result<Self, CudaError> {
        let images = labels.all().len();
        let of = engine.loss(images);
        let (probabilities, residual) = (engine.take(images * of.classes)?, engine.take(images * of.classes)?);
        let values = Values { images, input: input.all(), arena: arena.all() };
        of.probabilities(&engine.device, engine.network.logits(values)?, probabilities.all())?;
        let report = engine.report_of(values, labels.all(), residual.all())?;
        let loss = SoftmaxCrossEntropy::default();
        Ok(Self { engine, params, images, input, labels, arena, probabilities, residual, report, loss })
    }

    pub(super) fn engine(&self) -> &'m CudaEngine<D> {
        self.engine
    }

    /// The number of images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.images
    }

    /// The loss.
    pub(super) fn loss(&self) -> &SoftmaxCrossEntropy {
        &self.loss
    }

    /// The mean loss and the number of correctly classified images.
    #[must_use]
    pub fn report(&self) -> StepReport {
        self.report
    }

    fn values(&self) -> Values<'_, D> {
        Values { images: self.images, input: self.input.all(), arena: self.arena.all() }
    }

    /// The number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.engine.network.params
    }

    /// The logits `(images, classes)`.
    ///
    /// # Errors
    /// Returns a [`CudaError`] if the device fails.
    pub fn logits(&self) -> Result<Array2<f32>, CudaError> {
        let logits = self.engine.network.logits(self.values())?;
        self.engine.host_rows(logits, self.engine.graph.classes(), self.images)
    }

    /// The labels. A number that names no class is a label that does not either.
    ///
    /// # Errors
    /// Returns a [`CudaError`] if the device fails.
    pub fn labels(&self) -> Result<Vec<usize>, CudaError> {
        let device = &self.engine.device;
        let numbers = match &self.labels {
            Held::Own(own) => own.download(device)?,
            Held::Lent(slice) => slice.download(device)?,
        };
        Ok(numbers.into_iter().map(|label| label as usize).collect())
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

    /// The mean loss at other parameters.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if there is not one number for each parameter, and a [`CudaError`] if the device fails.
    pub fn mean_loss_at(&self, params: &[f32]) -> Result<f64, CudaError> {
        let (engine, params) = (self.engine, self.uploaded_vector(params)?);
        let arena = engine.take(engine.network.values(self.images))?;
        let values = Values { images: self.images, input: self.input.all(), arena: arena.all() };
        engine.network.forward(engine.space(&engine.pool()), params.all(), values)?;
        let scratch = engine.take(self.residual.all().len())?;
        Ok(engine.report_of(values, self.labels.all(), scratch.all())?.loss)
    }

    /// `G v` with the Gauss-Newton matrix `G = Σᵢ Jᵢᵀ Hᵢ Jᵢ / images` (Schraudolph 2002, section 3.1).
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if `v` does not have one number for each parameter, and a [`CudaError`] if the device
    /// fails.
    pub fn gauss_newton_product(&self, v: &[f32]) -> Result<Vec<f32>, CudaError> {
        self.product(v, OfLogits::Hessian(self.share()))
    }

    /// `Jᵀ M J v` with a block-diagonal matrix M of the logits.
    pub(super) fn product(&self, v: &[f32], of_logits: OfLogits) -> Result<Vec<f32>, CudaError> {
        let (engine, direction) = (self.engine, self.uploaded_vector(v)?);
        let tangents = self.arena()?;
        let along = Along { params: Some(direction.all()), input: None, arena: tangents.all() };
        let pool = engine.pool();
        engine.network.tangent(engine.space(&pool), self.params.all(), self.values(), &along)?;
        let cotangents = self.arena()?;
        self.curve(of_logits, &tangents, &cotangents)?;
        engine.read(&engine.vjp_of(self.params, self.values(), cotangents.all())?)
    }

    /// `Jᵀ p`, summed over the images, with their probabilities p.
    pub(super) fn coupling(&self) -> Result<Vec<f32>, CudaError> {
        let cotangents = self.arena()?;
        copy(&self.engine.device, self.probabilities.all(), self.of_output(&cotangents)?)?;
        self.engine.read(&self.engine.vjp_of(self.params, self.values(), cotangents.all())?)
    }

    /// `H v` with the Hessian H of the mean loss, forward over reverse (Pearlmutter 1994). At a kink of a rectifier or a
    /// maximum, it is the derivative of the side on which the value lies.
    ///
    /// # Errors
    /// Returns the errors of [`gauss_newton_product`](Self::gauss_newton_product).
    pub fn hessian_product(&self, v: &[f32]) -> Result<Vec<f32>, CudaError> {
        let (engine, direction) = (self.engine, self.uploaded_vector(v)?);
        let tangents = self.arena()?;
        let along = Along { params: Some(direction.all()), input: None, arena: tangents.all() };
        let pool = engine.pool();
        let space = engine.space(&pool);
        let present = engine.network.tangent(space, self.params.all(), self.values(), &along)?;
        let (cotangents, moving) = (self.arena()?, self.arena()?);
        copy(&engine.device, self.residual.all(), self.of_output(&cotangents)?)?;
        self.curve(OfLogits::Hessian(self.share()), &tangents, &moving)?;
        let second: Loan<D, f32> = engine.take(engine.network.params)?;
        let both = Cotangents { values: cotangents.all(), along: moving.all() };
        let (params, values) = (self.params.all(), self.values());
        engine.network.vjp_along(space, params, values, (&along, &present), &both, second.all())?;
        second.download(&engine.device)
    }

    /// A reverse pass for cotangents `(images, classes)` of the logits. Calls `at_parameters` at each layer with parameters, the
    /// last layer first.
    pub(super) fn reverse(
        &self,
        w: ArrayView2<'_, f32>,
        at_parameters: &mut AtParameters<'_, D>,
    ) -> Result<(), CudaError> {
        let engine = self.engine;
        let expected = self.images * engine.graph.classes();
        if w.dim() != (self.images, engine.graph.classes()) {
            return Err(CudaError::Length { what: "cotangents of the logits", found: w.len(), expected });
        }
        let by_class = engine.uploaded(&w.t().iter().copied().collect::<Vec<f32>>())?;
        let (cotangents, pool) = (self.arena()?, engine.pool());
        copy(&engine.device, by_class.all(), self.of_output(&cotangents)?)?;
        let (space, columns) = (engine.space(&pool), Columns::of_images(self.images));
        let (params, all) = (self.params.all(), cotangents.all());
        engine.network.reverse(space, params, self.values(), columns, all, None, at_parameters)
    }

    /// Writes a matrix of the logits times the logits' tangents, as cotangents of the logits.
    fn curve(&self, of_logits: OfLogits, tangents: &Loan<D, f32>, cotangents: &Loan<D, f32>) -> Result<(), CudaError> {
        let (device, loss) = (&self.engine.device, self.engine.loss(self.images));
        let (from, to) = (self.of_output(tangents)?, self.of_output(cotangents)?);
        match of_logits {
            OfLogits::Hessian(scale) => loss.hessian_product(device, self.probabilities.all(), from, to, scale),
            OfLogits::Probabilities => {
                let (product, columns) = (Multiply { features: loss.classes }, Columns::of_images(self.images));
                product.by_value(device, columns, self.probabilities.all(), from, to, Write::Store)
            }
        }
    }

    /// One over the number of images.
    fn share(&self) -> f64 {
        1.0 / self.images.max(1) as f64
    }

    /// A copy of a vector on the device.
    fn uploaded_vector(&self, v: &[f32]) -> Result<Loan<D, f32>, CudaError> {
        let expected = self.parameter_count();
        if v.len() != expected {
            return Err(CudaError::Length { what: "parameters", found: v.len(), expected });
        }
        self.engine.uploaded(v)
    }

    /// An arena of tangents or cotangents.
    fn arena(&self) -> Result<Loan<D, f32>, CudaError> {
        self.engine.take(self.engine.network.arena(self.images))
    }

    fn of_output<'v>(&self, arena: &'v Loan<D, f32>) -> Result<Slice<'v, D, f32>, CudaError> {
        self.engine.network.value(arena.all(), self.engine.network.output, self.images)
    }
}

impl<D: Device> CudaEngine<D> {
    /// The mean loss and the number of correct images. Writes the residual of the mean loss.
    fn report_of(
        &self,
        values: Values<'_, D>,
        labels: Slice<'_, D, u32>,
        residual: Slice<'_, D, f32>,
    ) -> Result<StepReport, CudaError> {
        let (images, logits) = (values.images.max(1), self.network.logits(values)?);
        let total: Loan<D, f64> = self.take(2)?;
        clear(&self.device, total.all())?;
        let share = 1.0 / images as f64;
        self.loss(values.images).training(&self.device, logits, labels, residual, share, total.all())?;
        let total = total.download(&self.device)?;
        let [loss, correct] = total.as_slice() else {
            return Err(CudaError::Length { what: "the total of a batch", found: total.len(), expected: 2 });
        };
        Ok(StepReport { loss: loss / images as f64, correct: *correct as usize })
    }
}
