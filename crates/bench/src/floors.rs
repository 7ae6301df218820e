//! What a step on a GPU costs at least: its launches, bytes and operations, counted without a GPU, and the time that they take on
//! known GPUs.

use minima_autodiff::Graph;
use minima_cuda::device::Plan;
use minima_cuda::engine::{DeviceBatch, DeviceVector, EpochSteps};
use minima_cuda::{CudaEngine, Device, PlannedDevice};
use minima_optim::{Adam, GaussNewton, Optimizer, Sgd};
use minima_runs::RunError;
use std::sync::Arc;

/// A GPU by its published figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accelerator {
    /// Its name.
    pub name: &'static str,
    /// Bytes per second between its memory and its cores.
    pub bandwidth: f64,
    /// Operations per second in single precision, without tensor cores. A multiply-add counts as two.
    pub single: f64,
    /// Operations per second in double precision, without tensor cores.
    pub double: f64,
}

/// NVIDIA H100 SXM (NVIDIA, "H100 Tensor Core GPU datasheet", 2023).
pub const H100: Accelerator = Accelerator { name: "H100", bandwidth: 3.35e12, single: 67e12, double: 34e12 };
/// NVIDIA H200 SXM (NVIDIA, "H200 Tensor Core GPU datasheet", 2024).
pub const H200: Accelerator = Accelerator { name: "H200", bandwidth: 4.8e12, single: 67e12, double: 34e12 };
/// Seconds from one launch of a recorded step to the next: an assumption, which a GPU has to confirm.
pub const LAUNCH: f64 = 1e-6;

/// An optimizer's step on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceStep {
    /// A gradient and SGD's update.
    Sgd,
    /// A gradient and Adam's update.
    Adam,
    /// The exact Gauss-Newton step of the mean loss, with its system in double precision.
    GaussNewton,
}

impl DeviceStep {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sgd, Self::Adam, Self::GaussNewton];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Adam => "adam",
            Self::GaussNewton => "gauss_newton",
        }
    }

    /// The optimizer, on any engine of a device.
    pub(crate) fn optimizer<D: Device>(self) -> Box<dyn Optimizer<f32, CudaEngine<D>>> {
        match self {
            Self::Sgd => Box::new(Sgd::new(0.01)),
            Self::Adam => Box::new(Adam::new(0.001)),
            Self::GaussNewton => Box::new(GaussNewton::mean()),
        }
    }
}

/// What one step costs at least.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepFloor {
    /// Launches of kernels, one after another.
    pub launches: u64,
    /// Bytes that the kernels are given. Kernels that read and write their arguments once move as many.
    pub bytes: u64,
    /// Operations in single precision: of layers with parameters, and of the Gram matrix.
    pub single: f64,
    /// Operations in double precision: of the factorization of the system.
    pub double: f64,
    /// The peak of the device's memory in bytes, with the buffers of the data set's batch and without the data set.
    pub memory: u64,
}

impl StepFloor {
    /// Counts one step of a network on `batch` images.
    ///
    /// # Errors
    /// Returns [`RunError`] if the step exceeds a limit of the kernels, such as the size of an index.
    pub fn of(graph: &Arc<Graph>, batch: usize, step: DeviceStep) -> Result<Self, RunError> {
        let engine = CudaEngine::new(PlannedDevice::new(), Arc::clone(graph))?;
        let images = 2 * batch;
        let data = engine.load(&vec![0; images * graph.features()], &vec![0; images])?;
        let of_data = (images * (graph.features().next_multiple_of(4) + 8)) as u64;
        let mut epochs = engine.epochs(&data, batch)?;
        let order: Vec<u32> = (0..images).map(|image| image as u32).collect();
        let mut counted = Counted {
            params: engine.vector(&vec![0.0; graph.parameter_count()])?,
            optimizer: step.optimizer(),
            engine: &engine,
            plan: Plan::default(),
        };
        epochs.run_steps(&order, &mut counted)?;
        let plan = counted.plan;
        let [single, double] = operations(graph, batch, step);
        let memory = plan.peak.saturating_sub(of_data);
        Ok(Self { launches: plan.launches(), bytes: plan.bytes(), single, double, memory })
    }

    /// The seconds that the launches, the bytes and the operations take on a GPU, each by itself. A step takes no less than the
    /// largest.
    #[must_use]
    pub fn seconds(&self, on: &Accelerator) -> [f64; 3] {
        [
            self.launches as f64 * LAUNCH,
            self.bytes as f64 / on.bandwidth,
            self.single / on.single + self.double / on.double,
        ]
    }

    /// The largest of [`seconds`](Self::seconds), in milliseconds.
    #[must_use]
    pub fn milliseconds(&self, on: &Accelerator) -> f64 {
        1e3 * self.seconds(on).into_iter().fold(0.0, f64::max)
    }
}

/// Two steps, of which the second one is counted: it is recorded and replayed, as all later ones are.
struct Counted<'e> {
    engine: &'e CudaEngine<PlannedDevice>,
    params: DeviceVector<PlannedDevice>,
    optimizer: Box<dyn Optimizer<f32, CudaEngine<PlannedDevice>>>,
    plan: Plan,
}

impl EpochSteps<PlannedDevice> for Counted<'_> {
    type Error = RunError;

    fn are_recorded(&self) -> bool {
        self.optimizer.repeats_its_calls()
    }

    fn step(&mut self, batch: &DeviceBatch<'_, PlannedDevice>) -> Result<(), RunError> {
        Ok(self.optimizer.step(self.engine, &mut self.params, batch)?)
    }

    fn after(&mut self, steps: usize) -> Result<(), RunError> {
        match steps {
            1 => self.engine.device().restart(),
            _ => self.plan = self.engine.device().plan(),
        }
        Ok(())
    }
}

/// Operations in single and in double precision.
fn operations(graph: &Graph, batch: usize, step: DeviceStep) -> [f64; 2] {
    let (of, images) = (graph.operations(), batch as f64);
    let gradient = images * (of.forward + of.parameters + of.upstream);
    if step != DeviceStep::GaussNewton {
        return [gradient, 0.0];
    }
    let order = images * graph.classes().saturating_sub(1) as f64;
    // Every direction has its own reverse pass. Half of the Gram matrix is computed.
    let directions = order * (of.upstream + of.gradients) + order * order * of.kernel_rank;
    [gradient + directions, order.powi(3) / 3.0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_autodiff::paper_cnn;

    #[test]
    fn a_step_is_counted() {
        let graph = Arc::new(paper_cnn([28, 28, 1], 10).unwrap_or_else(|error| panic!("{error}")));
        let of = |batch, step| StepFloor::of(&graph, batch, step).unwrap_or_else(|error| panic!("{error}"));
        let (small, large) = (of(64, DeviceStep::Adam), of(128, DeviceStep::Adam));
        // The same launches, and twice the operations. Parameters do not grow with the batch.
        assert_eq!(small.launches, large.launches);
        assert!((large.single / small.single - 2.0).abs() < 1e-9, "{small:?} {large:?}");
        assert!(large.bytes < 2 * small.bytes && large.memory < 2 * small.memory, "{small:?} {large:?}");
        // The images and the values of a batch, their cotangents, and parameters, gradient and two moments.
        let numbers: usize = graph.value_sizes().iter().sum();
        let least =
            4 * (128 * (graph.features() + 2 * (numbers - graph.features())) + 4 * graph.parameter_count()) as u64;
        assert!((least..least + least / 4).contains(&large.memory), "{large:?}, at least {least}");
        let newton = of(128, DeviceStep::GaussNewton);
        assert!(newton.launches > large.launches && newton.double > 1e8, "{newton:?}");
        let [launches, bytes, operations] = newton.seconds(&H200);
        assert!((newton.milliseconds(&H200) - 1e3 * launches.max(bytes).max(operations)).abs() < 1e-9);
    }
}
