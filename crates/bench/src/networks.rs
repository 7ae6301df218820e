//! Times passes, steps and curvature products on networks from 6 794 to 4.3 million parameters, with random images.

use crate::stopwatch::{Stopwatch, Timings};
use minima_autodiff::Graph;
use minima_autodiff::softmax_cross_entropy::gradient_into;
use minima_config::NetworkChoiceError;
use minima_curvature::{Ggn, GgnVariant, Hessian, LinearOperator, Objective};
use minima_network::{NetworkError, NetworkSpec};
use minima_optim::{Adam, Batch, Ekfac, Kfac, OptimError, Optimizer};
use minima_rng::Key;
use minima_runs::{Host, RunError};
use ndarray::Array2;

/// A network of the comparison.
pub(crate) struct Compared {
    pub name: &'static str,
    pub spec: fn() -> Result<NetworkSpec, NetworkError>,
    /// Images of a batch.
    pub batch: usize,
}

/// The networks of the comparison.
pub(crate) const NETWORKS: [Compared; 5] = [
    Compared { name: "paper-cnn", spec: || NetworkSpec::named("paper-cnn", &[]), batch: 128 },
    Compared {
        name: "wide-cnn",
        spec: || NetworkSpec::parse(include_str!("wide-cnn.toml"), "wide-cnn.toml"),
        batch: 128,
    },
    Compared { name: "resnet20-16", spec: || NetworkSpec::named("resnet20", &[("width", 16)]), batch: 128 },
    Compared { name: "resnet20-64", spec: || NetworkSpec::named("resnet20", &[("width", 64)]), batch: 32 },
    Compared { name: "vit-small", spec: || Ok(NetworkSpec::named("vit", &[])?.with_input([32, 32, 3])), batch: 128 },
];

/// Steps of K-FAC and EKFAC over which their rare work is averaged.
const RARE: usize = 100;

/// Times operations whose name, such as `resnet20-16 adam_step`, contains `filter`, with the current threads.
///
/// # Errors
/// Returns [`RunError`] if a timed operation fails.
pub fn networks(filter: &str) -> Result<Timings, RunError> {
    let mut watch = Stopwatch::new(filter);
    for compared in &NETWORKS {
        if OPERATIONS.iter().any(|operation| watch.wants(&format!("{} {operation}", compared.name))) {
            time(&mut watch, compared)?;
        }
    }
    Ok(Timings { host: Host::here(), threads: rayon::current_num_threads(), results: watch.into_results() })
}

/// The timed operations of each network.
const OPERATIONS: [&str; 8] = [
    "forward",
    "gradient",
    "input_gradient",
    "adam_step",
    "gauss_newton_product",
    "hessian_product",
    "kfac_step",
    "ekfac_step",
];

fn time(watch: &mut Stopwatch<'_>, compared: &Compared) -> Result<(), RunError> {
    let graph = (compared.spec)().and_then(|spec| spec.graph()).map_err(NetworkChoiceError::from)?;
    let params: Vec<f32> = graph.init(42);
    let (count, features) = (compared.batch, graph.features());
    let pixels = Key::new(0).uniform(count * features);
    let images =
        Array2::from_shape_fn((count, features), |(i, j)| pixels.get(i * features + j).copied().unwrap_or(0.0));
    let labels: Vec<usize> = (0..count).map(|i| i % graph.classes()).collect();
    let batch = Batch::new(images.view(), &labels)?;
    let per_image = graph.operations();
    let operations = |of_image: f64| count as f64 * of_image;
    let gradient = operations(per_image.forward + per_image.parameters + per_image.upstream);
    let name = |operation: &str| format!("{} {operation}", compared.name);

    watch.time(&name("forward"), operations(per_image.forward), || Ok(graph.logits(&params, images.view())?))?;
    let share = 1.0 / count as f32;
    let cotangent = |i: usize, logits: &[f32], out: &mut [f32]| {
        if let Some(&label) = labels.get(i) {
            gradient_into(logits, label, share, out);
        }
    };
    watch.time(&name("gradient"), gradient, || Ok(graph.logits_and_vjp(&params, images.view(), &cotangent)?))?;
    watch.time(&name("input_gradient"), operations(per_image.forward + per_image.input), || {
        Ok(graph.logits_and_input_vjp(&params, images.view(), &cotangent)?)
    })?;
    let (mut adam, mut moved) = (Adam::<f32>::new(0.001), params.clone());
    watch.time(&name("adam_step"), gradient, || Ok(adam.step(&graph, &mut moved, &batch)?))?;

    let objective = Objective::of_batch(&graph, &params, batch).map_err(OptimError::from)?;
    let direction: Vec<f32> = Key::new(1).normal(params.len());
    let ggn = Ggn::new(&objective, GgnVariant::Mean).map_err(OptimError::from)?;
    watch.time(&name("gauss_newton_product"), 0.0, || Ok(ggn.apply(&direction).map_err(OptimError::from)?))?;
    let hessian = Hessian::new(&objective);
    watch.time(&name("hessian_product"), 0.0, || Ok(hessian.apply(&direction).map_err(OptimError::from)?))?;
    steps_with_rare_work(watch, &name("kfac_step"), &graph, &mut Kfac::<f32>::new(0.01), &batch)?;
    steps_with_rare_work(watch, &name("ekfac_step"), &graph, &mut Ekfac::<f32>::new(0.01), &batch)
}

/// Times the mean of [`RARE`] steps.
fn steps_with_rare_work(
    watch: &mut Stopwatch<'_>,
    name: &str,
    graph: &Graph,
    optimizer: &mut dyn Optimizer<f32>,
    batch: &Batch<'_, f32>,
) -> Result<(), RunError> {
    if !watch.wants(name) {
        return Ok(());
    }
    let mut params: Vec<f32> = graph.init(42);
    let start = std::time::Instant::now();
    for _ in 0..RARE {
        optimizer.step(graph, &mut params, batch)?;
    }
    watch.record(name.to_owned(), vec![1e3 * start.elapsed().as_secs_f64() / RARE as f64]);
    Ok(())
}
