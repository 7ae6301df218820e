//! How long things take: medians with their spread, warm, on this machine.

use crate::error::ExperimentError;
use crate::manifest::Host;
use minima_attacks::{Attack, Epsilon, Fgsm};
use minima_autodiff::softmax_cross_entropy::mean_gradient;
use minima_autodiff::{Graph, Model, paper_cnn};
use minima_data::{EpochOrder, Mnist, epoch_batches};
use minima_linalg::Cholesky;
use minima_optim::{Adam, Batch, GaussNewton, Generation, OptimError, Optimizer, Sgd};
use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The paper's batch.
const BATCH: usize = 128;
/// A measurement is repeated for this long, but at least [`LEAST`] times.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The fewest repetitions of a measurement.
const LEAST: usize = 5;

/// How long one thing takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// What it is.
    pub name: String,
    /// The median, in milliseconds.
    pub median_ms: f64,
    /// The 10 % quantile, in milliseconds.
    pub p10_ms: f64,
    /// The 90 % quantile, in milliseconds.
    pub p90_ms: f64,
    /// Multiplications and additions that the arithmetic needs, a second, in units of 10⁹; 0 where they were not counted.
    pub gflops: f64,
}

/// All that was timed.
#[derive(Clone, Debug, Serialize)]
pub struct Timings {
    /// The machine.
    pub host: Host,
    /// Threads that computed.
    pub threads: usize,
    /// A row for each thing.
    pub results: Vec<Timing>,
}

/// Takes the times of whatever has a name that contains `filter`.
struct Stopwatch<'a> {
    filter: &'a str,
    results: Vec<Timing>,
}

impl Stopwatch<'_> {
    /// Times `work`, which takes `operations` multiplications and additions.
    fn time<R>(
        &mut self,
        name: &str,
        operations: f64,
        mut work: impl FnMut() -> Result<R, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        if !name.contains(self.filter) {
            return Ok(());
        }
        work()?;
        let (start, mut taken) = (Instant::now(), Vec::new());
        while taken.len() < LEAST || start.elapsed() < PATIENCE {
            let begun = Instant::now();
            std::hint::black_box(work()?);
            taken.push(1e3 * begun.elapsed().as_secs_f64());
        }
        taken.sort_by(f64::total_cmp);
        let at = |fraction| minima_metrics::quantile(&taken, fraction).unwrap_or(f64::NAN);
        let median_ms = at(0.5);
        let gflops = operations / median_ms / 1e6;
        self.results.push(Timing { name: name.to_owned(), median_ms, p10_ms: at(0.1), p90_ms: at(0.9), gflops });
        Ok(())
    }
}

/// Times the network, the optimizers and the attack on the paper's network and data, with the threads there are.
///
/// # Errors
/// When the data has fewer images than a batch, or something that is timed fails.
pub fn bench(data: &Mnist, filter: &str) -> Result<Timings, ExperimentError> {
    let graph = Arc::new(paper_cnn(data.train.shape(), data.train.classes())?);
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    let (images, labels) = data.train.batch::<f32>(&order[..BATCH.min(order.len())])?;
    let params: Vec<f32> = graph.init(42);
    let mut watch = Stopwatch { filter, results: Vec::new() };
    passes(&mut watch, &graph, &params, images.view(), &labels)?;
    gauss_newton_parts(&mut watch, &graph, &params, images.view(), &labels)?;
    let batch = Batch::new(images.view(), &labels)?;
    steps(&mut watch, &graph, &params, &batch)?;
    fgsm(&mut watch, &graph, &params, data)?;
    epochs(&mut watch, &graph, &params, data)?;
    Ok(Timings { host: Host::here(), threads: rayon::current_num_threads(), results: watch.results })
}

/// Operations of a whole batch's passes.
struct Operations {
    forward: f64,
    gradient: f64,
    input_gradient: f64,
    kernel: f64,
    /// Of the system with an equation for each image and class.
    factor: f64,
}

impl Operations {
    fn of(graph: &Graph, images: usize) -> Self {
        let (images, classes) = (images as f64, graph.classes() as f64);
        let per_image = graph.operations();
        let rows = images * classes;
        Self {
            forward: images * per_image.forward,
            gradient: images * (per_image.forward + per_image.parameters + per_image.upstream),
            input_gradient: images * (per_image.forward + per_image.input),
            kernel: rows * (per_image.gradients + per_image.upstream) + rows * rows * per_image.kernel_rank,
            factor: rows * rows * rows / 3.0,
        }
    }
}

fn passes(
    watch: &mut Stopwatch<'_>,
    graph: &Graph,
    params: &[f32],
    images: ArrayView2<'_, f32>,
    labels: &[usize],
) -> Result<(), ExperimentError> {
    let needed = Operations::of(graph, labels.len());
    let cotangent = |i: usize, logits: &[f32], out: &mut [f32]| {
        minima_autodiff::softmax_cross_entropy::gradient_into(logits, labels[i], 1.0 / labels.len() as f32, out);
    };
    watch.time("forward", needed.forward, || Ok(graph.logits(params, images)?))?;
    watch.time("gradient", needed.gradient, || Ok(graph.logits_and_vjp(params, images, &cotangent)?))?;
    watch.time("input_gradient", needed.input_gradient, || Ok(graph.logits_and_input_vjp(params, images, &cotangent)?))
}

/// The parts of a Gauss-Newton step, each by itself.
fn gauss_newton_parts(
    watch: &mut Stopwatch<'_>,
    graph: &Graph,
    params: &[f32],
    images: ArrayView2<'_, f32>,
    labels: &[usize],
) -> Result<(), ExperimentError> {
    let needed = Operations::of(graph, labels.len());
    watch.time("gauss_newton_linearize", needed.forward, || Ok(graph.linearize(params, images)?))?;
    let at = graph.linearize(params, images)?;
    watch.time("gauss_newton_kernel", needed.kernel, || Ok(at.kernel()?))?;
    let mut system = at.kernel()?;
    system.diag_mut().mapv_inplace(|d| d + 1.0);
    let failed = |source| OptimError::Solve { order: labels.len() * graph.classes(), damping: 1.0, source };
    let mut factor = |name: &str, system: &Array2<f32>| {
        watch.time(name, needed.factor, || Ok(Cholesky::factor(system.clone()).map_err(failed)?))
    };
    factor("gauss_newton_factor_f32", &system)?;
    let double = system.mapv(f64::from);
    watch.time("gauss_newton_factor_f64", needed.factor, || Ok(Cholesky::factor(double.clone()).map_err(failed)?))?;
    let factored = Cholesky::factor(system).map_err(failed)?;
    let right = Array2::<f32>::ones((labels.len() * graph.classes(), 2));
    watch.time("gauss_newton_solve", 0.0, || Ok(factored.solve(right.view()).map_err(failed)?))?;
    let residual = mean_gradient(at.logits(), labels)?;
    let backward = needed.gradient - needed.forward;
    watch.time("gauss_newton_backward", backward, || Ok(at.vjp(residual.view())?))
}

/// The optimizers whose steps and epochs are timed.
fn optimizers() -> [(&'static str, Box<dyn Optimizer<f32>>); 4] {
    [
        ("sgd", Box::new(Sgd::new(0.01))),
        ("adam", Box::new(Adam::new(0.001))),
        ("gauss_newton_mean", Box::new(GaussNewton::mean())),
        ("gauss_newton_published", Box::new(GaussNewton::new(Generation::Published))),
    ]
}

fn steps(
    watch: &mut Stopwatch<'_>,
    graph: &Graph,
    params: &[f32],
    batch: &Batch<'_, f32>,
) -> Result<(), ExperimentError> {
    let needed = Operations::of(graph, batch.len());
    for (name, mut optimizer) in optimizers() {
        let operations =
            if name.starts_with("gauss") { needed.gradient + needed.kernel + needed.factor } else { needed.gradient };
        // From the same point each time: a step's work must not depend on how often it was measured.
        watch.time(&format!("{name}_step"), operations, || {
            let mut params = params.to_vec();
            optimizer.step(graph, &mut params, batch)?;
            Ok(params)
        })?;
    }
    Ok(())
}

fn fgsm(watch: &mut Stopwatch<'_>, graph: &Arc<Graph>, params: &[f32], data: &Mnist) -> Result<(), ExperimentError> {
    let model = Model::new(Arc::clone(graph), params.to_vec())?;
    let (images, labels) = data.test.all::<f32>();
    let needed = Operations::of(graph, labels.len());
    let epsilon = Epsilon::new(0.1)?;
    watch.time("fgsm_test_set", needed.input_gradient + needed.forward, || {
        Ok(Fgsm::default().run(&model, images.view(), &labels, epsilon)?)
    })
}

/// An epoch of each optimizer, once: its steps are its repetitions.
fn epochs(watch: &mut Stopwatch<'_>, graph: &Graph, params: &[f32], data: &Mnist) -> Result<(), ExperimentError> {
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    for (name, mut optimizer) in optimizers() {
        let name = format!("{name}_epoch");
        if !name.contains(watch.filter) {
            continue;
        }
        let (mut params, start) = (params.to_vec(), Instant::now());
        for indices in epoch_batches(&order, BATCH)? {
            let (images, labels) = data.train.batch(indices)?;
            optimizer.step(graph, &mut params, &Batch::new(images.view(), &labels)?)?;
        }
        let taken = 1e3 * start.elapsed().as_secs_f64();
        watch.results.push(Timing { name, median_ms: taken, p10_ms: taken, p90_ms: taken, gflops: 0.0 });
    }
    Ok(())
}
