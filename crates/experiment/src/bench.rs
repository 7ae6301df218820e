//! How long things take: medians with their spread, warm, on this machine.

use crate::attack_bench::time_attacks;
use crate::error::ExperimentError;
use crate::manifest::Host;
use crate::second_order_bench::{second_order, time_second_order};
use minima_attacks::{Attack, Ball, Fgsm};
use minima_autodiff::softmax_cross_entropy::{hessian_factors, mean_gradient, softmax};
use minima_autodiff::{FunctionSpace, Graph, Model, paper_cnn};
use minima_data::{EpochOrder, Mnist, epoch_batches};
use minima_linalg::Cholesky;
use minima_optim::{Adam, Batch, GaussNewton, Generation, OptimError, Optimizer, Sgd};
use ndarray::{Array2, ArrayView2};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The paper's batch.
pub(crate) const BATCH: usize = 128;
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

impl Timing {
    /// Of something that took these milliseconds, and whose operations were not counted.
    #[must_use]
    pub fn of(name: String, mut taken_ms: Vec<f64>) -> Self {
        taken_ms.sort_by(f64::total_cmp);
        let at = |fraction| minima_metrics::quantile(&taken_ms, fraction).unwrap_or(f64::NAN);
        Self { name, median_ms: at(0.5), p10_ms: at(0.1), p90_ms: at(0.9), gflops: 0.0 }
    }
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
pub(crate) struct Stopwatch<'a> {
    filter: &'a str,
    results: Vec<Timing>,
}

impl Stopwatch<'_> {
    /// Whether something of this name is to be timed.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(self.filter)
    }

    /// Takes down what was timed elsewhere, in milliseconds.
    pub(crate) fn record(&mut self, name: String, taken_ms: Vec<f64>) {
        self.results.push(Timing::of(name, taken_ms));
    }

    /// Times work that takes seconds, once.
    pub(crate) fn once<R>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<R, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        if !self.wants(name) {
            return Ok(());
        }
        let start = Instant::now();
        std::hint::black_box(work()?);
        self.record(name.to_owned(), vec![1e3 * start.elapsed().as_secs_f64()]);
        Ok(())
    }

    /// Times `work`, which takes `operations` multiplications and additions.
    fn time<R>(
        &mut self,
        name: &str,
        operations: f64,
        mut work: impl FnMut() -> Result<R, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        self.time_prepared(name, operations, || (), |()| work())
    }

    /// As [`time`](Self::time), of work on what `prepare` makes outside the time taken.
    fn time_prepared<I, R>(
        &mut self,
        name: &str,
        operations: f64,
        prepare: impl Fn() -> I,
        mut work: impl FnMut(I) -> Result<R, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        if !name.contains(self.filter) {
            return Ok(());
        }
        work(prepare())?;
        let (start, mut taken) = (Instant::now(), Vec::new());
        while taken.len() < LEAST || start.elapsed() < PATIENCE {
            let prepared = prepare();
            let begun = Instant::now();
            std::hint::black_box(work(prepared)?);
            taken.push(1e3 * begun.elapsed().as_secs_f64());
        }
        let timing = Timing::of(name.to_owned(), taken);
        let gflops = operations / timing.median_ms / 1e6;
        self.results.push(Timing { gflops, ..timing });
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
    time_second_order(&mut watch, &graph, &params, data)?;
    fgsm(&mut watch, &graph, &params, data)?;
    time_attacks(&mut watch, &graph, &params, data)?;
    epochs(&mut watch, &graph, &params, data)?;
    Ok(Timings { host: Host::here(), threads: rayon::current_num_threads(), results: watch.results })
}

/// Operations of a whole batch's passes.
struct Operations {
    forward: f64,
    gradient: f64,
    input_gradient: f64,
}

/// Operations of a Gauss-Newton step that has this many directions an image.
struct SystemOperations {
    /// The Gram matrix of the directions' gradients.
    gram: f64,
    /// The Cholesky factorization.
    factor: f64,
}

impl Operations {
    fn of(graph: &Graph, images: usize) -> Self {
        let images = images as f64;
        let per_image = graph.operations();
        Self {
            forward: images * per_image.forward,
            gradient: images * (per_image.forward + per_image.parameters + per_image.upstream),
            input_gradient: images * (per_image.forward + per_image.input),
        }
    }
}

impl SystemOperations {
    fn of(graph: &Graph, images: usize, directions: usize) -> Self {
        let per_image = graph.operations();
        let rows = (images * directions) as f64;
        Self {
            gram: rows * (per_image.gradients + per_image.upstream) + rows * rows * per_image.kernel_rank,
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

/// The parts of a Gauss-Newton step, each by itself: `kernel` and 10 equations an image for `published`, `gram` and 9 for
/// `mean`.
fn gauss_newton_parts(
    watch: &mut Stopwatch<'_>,
    graph: &Graph,
    params: &[f32],
    images: ArrayView2<'_, f32>,
    labels: &[usize],
) -> Result<(), ExperimentError> {
    let needed = Operations::of(graph, labels.len());
    let (all, reduced) = (graph.classes(), graph.classes().saturating_sub(1));
    let published = SystemOperations::of(graph, labels.len(), all);
    let mean = SystemOperations::of(graph, labels.len(), reduced);
    watch.time("gauss_newton_linearize", needed.forward, || Ok(graph.linearize(params, images)?))?;
    let at = graph.linearize(params, images)?;
    watch.time("gauss_newton_kernel", published.gram, || Ok(at.kernel_as::<f32>()?))?;
    let directions = hessian_factors(softmax(at.logits()).view());
    watch.time("gauss_newton_gram", mean.gram, || Ok(at.gram_as::<f64>(directions.view())?))?;
    let failed = |source| OptimError::Solve { damping: 1.0, source, enough: None };
    for (name, mut system, needed) in [("kernel", at.kernel()?, published), ("gram", at.gram(directions.view())?, mean)]
    {
        system.diag_mut().mapv_inplace(|d| d + 1.0);
        let double = system.mapv(f64::from);
        let (single_name, double_name) =
            (format!("gauss_newton_factor_{name}_f32"), format!("gauss_newton_factor_{name}"));
        watch.time_prepared(
            &single_name,
            needed.factor,
            || system.clone(),
            |s| Ok(Cholesky::factor(s).map_err(failed)?),
        )?;
        watch.time_prepared(
            &double_name,
            needed.factor,
            || double.clone(),
            |s| Ok(Cholesky::factor(s).map_err(failed)?),
        )?;
        let right = Array2::<f64>::ones((double.nrows(), 1));
        let factored = Cholesky::factor(double).map_err(failed)?;
        watch
            .time(&format!("gauss_newton_solve_{name}"), 0.0, || Ok(factored.solve(right.view()).map_err(failed)?))?;
    }
    let residual = mean_gradient(at.logits(), labels)?;
    let backward = needed.gradient - needed.forward;
    watch.time("gauss_newton_backward", backward, || Ok(at.vjp(residual.view())?))
}

/// An optimizer and its name in timings.
pub(crate) type Named<E> = (&'static str, Box<dyn Optimizer<f32, E>>);

/// The optimizers whose steps and epochs are timed.
pub(crate) fn optimizers<E>() -> [Named<E>; 4]
where
    E: FunctionSpace<f32, f32> + FunctionSpace<f32, f64> + 'static,
{
    [
        ("sgd", Box::new(Sgd::<f32, E>::new(0.01))),
        ("adam", Box::new(Adam::<f32, E>::new(0.001))),
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
    let system = |directions| {
        let of = SystemOperations::of(graph, batch.len(), directions);
        of.gram + of.factor
    };
    for (name, mut optimizer) in optimizers::<Graph>() {
        let operations = needed.gradient
            + match name {
                "gauss_newton_mean" => system(graph.classes().saturating_sub(1)),
                "gauss_newton_published" => system(graph.classes()),
                _ => 0.0,
            };
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
    let ball = Ball::linf(0.1)?;
    watch.time("fgsm_test_set", needed.input_gradient + needed.forward, || {
        Ok(Fgsm::default().run(&model, images.view(), &labels, ball)?)
    })
}

/// An epoch of each optimizer, once: its steps are its repetitions.
fn epochs(watch: &mut Stopwatch<'_>, graph: &Graph, params: &[f32], data: &Mnist) -> Result<(), ExperimentError> {
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    for (name, mut optimizer) in optimizers::<Graph>().into_iter().chain(second_order()) {
        let name = format!("{name}_epoch");
        if !watch.wants(&name) {
            continue;
        }
        let (mut params, start) = (params.to_vec(), Instant::now());
        for indices in epoch_batches(&order, BATCH)? {
            let (images, labels) = data.train.batch(indices)?;
            optimizer.step(graph, &mut params, &Batch::new(images.view(), &labels)?)?;
        }
        watch.record(name, vec![1e3 * start.elapsed().as_secs_f64()]);
    }
    Ok(())
}
