//! Verdicts of tiny networks against the exact least margin, from all activation patterns.
//!
//! On two inputs, each ReLU cuts the box into convex polygons on which the network is affine. The least margin is that
//! of a corner.

use super::random_networks::Random;
use minima_autodiff::GraphBuilder;
use minima_verify::{InputSet, Program, Specification, Verdict, VerifyOptions, verify};

type Point = [f64; 2];

/// An affine function of the inputs: coefficients and a constant.
type Affine = [f64; 3];

fn at(f: Affine, p: Point) -> f64 {
    f[0] * p[0] + f[1] * p[1] + f[2]
}

/// The parts of a polygon where a function is at least 0, and at most 0.
fn cut(polygon: &[Point], f: Affine) -> [Vec<Point>; 2] {
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

/// A dense layer: for each output, its bias and its weights.
type Layer = Vec<(f64, Vec<f64>)>;

/// The least margin of label 0 against class 1 on a polygon, with the values of the current layer.
fn least(polygon: &[Point], values: &[Affine], layers: &[Layer], patterns: &mut usize) -> f64 {
    if polygon.len() < 3 {
        return f64::INFINITY;
    }
    let (layer, rest) = layers.split_first().unwrap();
    let outputs: Vec<Affine> = layer
        .iter()
        .map(|(bias, weights)| {
            let mut sum = [0.0, 0.0, *bias];
            for (w, v) in weights.iter().zip(values) {
                sum.iter_mut().zip(v).for_each(|(s, v)| *s += w * v);
            }
            sum
        })
        .collect();
    if rest.is_empty() {
        *patterns += 1;
        let margin = |&p: &Point| at(outputs[0], p) - at(outputs[1], p);
        return polygon.iter().map(margin).fold(f64::INFINITY, f64::min);
    }
    rectified(polygon, &outputs, &mut Vec::new(), rest, patterns)
}

/// The same after the ReLUs of a layer, whose first ones are in `done`.
fn rectified(
    polygon: &[Point],
    outputs: &[Affine],
    done: &mut Vec<Affine>,
    rest: &[Layer],
    patterns: &mut usize,
) -> f64 {
    let Some(&next) = outputs.get(done.len()) else {
        return least(polygon, &done.clone(), rest, patterns);
    };
    let [active, inactive] = cut(polygon, next);
    let mut found = f64::INFINITY;
    for (part, value) in [(active, next), (inactive, [0.0; 3])] {
        if part.len() >= 3 {
            done.push(value);
            found = found.min(rectified(&part, outputs, done, rest, patterns));
            done.pop();
        }
    }
    found
}

#[test]
fn verdicts_of_tiny_networks_are_exact() {
    let (mut proved, mut falsified, mut close) = (0, 0, 0);
    for seed in 0..300 {
        let random = &mut Random(seed);
        let mut sizes = vec![2, 1 + random.below(4)];
        if random.below(2) == 0 {
            sizes.push(1 + random.below(4));
        }
        sizes.push(2);
        let mut g = GraphBuilder::new(&[2]);
        let mut x = g.input();
        for (k, &size) in sizes[1..].iter().enumerate() {
            x = g.dense(x, &format!("Dense_{k}"), size).unwrap();
            if k + 2 < sizes.len() {
                x = g.relu(x);
            }
        }
        let graph = g.finish(x).unwrap();
        let params: Vec<f32> = (0..graph.parameter_count()).map(|_| random.signed()).collect();
        let mut start = 0;
        let mut layers = Vec::new();
        for pair in sizes.windows(2) {
            let (inputs, outputs) = (pair[0], pair[1]);
            let weight = |i: usize, o: usize| f64::from(params[start + outputs + i * outputs + o]);
            let row = |o: usize| (f64::from(params[start + o]), (0..inputs).map(|i| weight(i, o)).collect());
            layers.push((0..outputs).map(row).collect());
            start += outputs * (1 + inputs);
        }
        let box_of = [random.unit() * 0.5, random.unit() * 0.5];
        let input = InputSet::between(&box_of, &box_of.map(|x| x + 0.5)).unwrap();
        let [x, y] = box_of.map(f64::from);
        let polygon = [[x, y], [x + 0.5, y], [x + 0.5, y + 0.5], [x, y + 0.5]];
        let mut patterns = 0;
        let exact = least(&polygon, &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], &layers, &mut patterns);
        let program = Program::new(&graph, &params).unwrap();
        let specification = Specification::classification(2, 0).unwrap();
        let report = verify(&program, &input, &specification, &VerifyOptions::default()).unwrap();
        match report.verdict {
            Verdict::Proved { bound } => {
                assert!(exact > 0.0 && bound <= exact + 1e-6, "seed {seed}: {bound} {exact}");
                proved += 1;
            }
            Verdict::Falsified { .. } => {
                assert!(exact < 1e-5, "seed {seed}: {exact}");
                falsified += 1;
            }
            Verdict::Unknown { bound, why } => {
                assert!(exact.abs() < 1e-4, "seed {seed}: exact {exact}, bound {bound}, {why:?}, {patterns} patterns");
                close += 1;
            }
        }
    }
    assert!(proved > 60 && falsified > 60 && close <= 3, "{proved} {falsified} {close}");
}
