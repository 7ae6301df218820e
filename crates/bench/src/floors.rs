//! What a step on a GPU costs at least: its launches, bytes and operations, counted without a GPU, and the time that they take on
//! known GPUs.

use minima_autodiff::{Graph, Layer, LayerOperation};
use minima_cuda::device::Plan;
use minima_cuda::engine::{DeviceBatch, DeviceVector, EpochSteps};
use minima_cuda::{CudaEngine, Device, PlannedDevice};
use minima_curvature::kfac::{Eigenbasis, PlacedBasis, WeightSharing};
use minima_curvature::{BatchCurvature, CurvatureEngine, CurvatureError};
use minima_optim::{Adam, GaussNewton, OptimError, Optimizer, Sgd};
use minima_runs::RunError;
use ndarray::ArcArray2;
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
/// Bytes per second between the GPU and the CPU: PCIe 5.0 with 16 lanes, in one direction.
pub const LINK: f64 = 64e9;

/// An optimizer's step on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceStep {
    /// A gradient and SGD's update.
    Sgd,
    /// A gradient and Adam's update.
    Adam,
    /// The exact Gauss-Newton step of the mean loss, with its system in double precision.
    GaussNewton,
    /// A step of K-FAC that observes its factors, as every tenth does by default. Inverses and their products are the CPU's.
    Kfac,
    /// A step of EKFAC that observes its factors and second moments. Eigenvectors and their products are the CPU's.
    Ekfac,
}

impl DeviceStep {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sgd, Self::Adam, Self::GaussNewton, Self::Kfac, Self::Ekfac];
    /// Those that only a GPU computes, whose time is their device's.
    pub const ON_DEVICE: [Self; 3] = [Self::Sgd, Self::Adam, Self::GaussNewton];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Adam => "adam",
            Self::GaussNewton => "gauss_newton",
            Self::Kfac => "kfac",
            Self::Ekfac => "ekfac",
        }
    }

    /// The optimizer, on any engine of a device; `None` if parts of its step are the CPU's.
    pub(crate) fn optimizer<D: Device>(self) -> Option<Box<dyn Optimizer<f32, CudaEngine<D>>>> {
        match self {
            Self::Sgd => Some(Box::new(Sgd::new(0.01))),
            Self::Adam => Some(Box::new(Adam::new(0.001))),
            Self::GaussNewton => Some(Box::new(GaussNewton::mean())),
            Self::Kfac | Self::Ekfac => None,
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
    /// Bytes that are copied to the GPU and back.
    pub copied: u64,
    /// Operations in single precision: of layers with parameters, of the Gram matrix, and of the statistics of K-FAC and EKFAC.
    pub single: f64,
    /// Operations in double precision: of the factorization of the system.
    pub double: f64,
    /// The peak of the device's memory in bytes, with the buffers of the data set's batch and without the data set.
    pub memory: u64,
}

impl StepFloor {
    /// Counts one step of a network on `batch` images, on a GPU with cuBLAS.
    ///
    /// # Errors
    /// Returns [`RunError`] if the step exceeds a limit of the kernels, such as the size of an index.
    pub fn of(graph: &Arc<Graph>, batch: usize, step: DeviceStep) -> Result<Self, RunError> {
        Self::on(PlannedDevice::new(), graph, batch, step)
    }

    /// Counts one step of a network on `batch` images, on this device.
    ///
    /// # Errors
    /// Returns the errors of [`of`](Self::of).
    pub fn on(device: PlannedDevice, graph: &Arc<Graph>, batch: usize, step: DeviceStep) -> Result<Self, RunError> {
        let engine = CudaEngine::new(device, Arc::clone(graph))?;
        let images = 2 * batch;
        let data = engine.load(&vec![0; images * graph.features()], &vec![0; images])?;
        let of_data = (images * (graph.features().next_multiple_of(4) + 8)) as u64;
        let mut epochs = engine.epochs(&data, batch)?;
        let order: Vec<u32> = (0..images).map(|image| image as u32).collect();
        let mut counted = Counted {
            params: engine.vector(&vec![0.0; graph.parameter_count()])?,
            optimizer: step.optimizer(),
            observes_moments: step == DeviceStep::Ekfac,
            engine: &engine,
            plan: Plan::default(),
        };
        epochs.run_steps(&order, &mut counted)?;
        let plan = counted.plan;
        let [single, double] = operations(graph, batch, step);
        let memory = plan.peak.saturating_sub(of_data);
        let (launches, bytes, copied) = (plan.launches(), plan.bytes(), plan.copied);
        Ok(Self { launches, bytes, copied, single, double, memory })
    }

    /// The seconds that the launches, the bytes, the operations and the copies take on a GPU, each by itself. A step takes no less
    /// than the largest.
    #[must_use]
    pub fn seconds(&self, on: &Accelerator) -> [f64; 4] {
        [
            self.launches as f64 * LAUNCH,
            self.bytes as f64 / on.bandwidth,
            self.single / on.single + self.double / on.double,
            self.copied as f64 / LINK,
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
    /// `None` for K-FAC and EKFAC, whose work on the CPU is left out.
    optimizer: Option<Box<dyn Optimizer<f32, CudaEngine<PlannedDevice>>>>,
    /// Whether a step of these observes second moments.
    observes_moments: bool,
    plan: Plan,
}

impl Counted<'_> {
    /// What a step of K-FAC or EKFAC asks of the engine.
    fn observe(&mut self, batch: &DeviceBatch<'_, PlannedDevice>) -> Result<(), CurvatureError> {
        let gradient = {
            let (_, at) = self.engine.curved(&self.params, batch)?;
            let gradient = BatchCurvature::gradient(&at)?;
            let logits = BatchCurvature::outputs(&at)?.logits;
            let statistics = at.layer_statistics(logits.view())?;
            let factors = statistics.factors(WeightSharing::Expand)?;
            if self.observes_moments {
                let bases = factors.layers.iter().map(|layer| Eigenbasis {
                    input: ArcArray2::eye(layer.input.nrows()),
                    output: ArcArray2::eye(layer.output.nrows()),
                });
                let bases: Vec<Eigenbasis<f32>> = bases.collect();
                let placed = factors.layers.iter().zip(&bases).map(|(layer, basis)| PlacedBasis {
                    params: &layer.params,
                    columns: &layer.columns,
                    basis,
                });
                statistics.second_moments(&placed.collect::<Vec<_>>())?;
            }
            gradient
        };
        self.engine.descend_along(&mut self.params, 0.1, &gradient)
    }
}

impl EpochSteps<PlannedDevice> for Counted<'_> {
    type Error = RunError;

    fn are_recorded(&self) -> bool {
        self.optimizer.as_ref().is_some_and(|optimizer| optimizer.repeats_its_calls())
    }

    fn step(&mut self, batch: &DeviceBatch<'_, PlannedDevice>) -> Result<(), RunError> {
        match &mut self.optimizer {
            Some(optimizer) => Ok(optimizer.step(self.engine, &mut self.params, batch)?),
            None => Ok(self.observe(batch).map_err(OptimError::from)?),
        }
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
    let order = images * graph.classes().saturating_sub(1) as f64;
    let sizes = graph.value_sizes();
    let layers: Vec<Sides> =
        graph.layers().iter().filter_map(|layer| Sides::of(layer, sizes.get(layer.output).copied()?)).collect();
    let factors: f64 = layers.iter().map(Sides::factors).sum();
    let moments: f64 = layers.iter().map(Sides::moments).sum();
    match step {
        DeviceStep::Sgd | DeviceStep::Adam => [gradient, 0.0],
        // Every direction has its own reverse pass. Half of the Gram matrix is computed.
        DeviceStep::GaussNewton => {
            let directions = order * (of.upstream + of.gradients) + order * order * of.kernel_rank;
            [gradient + directions, order.powi(3) / 3.0]
        }
        // The labels that are drawn have a reverse pass of their own.
        DeviceStep::Kfac => [gradient + images * (of.upstream + factors), 0.0],
        DeviceStep::Ekfac => [gradient + images * (of.upstream + factors + of.gradients + moments), 0.0],
    }
}

/// The matrices of a layer whose parameters are one for each group.
struct Sides {
    groups: f64,
    /// Rows of the parameters of a group, with the bias.
    rows: f64,
    /// Outputs of a group.
    outputs: f64,
    places: f64,
}

impl Sides {
    /// The matrices of a layer with so many numbers in its output; `None` if its parameters are none.
    fn of(layer: &Layer, numbers: usize) -> Option<Self> {
        let (groups, inputs, outputs, places) = match &layer.operation {
            LayerOperation::Conv2d { spec, input } => {
                let inputs = spec.kernel[0] * spec.kernel[1] * input[2] / spec.groups;
                (spec.groups, inputs, spec.features / spec.groups, numbers / spec.features)
            }
            LayerOperation::Dense { inputs, outputs } => (1, *inputs, *outputs, 1),
            LayerOperation::TokenwiseDense { places, inputs, outputs } => (1, *inputs, *outputs, *places),
            _ => return None,
        };
        let bias = usize::from(layer.params.len() > groups * inputs * outputs);
        let [groups, rows, outputs, places] = [groups, inputs + bias, outputs, places].map(|size| size as f64);
        Some(Self { groups, rows, outputs, places })
    }

    /// Operations of the second moments of both sides for an image, of which half are computed.
    fn factors(&self) -> f64 {
        self.groups * self.places * (self.rows * self.rows + self.outputs * self.outputs)
    }

    /// Operations of an image's gradient in a basis. The gradient of one place is an outer product, whose sides are rotated.
    fn moments(&self) -> f64 {
        let (rows, outputs) = (self.rows, self.outputs);
        match self.places {
            1.0 => self.groups * 2.0 * (rows * rows + outputs * outputs + rows * outputs),
            _ => self.groups * 2.0 * rows * outputs * (rows + outputs + 1.0),
        }
    }
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
        let most = newton.seconds(&H200).into_iter().fold(0.0, f64::max);
        assert!((newton.milliseconds(&H200) - 1e3 * most).abs() < 1e-9);
        // A recorded step copies nothing. K-FAC reads its factors and the gradient and writes the direction; EKFAC also reads as many
        // moments as there are weights, and writes its eigenvectors.
        let (kfac, ekfac) = (of(128, DeviceStep::Kfac), of(128, DeviceStep::Ekfac));
        assert_eq!((large.copied, newton.copied), (0, 0));
        let squares = |orders: [u64; 8]| orders.into_iter().map(|order| 4 * order * order).sum::<u64>();
        let factors = squares([10, 4, 37, 8, 393, 16, 17, 10]);
        let (params, small) = (4 * graph.parameter_count() as u64, 4 * 128 * 24);
        assert!((factors + 2 * params..factors + 2 * params + small).contains(&kfac.copied), "{kfac:?}");
        // Its moments have a reverse pass of their own, for the same cotangents of the logits.
        assert_eq!(ekfac.copied, kfac.copied + factors + params + 4 * 128 * 10, "{ekfac:?}");
        assert!(kfac.single > large.single && ekfac.single > kfac.single, "{kfac:?} {ekfac:?}");
    }
}
