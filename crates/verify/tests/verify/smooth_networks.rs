//! Networks with smooth operations: no point of a set ever lies below a bound, computed in `f32` or in `f64`.

use super::random_networks::Random;
use minima_attacks::{Attack, Ball, Pgd};
use minima_autodiff::{Activation, Conv2dSpec, DenseSpec, Graph, GraphBuilder, Model, NormSpec, Value};
use minima_network::NetworkSpec;
use minima_verify::{
    Bounds, InputSet, LinearConstraint, Method, Program, Rounding, Specification, Verdict, VerifyOptions, verify,
};
use ndarray::Array2;
use std::sync::Arc;

/// All functions of one number that accept every number.
pub(crate) const FUNCTIONS: [Activation; 11] = [
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::Silu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softplus,
    Activation::Elu { alpha: 1.0 },
    Activation::Elu { alpha: 2.5 },
    Activation::LeakyRelu { slope: -0.25 },
    Activation::LeakyRelu { slope: 1.5 },
    Activation::Clip { low: -0.3, high: 0.8 },
];

fn function(random: &mut Random) -> Activation {
    FUNCTIONS[random.below(FUNCTIONS.len())]
}

fn norm(random: &mut Random) -> NormSpec {
    let epsilon = [1e-6, 1e-5, 1e-3, 0.1][random.below(4)];
    NormSpec { epsilon, scale: random.below(3) > 0, shift: random.below(3) > 0 }
}

/// A perceptron with smooth functions.
fn perceptron(random: &mut Random) -> Graph {
    let mut g = GraphBuilder::new(&[6]);
    let mut x = g.input();
    for k in 0..1 + random.below(3) {
        x = g.dense(x, &format!("Dense_{k}"), 4 + random.below(5)).unwrap();
        x = g.activation(x, function(random));
        x = match random.below(6) {
            0 => g.multiply(x, x).unwrap(),
            1 => {
                let y = g.activation(x, function(random));
                g.multiply(x, y).unwrap()
            }
            2 => g.relu(x),
            3 => {
                let y = g.activation(x, Activation::Sigmoid);
                let y = g.affine(y, &vec![1.0; g.shape(y)[0]], &vec![0.1; g.shape(y)[0]]).unwrap();
                let last = [Activation::Sqrt, Activation::Reciprocal][random.below(2)];
                g.activation(y, last)
            }
            _ => x,
        };
        if random.below(3) == 0 {
            x = g.layer_norm(x, &format!("Norm_{k}"), norm(random)).unwrap();
        }
    }
    finished(g, x)
}

/// A convolutional network with normalisations.
fn convolutional(random: &mut Random) -> Graph {
    let mut g = GraphBuilder::new(&[5, 4, 2]);
    let mut x = g.input();
    for k in 0..1 + random.below(2) {
        x = g.conv2d(x, &format!("Conv_{k}"), Conv2dSpec::same(4, 3)).unwrap();
        let name = format!("Norm_{k}");
        let spec = norm(random);
        x = match random.below(5) {
            0 => g.group_norm(x, &name, 2, spec).unwrap(),
            1 => g.group_norm(x, &name, 4, spec).unwrap(),
            2 => g.layer_norm_over(x, &name, 2, spec).unwrap(),
            3 => g.rms_norm(x, &name, spec).unwrap(),
            _ => g.layer_norm(x, &name, spec).unwrap(),
        };
        // With ReLUs, slopes are optimised and signs are split.
        x = if random.below(2) == 0 { g.relu(x) } else { g.activation(x, function(random)) };
        if random.below(2) == 0 {
            let y = g.conv2d(x, &format!("Residual_{k}"), Conv2dSpec::same(4, 1)).unwrap();
            let y = if random.below(2) == 0 { g.relu(y) } else { g.activation(y, function(random)) };
            x = g.add(x, y).unwrap();
        }
    }
    if random.below(2) == 0 {
        x = g.max_pool2d(x, [2, 2], [2, 2]).unwrap();
    }
    finished(g, x)
}

/// An attention block on a few tokens.
fn attention(random: &mut Random) -> Graph {
    let width = 4;
    let mut g = GraphBuilder::new(&[3, 2]);
    let x = g.input();
    let mut x = g.dense_on_last_axis(x, "Embed", &DenseSpec::new(width)).unwrap();
    let mut y = x;
    if random.below(2) == 0 {
        y = g.layer_norm(y, "Norm_0", norm(random)).unwrap();
    }
    let y = match random.below(3) {
        0 => {
            // A softmax over an axis that is not the last one.
            let y = g.reshape(y, &[3, 2, 2]).unwrap();
            let y = g.softmax_over(y, random.below(3)).unwrap();
            g.reshape(y, &[3, width]).unwrap()
        }
        _ => g.attention(y, "Attention", [1, 2][random.below(2)]).unwrap(),
    };
    x = g.add(x, y).unwrap();
    if random.below(2) == 0 {
        let y = g.layer_norm(x, "Norm_1", norm(random)).unwrap();
        let y = g.dense_on_last_axis(y, "Hidden", &DenseSpec::new(5)).unwrap();
        let y = g.activation(y, function(random));
        let y = g.dense_on_last_axis(y, "Back", &DenseSpec::new(width)).unwrap();
        x = g.add(x, y).unwrap();
    }
    finished(g, x)
}

/// A value of four axes, in the orders of which a verifier may be wrong.
fn many_axes(random: &mut Random) -> Graph {
    let mut g = GraphBuilder::new(&[2, 2, 2, 2]);
    let x = g.input();
    let y = match random.below(4) {
        0 => g.layer_norm(x, "Norm_0", norm(random)).unwrap(),
        1 => g.group_norm(x, "Norm_0", 2, norm(random)).unwrap(),
        2 => g.rms_norm(x, "Norm_0", norm(random)).unwrap(),
        _ => g.layer_norm_over(x, "Norm_0", 3, norm(random)).unwrap(),
    };
    let z = g.softmax_over(y, random.below(4)).unwrap();
    let y = g.transpose(y, &[0, 3, 1, 2]).unwrap();
    let y = g.matmul(y, z, [0.5, 1.0, -2.0][random.below(3)]).unwrap();
    let y = g.activation(y, function(random));
    finished(g, y)
}

/// The zoo's vision transformer, with few numbers.
fn transformer(random: &mut Random) -> Graph {
    let patch = [7, 14][random.below(2)];
    let options = [("patch", patch), ("width", 4), ("depth", 1 + random.below(2) as i64), ("heads", 2), ("hidden", 5)];
    NetworkSpec::named("vit", &options).unwrap().with_input([14, 14, 1]).with_classes(3).graph().unwrap()
}

/// Adds the logits.
fn finished(mut g: GraphBuilder, x: Value) -> Graph {
    let x = g.flatten(x);
    let x = g.dense(x, "Logits", 3).unwrap();
    g.finish(x).unwrap()
}

/// A random network and its parameters.
fn network(random: &mut Random, kind: usize) -> (Graph, Vec<f32>) {
    let graph = match kind {
        0 => perceptron(random),
        1 => convolutional(random),
        2 => attention(random),
        3 => many_axes(random),
        _ => transformer(random),
    };
    let size = [0.5, 1.0, 2.0][random.below(3)];
    let params = (0..graph.parameter_count()).map(|_| size * random.signed()).collect();
    (graph, params)
}

/// Points of a set: corners, mixtures and random ones.
fn points(random: &mut Random, input: &InputSet, count: usize) -> Array2<f32> {
    Array2::from_shape_fn((count, input.len()), |(row, i)| {
        let (low, high) = (input.lower()[i], input.upper()[i]);
        match (row % 3, random.below(3)) {
            (0, k) => [low, high][k % 2],
            (1, 0) => low,
            (1, 1) => high,
            _ => (low + random.unit() * (high - low)).clamp(low, high),
        }
    })
}

/// Descends the margin of each target from some points, and gives the lowest one.
fn descended(graph: &Graph, params: &[f32], input: &InputSet, target: &LinearConstraint) -> f64 {
    let mut random = Random(11);
    let mut points = points(&mut random, input, 16);
    let mut lowest = f64::INFINITY;
    for step in 0..30 {
        let weights = |_: usize, _: &[f32], to: &mut [f32]| {
            to.iter_mut().zip(&target.coefficients).for_each(|(to, &a)| *to = a as f32);
        };
        let (outputs, gradients) = graph.logits_and_input_vjp(params, points.view(), &weights).unwrap();
        for outputs in outputs.outer_iter() {
            lowest = lowest.min(target.margin(&outputs.to_vec()));
        }
        let share = 0.5 * 0.85_f32.powi(step);
        for (mut point, gradient) in points.outer_iter_mut().zip(gradients.outer_iter()) {
            for (i, (x, &g)) in point.iter_mut().zip(gradient).enumerate() {
                let (low, high) = (input.lower()[i], input.upper()[i]);
                *x = (*x - share * (high - low) * g.signum()).clamp(low, high);
            }
        }
    }
    lowest
}

fn examine(seed: u64, kind: usize, count: usize) -> usize {
    let random = &mut Random(seed);
    let (graph, params) = network(random, kind);
    let program = Program::new(&graph, &params).unwrap();
    let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
    let epsilon = [0.0, 1e-4, 0.01, 0.1, 0.5][random.below(5)];
    let input = if random.below(5) == 0 { InputSet::l2(&image, epsilon) } else { InputSet::linf(&image, epsilon) };
    let input = input.unwrap();
    let specification = Specification::classification(3, random.below(3)).unwrap();
    let points = points(random, &input, count);
    let outputs = graph.logits(&params, points.view()).unwrap();
    let wide: Vec<f64> = params.iter().map(|&p| f64::from(p)).collect();
    let wide = graph.logits(&wide, points.mapv(f64::from).view()).unwrap();
    let inside: Vec<bool> = points.outer_iter().map(|point| input.contains(&point.to_vec())).collect();
    let mut finite = 0;
    for method in [Method::Interval, Method::Crown] {
        let bounds = Bounds::new(&program, &input, method).unwrap();
        let margins = bounds.margins(&specification).unwrap();
        let (lower, upper) = bounds.outputs();
        finite += lower.iter().filter(|low| low.is_finite()).count();
        for row in (0..count).filter(|&row| inside[row]) {
            let single = outputs.row(row).to_vec();
            for k in 0..3 {
                for y in [f64::from(single[k]), wide[[row, k]]] {
                    let (low, high) = (f64::from(lower[k]), f64::from(upper[k]));
                    assert!(low <= y && y <= high, "seed {seed}, kind {kind}, {method:?}: {y} outside [{low}, {high}]");
                }
            }
            for (target, margins) in specification.targets().iter().zip(&margins) {
                let exact: f64 = target[0].coefficients.iter().zip(wide.row(row)).map(|(a, y)| a * y).sum();
                let margin = target[0].margin(&single).min(exact);
                assert!(
                    margins[0].is_nan() || margins[0] <= margin,
                    "seed {seed}, kind {kind}, {method:?}: bound {} above {margin}",
                    margins[0]
                );
            }
        }
    }
    let options = VerifyOptions { domains: 60, attack_steps: 5, ..VerifyOptions::default() };
    let report = verify(&program, &input, &specification, &options).unwrap();
    if let Verdict::Proved { bound } = report.verdict {
        for target in specification.targets() {
            // Descents in the box may leave a ball.
            let lowest = if input == InputSet::linf(&image, epsilon).unwrap() {
                descended(&graph, &params, &input, &target[0])
            } else {
                f64::INFINITY
            };
            assert!(bound <= lowest, "seed {seed}, kind {kind}: proved {bound}, found {lowest}");
        }
    }
    finite
}

#[test]
fn no_point_of_a_smooth_network_lies_below_a_bound() {
    let networks = if cfg!(debug_assertions) { 30 } else { 300 };
    for kind in 0..5 {
        let networks = if kind == 4 { networks / 5 } else { networks };
        let finite: usize = (0..networks).map(|seed| examine(seed, kind, 300)).sum();
        // Bounds that are infinite would make the test pass.
        assert!(finite as u64 > networks * 5, "kind {kind}: {finite}");
    }
}

#[test]
#[ignore = "hundreds of thousands of points"]
fn no_point_of_many_smooth_networks_lies_below_a_bound() {
    for seed in 10_000..11_500 {
        (0..4).for_each(|kind| _ = examine(seed, kind, 300));
    }
}

/// The bound of a margin falls with the radius as the margin itself does, to first order: a wrong slope would show.
#[test]
fn bounds_are_exact_to_first_order() {
    for kind in 0..5 {
        for seed in 0..if kind == 4 { 4 } else { 30 } {
            let random = &mut Random(500 + seed);
            let (graph, params) = network(random, kind);
            let program = Program::new(&graph, &params).unwrap();
            let image: Vec<f32> = (0..graph.features()).map(|_| 0.2 + 0.6 * random.unit()).collect();
            let specification = Specification::classification(3, 0).unwrap();
            let constraint = &specification.targets()[0][0];
            let wide: Vec<f64> = params.iter().map(|&p| f64::from(p)).collect();
            let point = Array2::from_shape_fn((1, image.len()), |(_, i)| f64::from(image[i]));
            let weights = |_: usize, _: &[f64], to: &mut [f64]| to.copy_from_slice(&constraint.coefficients);
            let (outputs, gradient) = graph.logits_and_input_vjp(&wide, point.view(), &weights).unwrap();
            let margin: f64 = constraint.coefficients.iter().zip(outputs.row(0)).map(|(a, y)| a * y).sum();
            let slope: f64 = gradient.iter().map(|g| g.abs()).sum();
            let fall = |radius: f32| {
                let (lower, upper): (Vec<f32>, Vec<f32>) = image.iter().map(|x| (x - radius, x + radius)).unzip();
                let input = InputSet::between(&lower, &upper).unwrap();
                let bounds = Bounds::with_rounding(&program, &input, Method::Crown, Rounding::Ignored).unwrap();
                margin - bounds.margins(&specification).unwrap()[0][0]
            };
            // What is beyond the first order, as a part of the radius.
            let beyond = |radius: f32| (fall(radius) / f64::from(radius) - slope) / (1.0 + slope);
            let (large, small) = (beyond(4e-3), beyond(5e-4));
            assert!(large > -0.02, "seed {seed}, kind {kind}: {large}");
            assert!(small < 0.3 * large + 0.03, "seed {seed}, kind {kind}: {small} after {large}");
        }
    }
}

#[test]
fn attacks_never_break_a_smooth_image_that_is_proved() {
    let (mut proved, mut broken) = (0, 0);
    for kind in 0..5 {
        for seed in 0..if kind == 4 { 4 } else { 15 } {
            let random = &mut Random(900 + seed);
            let (graph, params) = network(random, kind);
            let program = Program::new(&graph, &params).unwrap();
            let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
            let images = Array2::from_shape_vec((1, image.len()), image.clone()).unwrap();
            let logits = graph.logits(&params, images.view()).unwrap();
            let label = (0..3).max_by(|&a, &b| logits[[0, a]].total_cmp(&logits[[0, b]])).unwrap();
            let specification = Specification::classification(3, label).unwrap();
            let model = Model::new(Arc::new(graph), params).unwrap();
            for epsilon in [0.003, 0.03, 0.1] {
                let input = InputSet::linf(&image, epsilon).unwrap();
                let options = VerifyOptions { domains: 60, ..VerifyOptions::default() };
                let report = verify(&program, &input, &specification, &options).unwrap();
                let outcome =
                    Pgd::default().run(&model, images.view(), &[label], Ball::linf(epsilon).unwrap()).unwrap();
                broken += usize::from(outcome.success[0]);
                if let Verdict::Proved { .. } = report.verdict {
                    proved += 1;
                    assert!(!outcome.success[0], "seed {seed}, kind {kind}: PGD broke a proved image at {epsilon}");
                }
            }
        }
    }
    assert!(proved > 60 && broken > 5, "{proved} {broken}");
}
