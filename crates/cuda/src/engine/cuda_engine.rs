//! One network on one device.

use super::network::{Network, Values};
use super::pool::{Loan, Pool, Pooled};
use super::space::Space;
use crate::device::{Device, Element};
use crate::linalg::{axpy, copy};
use crate::ops::SoftmaxCrossEntropy;
use crate::optim::{Adam, AdamState, Sgd};
use crate::slice::Slice;
use crate::{CudaError, Real};
use minima_autodiff::engine::{DeviceRule, RuleMemory, UpdateRule};
use minima_autodiff::{AutodiffError, Engine, Graph};
use ndarray::{Array2, ArrayView2};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One network on one device, in single precision.
pub struct CudaEngine<D: Device> {
    pub(super) device: D,
    pub(super) graph: Arc<Graph>,
    pub(super) network: Network<D>,
    /// The pool of the steps' buffers.
    pub(super) pool: Mutex<Arc<Pool<D>>>,
    /// The sum of the losses and the number of correct images, over the batches since they were last read.
    pub(super) tally: D::Buffer<f64>,
}

/// One number for each parameter, on a device.
pub struct DeviceVector<D: Device>(pub(super) Loan<D, f32>);

impl<D: Device> DeviceVector<D> {
    pub(super) fn all(&self) -> Slice<'_, D, f32> {
        self.0.all()
    }
}

/// The state of an update rule on a device.
pub struct DeviceState<D: Device> {
    pub(super) memory: Vec<D::Buffer<f32>>,
    pub(super) steps: Option<D::Buffer<u32>>,
}

impl<D: Device> Default for DeviceState<D> {
    fn default() -> Self {
        Self { memory: Vec::new(), steps: None }
    }
}

impl<D: Device> fmt::Debug for DeviceState<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceState of {} vectors", self.memory.len())
    }
}

/// The images and labels of a step, on a device.
pub struct DeviceBatch<'b, D: Device> {
    pub(super) images: Slice<'b, D, f32>,
    pub(super) labels: Slice<'b, D, u32>,
}

impl<D: Device> CudaEngine<D> {
    /// An engine for a network on a device.
    ///
    /// # Errors
    /// Returns [`CudaError::Unsupported`] if operations have no kernels, [`CudaError::Shape`] if the kernels do not
    /// support the sizes of a layer, and a [`CudaError`] if the device has too little memory.
    pub fn new(device: D, graph: Arc<Graph>) -> Result<Self, CudaError> {
        let network = Network::new(&device, &graph)?;
        let tally = device.zeros(2)?;
        Ok(Self { device, graph, network, pool: Mutex::default(), tally })
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The network.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Copies parameters to the device.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if there is not one number for each parameter, and a [`CudaError`] if the device
    /// fails.
    pub fn vector(&self, params: &[f32]) -> Result<DeviceVector<D>, CudaError> {
        if params.len() != self.network.params {
            let expected = self.network.params;
            return Err(CudaError::Length { what: "parameters", found: params.len(), expected });
        }
        // It has its own pool, because it outlives the pool of a recorded step.
        let mut vector = Loan::take(&self.device, &Arc::default(), params.len())?;
        vector.upload(&self.device, params)?;
        Ok(DeviceVector(vector))
    }

    /// A vector's numbers, after all earlier work.
    ///
    /// # Errors
    /// Returns a [`CudaError`] if the device fails, or has failed before.
    pub fn read(&self, vector: &DeviceVector<D>) -> Result<Vec<f32>, CudaError> {
        vector.0.download(&self.device)
    }

    pub(super) fn pool(&self) -> Arc<Pool<D>> {
        Arc::clone(&self.pool.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where passes run, with buffers of this pool.
    pub(super) fn space<'s>(&'s self, pool: &'s Arc<Pool<D>>) -> Space<'s, D> {
        Space { device: &self.device, pool }
    }

    pub(super) fn take<T: Pooled>(&self, len: usize) -> Result<Loan<D, T>, CudaError> {
        Loan::take(&self.device, &self.pool(), len)
    }

    /// A copy of numbers on the device.
    pub(super) fn uploaded<T: Pooled>(&self, numbers: &[T]) -> Result<Loan<D, T>, CudaError> {
        let mut loan = self.take(numbers.len())?;
        loan.upload(&self.device, numbers)?;
        Ok(loan)
    }

    /// `[feature][column]` on the device as `(column, feature)` on the host.
    pub(super) fn host_rows(
        &self,
        slice: Slice<'_, D, f32>,
        features: usize,
        columns: usize,
    ) -> Result<Array2<f32>, CudaError> {
        let own: Loan<D, f32> = self.take(slice.len())?;
        copy(&self.device, slice, own.all())?;
        let numbers = own.download(&self.device)?;
        let by_feature = ArrayView2::from_shape((features, columns), &numbers);
        Ok(by_feature.map_or_else(|_| Array2::zeros((columns, features)), |a| a.t().as_standard_layout().into_owned()))
    }

    pub(super) fn loss(&self, images: usize) -> SoftmaxCrossEntropy {
        SoftmaxCrossEntropy { images, classes: self.graph.classes() }
    }

    /// The forward pass on a batch.
    pub(super) fn forward(
        &self,
        params: &DeviceVector<D>,
        batch: &DeviceBatch<'_, D>,
    ) -> Result<Loan<D, f32>, CudaError> {
        let images = batch.labels.len();
        batch.images.check("images of a batch", self.network.inputs * images)?;
        let arena = self.take(self.network.values(images))?;
        let values = Values { images, input: batch.images, arena: arena.all() };
        self.network.forward(self.space(&self.pool()), params.all(), values)?;
        Ok(arena)
    }

    pub(super) fn gradient_of(
        &self,
        params: &DeviceVector<D>,
        batch: &DeviceBatch<'_, D>,
    ) -> Result<DeviceVector<D>, CudaError> {
        let images = batch.labels.len();
        let arena = self.forward(params, batch)?;
        let values = Values { images, input: batch.images, arena: arena.all() };
        let cotangents = self.take(self.network.arena(images))?;
        let residual = self.network.value(cotangents.all(), self.network.output, images)?;
        self.tally_up(values, batch.labels, residual)?;
        self.vjp_of(params, values, cotangents.all())
    }

    /// Adds a batch's losses and correct images to the tally, and writes the residual of the batch's mean loss.
    pub(super) fn tally_up(
        &self,
        values: Values<'_, D>,
        labels: Slice<'_, D, u32>,
        residual: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (logits, share) = (self.network.logits(values)?, 1.0 / values.images as f64);
        self.loss(values.images).training(&self.device, logits, labels, residual, share, Slice::all(&self.tally))
    }

    /// `Jᵀ w`, with w in the output's range of `cotangents`.
    pub(super) fn vjp_of(
        &self,
        params: &DeviceVector<D>,
        values: Values<'_, D>,
        cotangents: Slice<'_, D, f32>,
    ) -> Result<DeviceVector<D>, CudaError> {
        let gradient = self.take(self.network.params)?;
        self.network.vjp(self.space(&self.pool()), params.all(), values, cotangents, gradient.all())?;
        Ok(DeviceVector(gradient))
    }

    pub(super) fn update_by(
        &self,
        rule: &DeviceRule,
        memory: usize,
        params: &DeviceVector<D>,
        gradient: &DeviceVector<D>,
        state: &mut DeviceState<D>,
    ) -> Result<(), CudaError> {
        while state.memory.len() < memory {
            state.memory.push(self.device.zeros(self.network.params)?);
        }
        let steps = match state.steps.take() {
            Some(steps) => steps,
            None => self.device.zeros(1)?,
        };
        let steps = state.steps.insert(steps);
        let runs = self.graph.decay_runs();
        let remembered = |number: usize| state.memory.get(number).map_or(gradient.all(), Slice::all);
        match *rule {
            DeviceRule::Sgd { learning_rate, momentum, nesterov, weight_decay } => {
                let sgd = Sgd { learning_rate, momentum, nesterov, weight_decay };
                sgd.update(&self.device, params.all(), gradient.all(), remembered(0), &runs)
            }
            DeviceRule::Adam { learning_rate, betas: [beta1, beta2], epsilon, weight_decay } => {
                let adam = Adam { learning_rate, beta1, beta2, epsilon, weight_decay };
                let state = AdamState { first: remembered(0), second: remembered(1), steps: Slice::all(steps) };
                adam.update(&self.device, params.all(), gradient.all(), &state, &runs)
            }
        }
    }
}

impl<D: Device> CudaEngine<D> {
    pub(super) fn memory_of(&self, state: &DeviceState<D>) -> Result<RuleMemory, CudaError> {
        let mut memory = RuleMemory::default();
        for buffer in &state.memory {
            let mut vector = vec![0.0; self.network.params];
            self.device.download(buffer, &mut vector)?;
            memory.vectors.push(vector.into_iter().map(f64::from).collect());
        }
        if let Some(buffer) = &state.steps {
            let mut steps = [0];
            self.device.download(buffer, &mut steps)?;
            [memory.steps] = steps;
        }
        Ok(memory)
    }

    pub(super) fn state_of(&self, memory: &RuleMemory) -> Result<DeviceState<D>, CudaError> {
        let mut state = DeviceState::default();
        for vector in &memory.vectors {
            let (found, expected) = (vector.len(), self.network.params);
            if found != expected {
                return Err(CudaError::Length { what: "an optimizer's vector", found, expected });
            }
            let numbers: Vec<f32> = vector.iter().map(|&x| x as f32).collect();
            let mut buffer = self.device.zeros(expected)?;
            self.device.upload(&numbers, &mut buffer)?;
            state.memory.push(buffer);
        }
        let mut steps = self.device.zeros(1)?;
        self.device.upload(&[memory.steps], &mut steps)?;
        state.steps = Some(steps);
        Ok(state)
    }
}

/// Converts a device's error into a network's error.
pub(super) fn device_error(error: CudaError) -> AutodiffError {
    error.into()
}

impl<D: Device> Engine<f32> for CudaEngine<D> {
    type Vector = DeviceVector<D>;
    type State = DeviceState<D>;
    type Batch<'b> = DeviceBatch<'b, D>;
    type Report = ();

    fn gradient(
        &self,
        params: &DeviceVector<D>,
        batch: &DeviceBatch<'_, D>,
    ) -> Result<((), DeviceVector<D>), AutodiffError> {
        self.gradient_of(params, batch).map(|gradient| ((), gradient)).map_err(device_error)
    }

    fn update(
        &self,
        rule: &dyn UpdateRule<f32>,
        params: &mut DeviceVector<D>,
        gradient: &DeviceVector<D>,
        state: &mut DeviceState<D>,
    ) -> Result<(), AutodiffError> {
        let Some(known) = rule.on_device() else {
            let operations = vec!["this update rule".to_owned()];
            return Err(device_error(CudaError::Unsupported { operations }));
        };
        self.update_by(&known, rule.memory(), params, gradient, state).map_err(device_error)
    }

    fn descend(
        &self,
        params: &mut DeviceVector<D>,
        rate: f64,
        direction: &DeviceVector<D>,
    ) -> Result<(), AutodiffError> {
        axpy(&self.device, -rate, direction.all(), params.all()).map_err(device_error)
    }

    fn rule_memory(&self, state: &DeviceState<D>) -> Result<RuleMemory, AutodiffError> {
        self.memory_of(state).map_err(device_error)
    }

    fn rule_state(&self, memory: &RuleMemory) -> Result<DeviceState<D>, AutodiffError> {
        self.state_of(memory).map_err(device_error)
    }
}

/// The precisions in which a device solves systems: `f32` and `f64`.
#[expect(private_bounds, reason = "sealed: there are kernels for these two types and no other")]
pub trait SolverReal: Real + Pooled + Element + minima_autodiff::Scalar {}

impl SolverReal for f32 {}
impl SolverReal for f64 {}
