//! Properties that hold for any values. They are ordinary tests, and the test `gate` uses them to detect planted faults.

use minima_attacks::{Attack, Ball, Pgd};
use minima_autodiff::softmax_cross_entropy::{mean_gradient, mean_loss};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Model, Padding};
use minima_curvature::kfac::newest_weight;
use minima_data::{EpochOrder, epoch_batches};
use minima_optim::{Adam, Batch, Optimizer, Sgd};
use minima_rng::Key;
use ndarray::Array2;
use std::error::Error;
use std::sync::Arc;

/// The result of a property: an error describes what was found instead.
pub type Held = Result<(), Box<dyn Error>>;

/// A property and its name.
pub type Property = (&'static str, fn() -> Held);

/// All properties.
pub const ALL: [Property; 7] = [EPOCH, GRADIENT, BORDER, MOMENTUM, RESUMPTION, STATISTICS, BALL];

/// The batches of an epoch contain every sample once, including the smaller last batch.
pub const EPOCH: Property = ("every sample once an epoch", every_sample_once_an_epoch);
/// The gradient through a convolution, max pooling, ReLU and dense layers equals central differences.
pub const GRADIENT: Property = ("gradient against differences", gradient_of_differences);
/// A convolution's explicit border has the given widths on each side.
pub const BORDER: Property = ("a convolution's border", a_convolutions_border);
/// SGD's steps along a constant gradient sum to the geometric series of the momentum.
pub const MOMENTUM: Property = ("momentum's geometric series", momentum_series);
/// Adam resumes from its saved state and takes the same steps as without interruption.
pub const RESUMPTION: Property = ("a run goes on as it was", adam_goes_on);
/// The weight of old observations in K-FAC's statistics decreases as a power of the decay.
pub const STATISTICS: Property = ("statistics fade", statistics_fade);
/// PGD's images are in the ball.
pub const BALL: Property = ("PGD within its ball", pgd_within_its_ball);

/// Returns an error unless `found` is within `tolerance` of `expected`.
fn close(what: &str, found: f64, expected: f64, tolerance: f64) -> Held {
    // Written so that NaN is an error.
    if (found - expected).abs() <= tolerance {
        return Ok(());
    }
    Err(format!("{what} ({expected:.6} → {found:.6})").into())
}

fn every_sample_once_an_epoch() -> Held {
    const SAMPLES: usize = 1_000;
    for order in EpochOrder::new(42, SAMPLES).take(2) {
        let mut seen = vec![0_usize; SAMPLES];
        for &sample in epoch_batches(&order, 128)?.flatten() {
            *seen.get_mut(sample as usize).ok_or("a sample beyond the last")? += 1;
        }
        let once = seen.iter().filter(|&&times| times == 1).count();
        close("samples seen once", once as f64, SAMPLES as f64, 0.0)?;
    }
    Ok(())
}

/// A network, images of shape `(images, features)`, and their labels.
type Small = (Graph, Array2<f64>, Vec<usize>);

/// A small network with every operation except average pooling, and images for it.
fn small_network(seed: u64, images: usize) -> Result<Small, Box<dyn Error>> {
    let mut g = GraphBuilder::new(&[6, 6, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3))?;
    let x = g.relu(x);
    let x = g.max_pool2d(x, [2, 2], [2, 2])?;
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 5)?;
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 3)?;
    let graph = g.finish(x)?;
    let pixels = Key::new(seed).uniform(images * graph.features()).into_iter().map(f64::from);
    let pixels = Array2::from_shape_vec((images, graph.features()), pixels.collect())?;
    Ok((graph, pixels, (0..images).map(|image| image % 3).collect()))
}

fn gradient_of_differences() -> Held {
    let (graph, images, labels) = small_network(5, 4)?;
    let mut params: Vec<f64> = graph.init(42);
    let at = graph.linearize(&params, images.view())?;
    let gradient = at.vjp(mean_gradient(at.logits(), &labels)?.view())?;
    drop(at);
    // The error of a difference is a third derivative times h², 1e-12, plus rounding, 1e-16/h. A kink within h would fail.
    let h = 1e-6;
    for place in 0..params.len() {
        let kept = params[place];
        let mut loss_at = |value: f64| -> Result<f64, Box<dyn Error>> {
            params[place] = value;
            Ok(mean_loss(graph.logits(&params, images.view())?.view(), &labels)?)
        };
        let slope = (loss_at(kept + h)? - loss_at(kept - h)?) / (2.0 * h);
        params[place] = kept;
        close(&format!("slope along parameter {place}"), gradient[place], slope, 1e-8)?;
    }
    Ok(())
}

/// The kernel 1, 10, 100 moves over the pixels 1, 2, 3, with two zeros before them and one after.
fn a_convolutions_border() -> Held {
    let padding = Padding::Explicit { low: [0, 2], high: [0, 1] };
    let mut g = GraphBuilder::new(&[1, 3, 1]);
    let spec = Conv2dSpec { kernel: [1, 3], padding, bias: false, ..Conv2dSpec::same(1, 1) };
    let x = g.conv2d(g.input(), "Conv_0", spec)?;
    let x = g.flatten(x);
    let graph = g.finish(x)?;
    let found = graph.logits(&[1.0, 10.0, 100.0], Array2::from_shape_vec((1, 3), vec![1.0, 2.0, 3.0])?.view())?;
    let expected = [100.0, 210.0, 321.0, 32.0];
    found.iter().zip(expected).try_for_each(|(&found, expected)| close("an output at the border", found, expected, 0.0))
}

fn momentum_series() -> Held {
    let (graph, _, _) = small_network(5, 1)?;
    let (rate, momentum, steps) = (0.25, 0.5_f64, 10);
    let mut params = vec![0.0; graph.parameter_count()];
    let gradient = vec![1.0; params.len()];
    let mut sgd = Sgd::<f64>::new(rate).with_momentum(momentum);
    for _ in 0..steps {
        sgd.update(&graph, &mut params, &gradient)?;
    }
    // Velocity n is Σ μᵏ over k < n, which is (1 − μⁿ)/(1 − μ). All numbers are exact in binary.
    let travelled: f64 = (1..=steps).map(|n| (1.0 - momentum.powi(n)) / (1.0 - momentum)).sum();
    params.iter().try_for_each(|&p| close("a parameter after ten steps", p, -rate * travelled, 0.0))
}

fn adam_goes_on() -> Held {
    let (graph, images, labels) = small_network(5, 4)?;
    let batch = Batch::new(images.view(), &labels)?;
    let mut adam = Adam::<f64>::new(0.01);
    let mut params: Vec<f64> = graph.init(42);
    for _ in 0..3 {
        adam.step(&graph, &mut params, &batch)?;
    }
    let (mut another, mut same) = (Adam::<f64>::new(0.01), params.clone());
    another.restore(&graph, &adam.state(&graph)?)?;
    adam.step(&graph, &mut params, &batch)?;
    another.step(&graph, &mut same, &batch)?;
    params.iter().zip(same).try_for_each(|(&p, found)| close("a parameter one step later", found, p, 0.0))
}

fn statistics_fade() -> Held {
    let decay = 0.95_f64;
    // The remaining weight of the first 100 observations after 60 more.
    let left: f64 = (101..=160).map(|count| 1.0 - newest_weight(count, decay)).product();
    close("share of the first 100 observations", left, decay.powi(60), 1e-14)
}

fn pgd_within_its_ball() -> Held {
    let (graph, images, labels) = small_network(7, 8)?;
    let images = images.mapv(|x| x as f32);
    let model = Model::new(Arc::new(graph.clone()), graph.init(42))?;
    let ball = Ball::linf(0.05)?;
    let outcome = Pgd { random_start: true, ..Pgd::default() }.run(&model, images.view(), &labels, ball)?;
    let farthest = outcome.adversarial.iter().zip(&images).map(|(a, x)| f64::from((a - x).abs())).fold(0.0, f64::max);
    // Pixels are rounded to a multiple of 2⁻²⁴.
    close("farthest pixel", farthest.max(0.05), 0.05, 1.2e-7)?;
    let pictures = outcome.adversarial.iter().all(|a| (0.0..=1.0).contains(a));
    if pictures { Ok(()) } else { Err("pixels outside 0 to 1".into()) }
}
