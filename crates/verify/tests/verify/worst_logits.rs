//! Checks of worst logits and of the gradient of their loss, for every kind of bound.

use super::interval_network::{images, wide, without_a_last_dense_layer};
use super::random_networks::{Random, network};
use minima_autodiff::{Batch, Graph, SoftmaxCrossEntropy};
use ndarray::{Array2, ArrayView2};

/// The loss of worst logits with its gradient, by parameters.
pub(crate) type LossAndGradient = dyn Fn(&[f64], &Batch<'_, f64>, f64) -> (f64, Vec<f64>);
/// The worst logits of images with labels, for a radius.
pub(crate) type WorstLogits = dyn Fn(&[f32], ArrayView2<'_, f32>, &[usize], f64) -> Array2<f32>;

/// How closely a gradient agrees with central differences.
pub(crate) struct Agreement {
    /// The largest relative error of a difference over a short step, beside a kink.
    pub beside_kinks: f64,
    /// The least number of differences without a kink, for each difference with one.
    pub smooth_for_each_kink: usize,
    /// The largest number of parameters of a network, spread over all layers.
    pub parameters: usize,
}

/// A network with random weights: without a dense layer at its end for seed 0, and of random layers for the others.
pub(crate) fn any_network(seed: u64, random: &mut Random) -> (Graph, Vec<f32>) {
    if seed > 0 {
        return network(random);
    }
    let graph = without_a_last_dense_layer();
    let params = (0..graph.parameter_count()).map(|_| random.signed()).collect();
    (graph, params)
}

/// `at(graph, random)` is the loss and its gradient, with settings drawn at random.
pub(crate) fn gradients_equal_central_differences(
    at: impl Fn(&Graph, &mut Random) -> Box<LossAndGradient>,
    agreement: &Agreement,
) {
    let loss = SoftmaxCrossEntropy::default().with_label_smoothing(0.1).unwrap();
    for seed in 0..12 {
        let random = &mut Random(1_000 + seed);
        let (graph, params) = any_network(seed, random);
        // Small weights keep the softmax away from its ends.
        let params: Vec<f64> = wide(&params).iter().map(|p| 0.5 * p).collect();
        let images = images(random, 3, graph.features());
        let labels = [2, 0, 1].map(|label| label % graph.classes());
        let batch = Batch::with_loss(images.view(), &labels, &loss).unwrap();
        let epsilon = [0.0, 0.02, 0.1][random.below(3)];
        let of = at(&graph, random);
        let (_, gradient) = of(&params, &batch, epsilon);
        assert_eq!(gradient.len(), params.len());
        let (mut kinks, mut tried) = (0, 0);
        for (index, &slope) in gradient.iter().enumerate().step_by(1 + gradient.len() / agreement.parameters) {
            tried += 1;
            let moved = |step: f64| {
                let mut moved = params.clone();
                moved[index] += step;
                of(&moved, &batch, epsilon).0
            };
            let difference = |step: f64| (moved(step) - moved(-step)) / (2.0 * step);
            let error = |step: f64| (difference(step) - slope).abs() / (1.0 + slope.abs());
            // A kink, or a jump of a slope below a ReLU, within the step spoils the difference. A shorter step avoids it.
            if error(1e-5) >= 1e-6 {
                kinks += 1;
                let short = difference(1e-7);
                assert!(error(1e-7) < agreement.beside_kinks, "seed {seed}, parameter {index}: {slope} and {short}");
            }
        }
        assert!(agreement.smooth_for_each_kink * kinks < tried, "seed {seed}: {kinks} kinks of {tried}");
    }
}

/// `of` makes the worst logits of a network.
pub(crate) fn no_point_of_a_box_is_worse(of: impl Fn(&Graph) -> Box<WorstLogits>) {
    for seed in 0..100 {
        let random = &mut Random(2_000 + seed);
        let (graph, params) = network(random);
        let image = Array2::from_shape_fn((1, graph.features()), |_| random.unit());
        let label = random.below(3);
        let epsilon = [0.01_f32, 0.1, 0.4][random.below(3)];
        let worst = of(&graph)(&params, image.view(), &[label], f64::from(epsilon));
        let points = Array2::from_shape_fn((64, graph.features()), |(row, i)| {
            let shift = if row % 2 == 0 { random.signed().signum() } else { random.signed() };
            (image[[0, i]] + epsilon * shift).clamp(0.0, 1.0)
        });
        let logits = graph.logits(&params, points.view()).unwrap();
        let size = worst.iter().fold(1.0_f32, |size, w| size.max(w.abs()));
        for point in logits.outer_iter() {
            for class in 0..3 {
                let margin = point[class] - point[label];
                assert!(margin <= worst[[0, class]] + 1e-4 * size, "seed {seed}: {margin} above {}", worst[[0, class]]);
            }
        }
    }
}
