//! Times operations on the CPU: medians and quantiles after a warm-up.

use crate::attack_bench::time_attacks;
use crate::certify_bench::time_proofs;
use crate::second_order_bench::{second_order, time_second_order};
use crate::stopwatch::{BATCH, Stopwatch, Timings, optimizers};
use minima_attacks::{Attack, Ball, Fgsm};
use minima_autodiff::softmax_cross_entropy::{hessian_factors, mean_gradient, softmax};
use minima_autodiff::{Graph, Model, paper_cnn};
use minima_data::{EpochOrder, Splits, epoch_batches};
use minima_linalg::Cholesky;
use minima_optim::{Batch, OptimError};
use minima_runs::{Host, RunError};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;
use std::time::Instant;

/// Times the network, the optimizers and the attacks on the paper's network with the current threads.
///
/// # Errors
/// Returns [`RunError`] if the data has fewer images than a batch or a timed operation fails.
pub fn bench(data: &Splits, filter: &str) -> Result<Timings, RunError> {
    let graph = Arc::new(paper_cnn(data.train.shape(), data.train.classes())?);
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    let (images, labels) = data.train.batch::<f32>(&order[..BATCH.min(order.len())])?;
    let params: Vec<f32> = graph.init(42);
    let mut watch = Stopwatch::new(filter);
    passes(&mut watch, &graph, &params, images.view(), &labels)?;
    gauss_newton_parts(&mut watch, &graph, &params, images.view(), &labels)?;
    let batch = Batch::new(images.view(), &labels)?;
    steps(&mut watch, &graph, &params, &batch)?;
    time_second_order(&mut watch, &graph, &params, data)?;
    fgsm(&mut watch, &graph, &params, data)?;
    time_attacks(&mut watch, &graph, &params, data)?;
    time_proofs(&mut watch, &graph, &params, data)?;
    epochs(&mut watch, &graph, &params, data)?;
    Ok(Timings { host: Host::here(), threads: rayon::current_num_threads(), results: watch.into_results() })
}

/// Operations of the passes over a batch.
struct Operations {
    forward: f64,
    gradient: f64,
    input_gradient: f64,
}

/// Operations of a Gauss-Newton step with a given number of directions per image.
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
) -> Result<(), RunError> {
    let needed = Operations::of(graph, labels.len());
    let cotangent = |i: usize, logits: &[f32], out: &mut [f32]| {
        minima_autodiff::softmax_cross_entropy::gradient_into(logits, labels[i], 1.0 / labels.len() as f32, out);
    };
    watch.time("forward", needed.forward, || Ok(graph.logits(params, images)?))?;
    watch.time("gradient", needed.gradient, || Ok(graph.logits_and_vjp(params, images, &cotangent)?))?;
    watch.time("input_gradient", needed.input_gradient, || Ok(graph.logits_and_input_vjp(params, images, &cotangent)?))
}

/// Times the parts of a Gauss-Newton step separately: `kernel` with 10 equations per image for `published`, `gram` with 9 for
/// `mean`.
fn gauss_newton_parts(
    watch: &mut Stopwatch<'_>,
    graph: &Graph,
    params: &[f32],
    images: ArrayView2<'_, f32>,
    labels: &[usize],
) -> Result<(), RunError> {
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

fn steps(watch: &mut Stopwatch<'_>, graph: &Graph, params: &[f32], batch: &Batch<'_, f32>) -> Result<(), RunError> {
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
        // Every repetition starts from the same parameters, so that its work does not depend on the number of repetitions.
        watch.time(&format!("{name}_step"), operations, || {
            let mut params = params.to_vec();
            optimizer.step(graph, &mut params, batch)?;
            Ok(params)
        })?;
    }
    Ok(())
}

fn fgsm(watch: &mut Stopwatch<'_>, graph: &Arc<Graph>, params: &[f32], data: &Splits) -> Result<(), RunError> {
    let model = Model::new(Arc::clone(graph), params.to_vec())?;
    let (images, labels) = data.test.all::<f32>();
    let needed = Operations::of(graph, labels.len());
    let ball = Ball::linf(0.1)?;
    watch.time("fgsm_test_set", needed.input_gradient + needed.forward, || {
        Ok(Fgsm::default().run(&model, images.view(), &labels, ball)?)
    })
}

/// Times one epoch of each optimizer. It is not repeated, because it already averages over its steps.
fn epochs(watch: &mut Stopwatch<'_>, graph: &Graph, params: &[f32], data: &Splits) -> Result<(), RunError> {
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
