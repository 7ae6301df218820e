//! Verdicts of tiny networks against the exact least margin, from all activation patterns.
//!
//! On two inputs, each ReLU cuts the box into convex polygons on which the network is affine, and so does each pair of entries of a
//! pooling window. The least margin is that of a corner.

use super::random_networks::Random;
use minima_attacks::{Attack, Ball, Pgd, Square};
use minima_autodiff::{Graph, GraphBuilder, Model};
use minima_verify::{InputSet, Program, Reason, Specification, Verdict, VerifyOptions, prove, verify};
use ndarray::Array2;
use std::sync::Arc;
use std::time::Instant;

pub(crate) type Point = [f64; 2];

/// An affine function of the inputs: coefficients and a constant.
pub(crate) type Affine = [f64; 3];

fn at(f: Affine, p: Point) -> f64 {
    f[0] * p[0] + f[1] * p[1] + f[2]
}

/// The parts of a polygon where a function is at least 0, and at most 0.
pub(crate) fn cut(polygon: &[Point], f: Affine) -> [Vec<Point>; 2] {
    let mut parts = [Vec::new(), Vec::new()];
    for (i, &p) in polygon.iter().enumerate() {
        let q = polygon[(i + 1) % polygon.len()];
        let (a, b) = (at(f, p), at(f, q));
        if a >= 0.0 {
            parts[0].push(p);
        }
        if a <= 0.0 {
            parts[1].push(p);
        }
        if (a > 0.0 && b < 0.0) || (a < 0.0 && b > 0.0) {
            let t = a / (a - b);
            let middle = [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
            parts.iter_mut().for_each(|part| part.push(middle));
        }
    }
    parts
}

fn difference(f: Affine, g: Affine) -> Affine {
    [f[0] - g[0], f[1] - g[1], f[2] - g[2]]
}

/// A step of a tiny network.
#[derive(Clone)]
pub(crate) enum Step {
    /// A dense layer: for each output, its bias and its weights.
    Dense(Vec<(f64, Vec<f64>)>),
    Relu,
    /// Maxima of these many numbers that are `stride` places apart.
    Max {
        size: usize,
        stride: usize,
    },
}

/// The values of a network on the polygons where it is affine.
pub(crate) fn pieces(polygon: &[Point], values: &[Affine], steps: &[Step], found: &mut Vec<(Vec<Point>, Vec<Affine>)>) {
    if polygon.len() < 3 {
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        return found.push((polygon.to_vec(), values.to_vec()));
    };
    match step {
        Step::Dense(layer) => {
            let output = |(bias, weights): &(f64, Vec<f64>)| {
                let mut sum = [0.0, 0.0, *bias];
                for (w, v) in weights.iter().zip(values) {
                    sum.iter_mut().zip(v).for_each(|(s, v)| *s += w * v);
                }
                sum
            };
            pieces(polygon, &layer.iter().map(output).collect::<Vec<_>>(), rest, found);
        }
        Step::Relu => {
            let windows: Vec<Vec<Affine>> = values.iter().map(|&value| vec![value, [0.0; 3]]).collect();
            maxima(polygon, &windows, &mut Vec::new(), rest, found);
        }
        &Step::Max { size, stride } => {
            let window = |first: usize| (0..size).map(|k| values[first + k * stride]).collect();
            let windows: Vec<Vec<Affine>> = (0..values.len() / size).map(window).collect();
            maxima(polygon, &windows, &mut Vec::new(), rest, found);
        }
    }
}

/// The same after maxima of functions, whose first ones are in `done`.
fn maxima(
    polygon: &[Point],
    windows: &[Vec<Affine>],
    done: &mut Vec<Affine>,
    rest: &[Step],
    found: &mut Vec<(Vec<Point>, Vec<Affine>)>,
) {
    let Some(window) = windows.get(done.len()) else {
        return pieces(polygon, &done.clone(), rest, found);
    };
    for (k, &largest) in window.iter().enumerate() {
        let mut part = polygon.to_vec();
        for (_, &other) in window.iter().enumerate().filter(|(other, _)| *other != k) {
            if part.len() >= 3 {
                [part, _] = cut(&part, difference(largest, other));
            }
        }
        if part.len() >= 3 {
            done.push(largest);
            maxima(&part, windows, done, rest, found);
            done.pop();
        }
    }
}

/// The corners of a box of two inputs.
pub(crate) fn corners(input: &InputSet) -> Vec<Point> {
    let [low, high] = [input.lower(), input.upper()].map(|end| [f64::from(end[0]), f64::from(end[1])]);
    vec![low, [high[0], low[1]], high, [low[0], high[1]]]
}

/// The pieces of a network with two inputs on a box.
pub(crate) fn all_pieces(input: &InputSet, steps: &[Step]) -> Vec<(Vec<Point>, Vec<Affine>)> {
    let mut found = Vec::new();
    pieces(&corners(input), &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], steps, &mut found);
    found
}

/// A random network with two inputs and `outputs` outputs. `pooled` networks have two windows of four entries.
pub(crate) fn tiny(random: &mut Random, outputs: usize, pooled: bool) -> (Graph, Vec<f32>, Vec<Step>) {
    let mut sizes = vec![2, 1 + random.below(4)];
    if pooled {
        sizes.push(8);
    } else if random.below(2) == 0 {
        sizes.push(1 + random.below(4));
    }
    // An image of one row, as attacks need one.
    let mut g = GraphBuilder::new(&[1, 2, 1]);
    let mut x = g.flatten(g.input());
    let mut kinds = Vec::new();
    for (k, &size) in sizes[1..].iter().enumerate() {
        x = g.dense(x, &format!("Dense_{k}"), size).unwrap();
        kinds.push(Some([sizes[k], size]));
        if size < 8 || random.below(2) == 0 {
            x = g.relu(x);
            kinds.push(None);
        }
    }
    let last = if pooled { 2 } else { sizes[sizes.len() - 1] };
    if pooled {
        x = g.reshape(x, &[2, 2, 2]).unwrap();
        x = g.max_pool2d(x, [2, 2], [2, 2]).unwrap();
        x = g.flatten(x);
    }
    x = g.dense(x, "Dense_last", outputs).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f32> = (0..graph.parameter_count()).map(|_| random.signed()).collect();
    let mut start = 0;
    let mut dense = |[inputs, outputs]: [usize; 2]| {
        let weight = |i: usize, o: usize| f64::from(params[start + outputs + i * outputs + o]);
        let row = |o: usize| (f64::from(params[start + o]), (0..inputs).map(|i| weight(i, o)).collect());
        let layer = Step::Dense((0..outputs).map(row).collect());
        start += outputs * (1 + inputs);
        layer
    };
    let mut steps: Vec<Step> = kinds.into_iter().map(|kind| kind.map_or(Step::Relu, &mut dense)).collect();
    if pooled {
        steps.push(Step::Max { size: 4, stride: 2 });
    }
    steps.push(dense([last, outputs]));
    (graph, params, steps)
}

/// Verdicts, and the attacks on what is proved.
#[derive(Debug, Default)]
struct Counts {
    proved: usize,
    falsified: usize,
    /// Undecided ones, with an exact least margin near 0.
    close: usize,
    /// Other undecided ones: the multipliers of the last domains did not get near enough to the best ones.
    leaves: usize,
    /// Proofs and witnesses after branch and bound.
    searched: usize,
    attacks: usize,
    /// Undecided ones of networks with max pooling where the proof is recorded.
    open_if_recorded: usize,
}

/// The verdict on a random network is the exact one, and no attack breaks what is proved. Every other network has a least margin just
/// above 0.
fn examine(seed: u64, pooled: bool, counts: &mut Counts) {
    let random = &mut Random(seed);
    let (graph, mut params, steps) = tiny(random, 2, pooled);
    let image = [random.unit(), random.unit()];
    let epsilon = [0.05, 0.1, 0.25, 0.4][random.below(4)];
    let input = InputSet::linf(&image, epsilon).unwrap();
    let label = random.below(2);
    let pieces = all_pieces(&input, &steps);
    let margin = |(polygon, values): &(Vec<Point>, Vec<Affine>)| {
        let margin = difference(values[label], values[1 - label]);
        polygon.iter().map(|&p| at(margin, p)).fold(f64::INFINITY, f64::min)
    };
    let mut exact = pieces.iter().map(margin).fold(f64::INFINITY, f64::min);
    if seed.is_multiple_of(2) {
        // A least margin just above 0, which loose bounds do not prove.
        let Some(Step::Dense(last)) = steps.last() else { panic!("a last dense layer") };
        let bias = params.len() - last.iter().map(|(_, weights)| 1 + weights.len()).sum::<usize>() + label;
        let before = f64::from(params[bias]);
        params[bias] = (before + 0.002 - exact) as f32;
        exact += f64::from(params[bias]) - before;
    }
    let program = Program::new(&graph, &params).unwrap();
    let specification = Specification::classification(2, label).unwrap();
    let report = verify(&program, &input, &specification, &VerifyOptions::default()).unwrap();
    counts.searched += usize::from(report.domains > 0);
    if pooled {
        let (recorded, proof) = prove(&program, &input, &specification, &VerifyOptions::default()).unwrap();
        counts.open_if_recorded += usize::from(matches!(recorded.verdict, Verdict::Unknown { .. }));
        assert_eq!(proof.is_some(), matches!(recorded.verdict, Verdict::Proved { .. }), "seed {seed}");
    }
    match report.verdict {
        Verdict::Proved { bound } => {
            assert!(exact > 0.0 && bound <= exact + 1e-6, "seed {seed}: {bound} {exact}");
            counts.proved += 1;
            let model = Model::new(Arc::new(graph), params).unwrap();
            let images = Array2::from_shape_vec((1, 2), image.to_vec()).unwrap();
            let attacks: [&dyn Attack<f32>; 2] = [&Pgd::default(), &Square::default()];
            let attack = attacks[seed as usize % 2];
            let outcome = attack.run(&model, images.view(), &[label], Ball::linf(epsilon).unwrap()).unwrap();
            assert!(!outcome.success[0] && outcome.clean_correct[0], "seed {seed}: {} broke a proof", attack.name());
            counts.attacks += 1;
        }
        Verdict::Falsified { witness } => {
            assert!(exact < 1e-5 && input.contains(&witness.input), "seed {seed}: {exact}");
            counts.falsified += 1;
        }
        Verdict::Unknown { bound, why } => {
            let count = pieces.len();
            let close = exact.abs() < 1e-4;
            assert!(close || why == Reason::Leaves, "seed {seed}: exact {exact}, {bound}, {why:?}, {count} pieces");
            if close { counts.close += 1 } else { counts.leaves += 1 }
        }
    }
}

#[test]
fn verdicts_of_tiny_networks_are_exact() {
    let mut counts = Counts::default();
    (0..300).for_each(|seed| examine(seed, false, &mut counts));
    let Counts { proved, falsified, close, leaves, .. } = counts;
    assert!(proved > 40 && falsified > 60 && close <= 3 && leaves == 0, "{counts:?}");
}

#[test]
fn verdicts_of_tiny_networks_with_max_pooling_are_exact() {
    let mut counts = Counts::default();
    (0..300).for_each(|seed| examine(50_000 + seed, true, &mut counts));
    let Counts { proved, falsified, close, leaves, open_if_recorded, .. } = counts;
    assert!(proved > 40 && falsified > 60 && close <= 3 && leaves == 0 && open_if_recorded <= close, "{counts:?}");
}

/// A hundred thousand networks, of which a quarter has max pooling.
#[test]
#[ignore = "some minutes in release mode"]
fn verdicts_of_many_tiny_networks_are_exact() {
    let started = Instant::now();
    let mut counts = Counts::default();
    for seed in 0..100_000 {
        examine(1_000_000 + seed, seed % 4 == 3, &mut counts);
        if seed % 10_000 == 9_999 {
            println!("{} networks, {:.0} s: {counts:?}", seed + 1, started.elapsed().as_secs_f64());
        }
    }
    assert!(counts.close <= 100 && counts.leaves <= 20, "{counts:?}");
}
