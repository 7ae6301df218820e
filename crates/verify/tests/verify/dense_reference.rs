//! Bounds against a plain dense computation in `f64`.
//!
//! The matrix of each affine layer comes from the network's own forward pass at unit vectors.

use super::random_networks::Random;
use minima_autodiff::{Conv2dSpec, GraphBuilder, Padding, Value};
use minima_verify::{Bounds, InputSet, Method, Program, Rounding, Specification};
use ndarray::{Array1, Array2, Axis};

/// An affine layer of a chain.
#[derive(Clone, Copy)]
enum Layer {
    Conv(Conv2dSpec),
    Mean,
    Dense(usize),
}

fn add(g: &mut GraphBuilder, x: Value, name: &str, layer: Layer) -> Value {
    match layer {
        Layer::Conv(spec) => g.conv2d(x, name, spec).unwrap(),
        Layer::Mean => g.avg_pool2d(x, [2, 2], [2, 1]).unwrap(),
        Layer::Dense(outputs) => {
            let x = g.flatten(x);
            g.dense(x, name, outputs).unwrap()
        }
    }
}

/// Chains of affine layers, with a ReLU after each but the last; `Mean` has no ReLU.
fn chains() -> Vec<(Vec<usize>, Vec<Layer>)> {
    let conv = |features, kernel, stride, padding, dilation, groups| {
        Layer::Conv(Conv2dSpec { features, kernel, stride, padding, dilation, groups, bias: true })
    };
    let explicit = Padding::Explicit { low: [2, 0], high: [0, 1] };
    vec![
        (vec![5], vec![Layer::Dense(7), Layer::Dense(6), Layer::Dense(3)]),
        (
            vec![7, 5, 2],
            vec![
                conv(5, [3, 2], [2, 1], Padding::Same, [1, 1], 1),
                Layer::Mean,
                conv(3, [2, 2], [1, 1], explicit, [1, 2], 1),
                Layer::Dense(3),
            ],
        ),
        (
            vec![9, 11, 4],
            vec![
                conv(6, [3, 3], [1, 2], explicit, [2, 1], 2),
                conv(17, [1, 4], [3, 2], Padding::Same, [1, 1], 1),
                Layer::Dense(4),
                Layer::Dense(3),
            ],
        ),
    ]
}

/// The matrix `(outputs, inputs)` and the constant of one layer.
fn matrix(shape: &[usize], layer: Layer, params: &[f64]) -> (Array2<f64>, Array1<f64>, Vec<usize>) {
    let mut g = GraphBuilder::new(shape);
    let input = g.input();
    let x = add(&mut g, input, "Layer", layer);
    let shape_after = g.shape(x).to_vec();
    let x = g.flatten(x);
    let graph = g.finish(x).unwrap();
    let count = graph.features();
    let points = Array2::from_shape_fn((count + 1, count), |(row, i)| if row == i { 1.0 } else { 0.0 });
    let outputs = graph.logits(params, points.view()).unwrap();
    let constant = outputs.row(count).to_owned();
    let linear = outputs.slice_axis(Axis(0), ndarray::Slice::from(..count)).t().to_owned()
        - constant.view().insert_axis(Axis(1));
    (linear, constant, shape_after)
}

/// The range of an affine layer from the ranges of its inputs.
fn interval(
    (linear, constant): &(Array2<f64>, Array1<f64>),
    input: &(Vec<f64>, Vec<f64>),
) -> (Array1<f64>, Array1<f64>) {
    let middle = Array1::from_iter(input.0.iter().zip(&input.1).map(|(l, u)| 0.5 * (l + u)));
    let radius = Array1::from_iter(input.0.iter().zip(&input.1).map(|(l, u)| 0.5 * (u - l)));
    let (middle, radius) = (linear.dot(&middle) + constant, linear.mapv(f64::abs).dot(&radius));
    (&middle - &radius, &middle + &radius)
}

/// Least values of `rows · z + constants` of a chain's value, by CROWN with adaptive slopes.
fn crown(
    layers: &[(Array2<f64>, Array1<f64>)],
    relus: &[bool],
    ranges: &[(Array1<f64>, Array1<f64>)],
    input: &[(f64, f64)],
    mut rows: Array2<f64>,
    upto: usize,
) -> Array1<f64> {
    let mut constants = Array1::zeros(rows.nrows());
    for k in (0..upto).rev() {
        constants += &rows.dot(&layers[k].1);
        rows = rows.dot(&layers[k].0);
        if k > 0 && relus[k - 1] {
            let (lower, upper) = &ranges[k - 1];
            for (mut row, constant) in rows.outer_iter_mut().zip(&mut constants) {
                for (i, a) in row.iter_mut().enumerate() {
                    let (l, u) = (lower[i], upper[i]);
                    if u <= 0.0 {
                        *a = 0.0;
                    } else if l < 0.0 && *a >= 0.0 {
                        *a *= if u > -l { 1.0 } else { 0.0 };
                    } else if l < 0.0 {
                        *constant -= *a * l * u / (u - l);
                        *a *= u / (u - l);
                    }
                }
            }
        }
    }
    for (row, constant) in rows.outer_iter().zip(&mut constants) {
        *constant += row.iter().zip(input).map(|(&a, &(l, u))| if a >= 0.0 { a * l } else { a * u }).sum::<f64>();
    }
    constants
}

#[test]
fn bounds_equal_dense_ones() {
    for (number, (shape, layers)) in chains().into_iter().enumerate() {
        for seed in 0..6 {
            let random = &mut Random(100 * number as u64 + seed);
            let mut g = GraphBuilder::new(&shape);
            let mut x = g.input();
            let mut relus = Vec::new();
            for (k, &layer) in layers.iter().enumerate() {
                x = add(&mut g, x, &format!("Layer_{k}"), layer);
                let relu = !matches!(layer, Layer::Mean) && k + 1 < layers.len();
                relus.push(relu);
                x = if relu { g.relu(x) } else { x };
            }
            let graph = g.finish(x).unwrap();
            let params: Vec<f32> = (0..graph.parameter_count()).map(|_| random.signed()).collect();
            let wide: Vec<f64> = params.iter().map(|&p| f64::from(p)).collect();
            let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
            let epsilon = [0.01, 0.05, 0.2][seed as usize % 3];
            let set = InputSet::linf(&image, epsilon).unwrap();
            let ends = set.lower().iter().zip(set.upper());
            let input: Vec<(f64, f64)> = ends.map(|(&l, &u)| (f64::from(l), f64::from(u))).collect();

            let mut matrices = Vec::new();
            let (mut at, mut start) = (shape.clone(), 0);
            for &layer in &layers {
                let count = match layer {
                    Layer::Conv(spec) => {
                        spec.features + spec.kernel[0] * spec.kernel[1] * at[2] / spec.groups * spec.features
                    }
                    Layer::Mean => 0,
                    Layer::Dense(outputs) => outputs * (1 + at.iter().product::<usize>()),
                };
                let (linear, constant, after) = matrix(&at, layer, &wide[start..start + count]);
                matrices.push((linear, constant));
                (at, start) = (after, start + count);
            }
            let last = layers.len();
            let mut ranges: Vec<(Array1<f64>, Array1<f64>)> = Vec::new();
            for k in 1..last {
                // Intervals, and for the inputs of ReLUs their intersection with linear bounds.
                let before = match k {
                    1 => input.iter().copied().unzip(),
                    _ if relus[k - 2] => {
                        let (lower, upper) = &ranges[k - 2];
                        (lower.mapv(|x| x.max(0.0)).to_vec(), upper.mapv(|x| x.max(0.0)).to_vec())
                    }
                    _ => (ranges[k - 2].0.to_vec(), ranges[k - 2].1.to_vec()),
                };
                let (mut lower, mut upper) = interval(&matrices[k - 1], &before);
                if relus[k - 1] {
                    let eye = Array2::<f64>::eye(lower.len());
                    let least = crown(&matrices, &relus, &ranges, &input, eye.clone(), k);
                    let most = -crown(&matrices, &relus, &ranges, &input, -eye, k);
                    lower.zip_mut_with(&least, |x, &y| *x = x.max(y));
                    upper.zip_mut_with(&most, |x, &y| *x = x.min(y));
                }
                ranges.push((lower, upper));
            }
            let rows = ndarray::array![[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]];
            let expected = crown(&matrices, &relus, &ranges, &input, rows, last);

            let program = Program::new(&graph, &params).unwrap();
            let specification = Specification::classification(3, 0).unwrap();
            let margins = |rounding| {
                let bounds = Bounds::with_rounding(&program, &set, Method::Crown, rounding).unwrap();
                bounds.margins(&specification).unwrap().concat()
            };
            let (naive, sound) = (margins(Rounding::Ignored), margins(Rounding::Sound));
            for ((&expected, naive), sound) in expected.iter().zip(naive).zip(sound) {
                // Rounding in `f32` of some hundred terms, and what it is charged at most.
                let scale = 1.0 + expected.abs();
                assert!((naive - expected).abs() <= 3e-5 * scale, "chain {number}, seed {seed}: {naive} {expected}");
                let within = expected - 1e-2 * scale..=expected + 1e-6 * scale;
                assert!(within.contains(&sound), "chain {number}, seed {seed}: {sound} {expected}");
            }
        }
    }
}
