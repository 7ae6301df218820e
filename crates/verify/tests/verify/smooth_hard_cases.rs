//! Networks with smooth operations on which a careless verifier proves something false.

use minima_autodiff::{Activation, Graph, GraphBuilder, NormSpec};
use minima_verify::{
    Bounds, InputSet, LinearConstraint, Method, Program, Reason, Rounding, Specification, Verdict, VerifyOptions,
    verify,
};
use ndarray::Array2;

/// Output 0 must not be at most `limit`.
fn at_most(limit: f64) -> Specification {
    let constraint = LinearConstraint { coefficients: vec![1.0], bound: limit };
    Specification::unsafe_outputs(1, vec![vec![constraint]]).unwrap()
}

/// The outputs at points of a set.
fn outputs(program: &Program, points: &[Vec<f32>]) -> Vec<f32> {
    let points = Array2::from_shape_fn((points.len(), points[0].len()), |(row, i)| points[row][i]);
    program.evaluate(points.view()).unwrap().column(0).to_vec()
}

/// Bounds of output 0 by both methods hold at points.
fn holds(graph: &Graph, params: &[f32], lower: &[f32], upper: &[f32], points: &[Vec<f32>]) -> [f32; 2] {
    let program = Program::new(graph, params).unwrap();
    let set = InputSet::between(lower, upper).unwrap();
    let found = outputs(&program, points);
    let mut tightest = [f32::NEG_INFINITY, f32::INFINITY];
    for method in [Method::Interval, Method::Crown] {
        let bounds = Bounds::new(&program, &set, method).unwrap();
        let (low, high) = (bounds.outputs().0[0], bounds.outputs().1[0]);
        let margin = bounds.margins(&at_most(0.0)).unwrap()[0][0];
        for (point, &y) in points.iter().zip(&found) {
            assert!(set.contains(point));
            assert!(low <= y && y <= high, "{method:?}: {y} outside [{low}, {high}] at {point:?}");
            assert!(margin.is_nan() || margin <= f64::from(y), "{method:?}: {margin} above {y} at {point:?}");
        }
        tightest = [tightest[0].max(low), tightest[1].min(high)];
    }
    tightest
}

/// Normalisation of numbers with a large mean: in `f32` the mean's rounding is as large as the deviations.
#[test]
fn a_normalisation_that_forgets_its_mean() {
    let mut g = GraphBuilder::new(&[4]);
    let x = g.affine(g.input(), &[1.0; 4], &[4_000_000.0; 4]).unwrap();
    let spec = NormSpec { epsilon: 1e-6, scale: false, shift: false };
    let x = g.layer_norm(x, "Norm", spec).unwrap();
    let x = g.dense(x, "D", 1).unwrap();
    let graph = g.finish(x).unwrap();
    let params = [0.0, 1.0, 0.5, -0.25, -1.0];
    let points: Vec<Vec<f32>> =
        (0..4_000).map(|k| (0..4).map(|i| ((k * (7 + 4 * i) % 1_009) as f32) / 1_009.0).collect()).collect();
    holds(&graph, &params, &[0.0; 4], &[1.0; 4], &points);
    // On a point, rounding decides, and a bound in real arithmetic misses the network's number.
    let program = Program::new(&graph, &params).unwrap();
    let mut missed = 0;
    for point in &points[..200] {
        holds(&graph, &params, point, point, std::slice::from_ref(point));
        let set = InputSet::between(point, point).unwrap();
        let naive = Bounds::with_rounding(&program, &set, Method::Crown, Rounding::Ignored).unwrap();
        let margin = naive.margins(&at_most(0.0)).unwrap()[0][0];
        missed += usize::from(margin > f64::from(outputs(&program, std::slice::from_ref(point))[0]) + 1e-3);
    }
    assert!(missed > 10, "{missed}: not the case that is meant");
}

/// A constant input has no deviation: the inverse root is as large as it can be.
#[test]
fn a_normalisation_of_equal_numbers() {
    let mut g = GraphBuilder::new(&[3]);
    let spec = NormSpec { epsilon: 1e-12, scale: false, shift: false };
    let x = g.layer_norm(g.input(), "Norm", spec).unwrap();
    let x = g.dense(x, "D", 1).unwrap();
    let graph = g.finish(x).unwrap();
    let params = [0.0, 1.0, -2.0, 0.7];
    let points: Vec<Vec<f32>> = (0..2_000)
        .map(|k| (0..3).map(|i| 0.5 + 1e-4 * (((k * (3 + 2 * i) + i) % 101) as f32 / 50.0 - 1.0)).collect())
        .collect();
    let [low, high] = holds(&graph, &params, &[0.499; 3], &[0.501; 3], &points);
    // The normalised numbers are at most √3 in size, so the output is at most 3.7 √3.
    assert!(low > -6.5 && high < 6.5, "{low} {high}");
}

#[test]
fn a_softmax_of_large_scores() {
    for size in [1.0, 30.0, 3_000.0, 3e6] {
        let mut g = GraphBuilder::new(&[3]);
        let x = g.affine(g.input(), &[size; 3], &[0.3 * size; 3]).unwrap();
        let x = g.softmax(x).unwrap();
        let x = g.dense(x, "D", 1).unwrap();
        let graph = g.finish(x).unwrap();
        let params = [0.0, 1.0, -2.0, 3.0];
        for width in [1.0, 0.1, 1e-3, 1e-6] {
            let lower = [0.4, 0.4, 0.4];
            let upper = lower.map(|x: f32| x + width);
            let points: Vec<Vec<f32>> = (0..2_000)
                .map(|k| {
                    let share = |i: usize| ((k * (3 + 2 * i) + i) % 41) as f32 / 40.0;
                    (0..3).map(|i| (lower[i] + share(i) * width).clamp(lower[i], upper[i])).collect()
                })
                .collect();
            let [low, high] = holds(&graph, &params, &lower, &upper, &points);
            // Each share is from 0 to 1.
            assert!(low > -2.1 && high < 4.1, "{low} {high}");
        }
    }
}

/// Two products of the same numbers, which a bound must not take for independent of their rounding.
#[test]
fn products_of_numbers_of_any_size() {
    for size in [1e-25_f32, 1e-3, 1.0, 1e6, 1e18, 1e19] {
        let mut g = GraphBuilder::new(&[2]);
        let a = g.slice(g.input(), 0, 0..1).unwrap();
        let b = g.slice(g.input(), 0, 1..2).unwrap();
        let x = g.multiply(a, b).unwrap();
        let y = g.multiply(a, a).unwrap();
        let x = g.add(x, y).unwrap();
        let x = g.dense(x, "D", 1).unwrap();
        let graph = g.finish(x).unwrap();
        let (lower, upper) = ([-size, 0.3 * size], [0.7 * size, size]);
        let points: Vec<Vec<f32>> = (0..900)
            .map(|k| {
                let share = |j: usize| (j as f32 / 29.0).min(1.0);
                let at = |i: usize, j: usize| (lower[i] + share(j) * (upper[i] - lower[i])).clamp(lower[i], upper[i]);
                vec![at(0, k / 30), at(1, k % 30)]
            })
            .collect();
        holds(&graph, &[0.0, 1.0], &lower, &upper, &points);
    }
}

/// Numbers that overflow, or divisions by zero, within the set.
#[test]
fn infinite_numbers_prove_nothing() {
    let cases: [(&[Activation], f64, f64); 4] = [
        (&[Activation::Reciprocal], 1.0, -0.5),
        (&[Activation::Sqrt], 1.0, -0.5),
        (&[Activation::Elu { alpha: 3e38 }, Activation::Elu { alpha: 3e38 }], -3.0, 0.0),
        (&[Activation::LeakyRelu { slope: 3e38 }, Activation::LeakyRelu { slope: 3e38 }, Activation::Tanh], -3.0, 0.0),
    ];
    for (functions, scale, shift) in cases {
        let mut g = GraphBuilder::new(&[1]);
        let mut x = g.affine(g.input(), &[scale], &[shift]).unwrap();
        for &function in functions {
            x = g.activation(x, function);
        }
        let x = g.dense(x, "D", 1).unwrap();
        let graph = g.finish(x).unwrap();
        let program = Program::new(&graph, &[0.0, 1.0]).unwrap();
        let set = InputSet::between(&[0.0], &[1.0]).unwrap();
        for method in [Method::Interval, Method::Crown, Method::Complete] {
            let options = VerifyOptions { method, domains: 50, attack_steps: 0, ..VerifyOptions::default() };
            let report = verify(&program, &set, &at_most(-1e30), &options).unwrap();
            assert!(
                !matches!(report.verdict, Verdict::Proved { .. }),
                "{functions:?} {method:?}: {:?}",
                report.verdict
            );
        }
    }
}

/// With few inputs the box is split, so that nearly every true claim is proved and every false one is refuted.
#[test]
fn boxes_of_few_inputs_are_split() {
    let mut proved = 0;
    for seed in 0..12 {
        let mut g = GraphBuilder::new(&[2]);
        let x = g.dense(g.input(), "D0", 6).unwrap();
        let x = g.activation(x, [Activation::Tanh, Activation::Gelu, Activation::Silu][seed as usize % 3]);
        let x = g.dense(x, "D1", 5).unwrap();
        let x = g.activation(x, Activation::Tanh);
        let y = g.dense(x, "D2", 1).unwrap();
        let graph = g.finish(y).unwrap();
        let params: Vec<f32> =
            minima_rng::Key::new(seed).uniform(graph.parameter_count()).into_iter().map(|x| 4.0 * x - 2.0).collect();
        let program = Program::new(&graph, &params).unwrap();
        let set = InputSet::between(&[-1.0; 2], &[1.0; 2]).unwrap();
        let side = 201;
        let points: Vec<Vec<f32>> = (0..side * side)
            .map(|k| [k / side, k % side].map(|j| (j as f32 / 100.0 - 1.0).clamp(-1.0, 1.0)).to_vec())
            .collect();
        let least = f64::from(outputs(&program, &points).into_iter().fold(f32::INFINITY, f32::min));
        let crown = Bounds::new(&program, &set, Method::Crown).unwrap().margins(&at_most(0.0)).unwrap()[0][0];
        assert!(crown < least);
        for (limit, known) in [(least - 0.05, true), (least + 1e-4, false)] {
            let options = VerifyOptions { domains: 4_000, attack_steps: 0, ..VerifyOptions::default() };
            let report = verify(&program, &set, &at_most(limit), &options).unwrap();
            match report.verdict {
                Verdict::Proved { bound } => {
                    assert!(known && bound <= least - limit, "seed {seed}: {bound}");
                    proved += usize::from(crown < limit);
                }
                Verdict::Falsified { .. } => assert!(!known || report.domains > 0, "seed {seed}"),
                Verdict::Unknown { why, .. } => assert!(!known, "seed {seed}: {why:?} after {} boxes", report.domains),
            }
        }
    }
    assert!(proved >= 5, "{proved} were proved by splits");
}

/// With many inputs and no ReLU, nothing is left to split.
#[test]
fn a_smooth_network_of_many_inputs_is_undecided() {
    let mut g = GraphBuilder::new(&[40]);
    let x = g.dense(g.input(), "D0", 6).unwrap();
    let x = g.activation(x, Activation::Tanh);
    let x = g.dense(x, "D1", 1).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f32> = graph.init(3);
    let program = Program::new(&graph, &params).unwrap();
    let set = InputSet::between(&[0.0; 40], &[1.0; 40]).unwrap();
    let bounds = Bounds::new(&program, &set, Method::Crown).unwrap();
    let low = bounds.margins(&at_most(0.0)).unwrap()[0][0];
    let options = VerifyOptions { attack_steps: 0, ..VerifyOptions::default() };
    let report = verify(&program, &set, &at_most(low + 1e-3), &options).unwrap();
    assert!(matches!(report.verdict, Verdict::Unknown { why: Reason::Method, .. }), "{:?}", report.verdict);
    assert_eq!(report.domains, 0);
}

/// No method may prove that the output at a point of the set does not occur.
fn not_proved(graph: &Graph, params: &[f32], [lower, upper, point]: [&[f32]; 3], limit: f64) {
    let program = Program::new(graph, params).unwrap();
    let set = InputSet::between(lower, upper).unwrap();
    let found = f64::from(outputs(&program, &[point.to_vec()])[0]);
    assert!(set.contains(point) && (found <= limit || found.is_nan()), "not the case that is meant: {found}");
    for method in [Method::Interval, Method::Crown, Method::Slopes, Method::Complete] {
        let options = VerifyOptions { method, domains: 100, attack_steps: 0, ..VerifyOptions::default() };
        let report = verify(&program, &set, &at_most(limit), &options).unwrap();
        assert!(!matches!(report.verdict, Verdict::Proved { .. }), "{method:?}: {:?}", report.verdict);
    }
}

/// A product whose sum overflows before its factor makes it small again.
#[test]
fn products_whose_partial_sums_overflow() {
    let mut g = GraphBuilder::new(&[2, 2]);
    let x = g.matmul(g.input(), g.input(), 1e-5).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "D", 1).unwrap();
    let graph = g.finish(x).unwrap();
    let (lower, upper) = ([1e19; 4], [2e19; 4]);
    // The sums are −8e38 and more in exact arithmetic, and the network's are infinite.
    not_proved(&graph, &[0.0, -1.0, 0.0, 0.0, 0.0], [&lower, &upper, &upper], -1e36);
}

/// 225 additions of small numbers to a coefficient of 1, each of which may be lost.
#[test]
fn many_additions_from_a_product_to_one_coefficient() {
    let rows = 225;
    let mut g = GraphBuilder::new(&[1]);
    let x = g.input();
    let small = g.constant(&[rows, 1], &vec![2.0_f64.powi(-25) * 0.9999; rows]).unwrap();
    let column = g.reshape(x, &[1, 1]).unwrap();
    let y = g.matmul(small, column, 1.0).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "D0", 1).unwrap();
    let x = g.dense(x, "D1", 1).unwrap();
    let y = g.add(y, x).unwrap();
    let graph = g.finish(y).unwrap();
    let params = [vec![0.0], vec![1.0; rows], vec![0.0, 1.0]].concat();
    not_proved(&graph, &params, [&[-1.0], &[-0.5], &[-1.0]], -(1.0 + 95.0 * 2.0_f64.powi(-24)));
}
