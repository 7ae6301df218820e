//! Networks on which a careless verifier proves something false. Each proof is compared with the network's own outputs.

use minima_autodiff::{Conv2dSpec, DenseSpec, Graph, GraphBuilder, Padding};
use minima_rng::Key;
use minima_verify::{
    Bounds, InputSet, LinearConstraint, Method, Program, Specification, Verdict, VerifyOptions, verify,
};
use ndarray::Array2;

/// Output 0 must not be at most `limit`.
fn at_most(limit: f64) -> Specification {
    let constraint = LinearConstraint { coefficients: vec![1.0], bound: limit };
    Specification::unsafe_outputs(1, vec![vec![constraint]]).unwrap()
}

fn output(program: &Program, point: &[f32]) -> f32 {
    let point = Array2::from_shape_vec((1, point.len()), point.to_vec()).unwrap();
    program.evaluate(point.view()).unwrap()[[0, 0]]
}

fn random(seed: u64, count: usize) -> Vec<f32> {
    Key::new(seed).uniform(count).into_iter().map(|x| 2.0 * x - 1.0).collect()
}

/// No method may prove that the output at a point of the set does not occur.
fn not_proved(graph: &Graph, params: &[f32], lower: &[f32], upper: &[f32], point: &[f32], limit: f64) {
    let program = Program::new(graph, params).unwrap();
    let set = InputSet::between(lower, upper).unwrap();
    assert!(set.contains(point) && f64::from(output(&program, point)) <= limit, "not the case that is meant");
    for method in [Method::Interval, Method::Crown, Method::Slopes, Method::Complete] {
        let options = VerifyOptions { method, domains: 200, attack_steps: 0, ..VerifyOptions::default() };
        let report = verify(&program, &set, &at_most(limit), &options).unwrap();
        assert!(!matches!(report.verdict, Verdict::Proved { .. }), "{method:?}: {:?}", report.verdict);
    }
}

#[test]
fn a_dense_layer_on_the_last_of_several_axes() {
    let mut g = GraphBuilder::new(&[2, 2, 1]);
    let x = g.dense_on_last_axis(g.input(), "T", &DenseSpec::new(1)).unwrap();
    let x = g.flatten(x);
    let y = g.dense(x, "D", 1).unwrap();
    let graph = g.finish(y).unwrap();
    let params = [0.0, 1.0, 1.8, 1.0, 1.0, -1.0, -1.0];
    not_proved(&graph, &params, &[0.0; 4], &[1.0; 4], &[0.0, 0.0, 1.0, 1.0], 0.0);

    for shape in [&[2, 3][..], &[2, 3, 2], &[1, 3, 2], &[2, 2, 2, 2]] {
        let mut g = GraphBuilder::new(shape);
        let x = g.dense_on_last_axis(g.input(), "T", &DenseSpec::new(2)).unwrap();
        let x = g.relu(x);
        let x = g.flatten(x);
        let y = g.dense(x, "D", 1).unwrap();
        let graph = g.finish(y).unwrap();
        let program = Program::new(&graph, &random(5, graph.parameter_count())).unwrap();
        let count = graph.features();
        let set = InputSet::between(&vec![-1.0; count], &vec![1.0; count]).unwrap();
        let signs = random(6, 2_000 * count).into_iter().map(f32::signum).collect();
        let points = Array2::from_shape_vec((2_000, count), signs).unwrap();
        let least = program.evaluate(points.view()).unwrap().iter().copied().fold(f32::INFINITY, f32::min);
        for method in [Method::Interval, Method::Crown] {
            let margin = Bounds::new(&program, &set, method).unwrap().margins(&at_most(0.0)).unwrap()[0][0];
            assert!(margin <= f64::from(least), "{shape:?} {method:?}: {margin} above {least}");
        }
    }
}

/// A convolution that skips a column: the outputs do not depend on ReLUs whose inputs they read elsewhere.
#[test]
fn splits_of_neurons_that_the_outputs_do_not_read() {
    let one = |features, stride| Conv2dSpec {
        features,
        kernel: [1, 1],
        stride,
        padding: Padding::Valid,
        dilation: [1, 1],
        groups: 1,
        bias: true,
    };
    let mut g = GraphBuilder::new(&[1, 2, 1]);
    let z = g.conv2d(g.input(), "C1", one(6, [1, 1])).unwrap();
    let x = g.relu(z);
    let x = g.conv2d(x, "C2", one(6, [1, 1])).unwrap();
    let x = g.relu(x);
    let x = g.conv2d(x, "C3", one(3, [1, 2])).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "Da", 1).unwrap();
    let z = g.flatten(z);
    let z = g.dense(z, "Db", 1).unwrap();
    let y = g.add(x, z).unwrap();
    let graph = g.finish(y).unwrap();
    let set = InputSet::between(&[-1.0; 2], &[1.0; 2]).unwrap();
    // The output is linear in the second input.
    let points = Array2::from_shape_fn((3_000, 2), |(row, i)| match i {
        0 => ((row / 2) as f32 / 749.5 - 1.0).clamp(-1.0, 1.0),
        _ => {
            if row % 2 == 0 {
                -1.0
            } else {
                1.0
            }
        }
    });
    let mut proved = 0;
    for seed in 0..300 {
        let program = Program::new(&graph, &random(seed, graph.parameter_count())).unwrap();
        let least = program.evaluate(points.view()).unwrap().iter().copied().fold(f32::INFINITY, f32::min);
        for (below, known) in [(-0.02, false), (0.001, true), (0.02, true)] {
            let limit = f64::from(least) - below;
            let options = VerifyOptions { domains: 500, attack_steps: 0, ..VerifyOptions::default() };
            if let Verdict::Proved { bound } = verify(&program, &set, &at_most(limit), &options).unwrap().verdict {
                // The margin at the point with the least output is `below`, rounded in f32.
                assert!(known && bound <= below + 1e-6, "seed {seed}: {bound} above {below}");
                proved += 1;
            }
        }
    }
    assert!(proved > 500, "{proved}");
}

#[test]
fn partial_sums_that_overflow() {
    let mut g = GraphBuilder::new(&[2, 2, 1]);
    let x = g.global_avg_pool(g.input()).unwrap();
    let y = g.dense(x, "D", 1).unwrap();
    let graph = g.finish(y).unwrap();
    not_proved(&graph, &[0.0, -1.0], &[6e37; 4], &[1e38; 4], &[1e38; 4], -2e38);

    let mut g = GraphBuilder::new(&[64]);
    let y = g.dense(g.input(), "D", 1).unwrap();
    let graph = g.finish(y).unwrap();
    let mut params = vec![0.0; 65];
    params[0] = 1e37;
    for (place, weight) in [-3e38, -3e38, 3e38, 3e38].into_iter().enumerate() {
        params[1 + 16 * place] = weight;
    }
    let (lower, upper) = ([0.583_703; 64], [0.583_853; 64]);
    not_proved(&graph, &params, &lower, &upper, &upper, 0.0);
}

/// 225 additions of small numbers to a coefficient of 1, each of which may be lost.
#[test]
fn many_additions_to_one_coefficient() {
    let (size, side) = (15, 29);
    let mut g = GraphBuilder::new(&[side, side, 1]);
    let mean = g.avg_pool2d(g.input(), [size, size], [1, 1]).unwrap();
    let mean = g.flatten(mean);
    let mean = g.dense(mean, "D0", 1).unwrap();
    let x = g.flatten(g.input());
    let x = g.dense(x, "D1", 1).unwrap();
    let y = g.add(mean, x).unwrap();
    let graph = g.finish(y).unwrap();
    let (area, centre) = (size * size, side * side / 2);
    let small = area as f32 * 2.0_f32.powi(-25) * 0.9999;
    let mut params = [vec![0.0], vec![small; area], vec![0.0; 1 + side * side]].concat();
    params[2 + area + centre] = 1.0;
    let (mut lower, mut upper) = (vec![0.0; side * side], vec![0.0; side * side]);
    (lower[centre], upper[centre]) = (-1.0, -0.5);
    not_proved(&graph, &params, &lower, &upper, &lower, -(1.0 + 95.0 * 2.0_f64.powi(-24)));
}

#[test]
fn a_range_that_is_unknown_stays_unknown_after_a_maximum() {
    let mut g = GraphBuilder::new(&[2]);
    let a = g.dense(g.input(), "D0", 2).unwrap();
    let a = g.dense(a, "D1", 1).unwrap();
    let a = g.dense(a, "D2", 1).unwrap();
    let b = g.dense(g.input(), "D3", 1).unwrap();
    let x = g.concat(&[a, b], 0).unwrap();
    let x = g.reshape(x, &[1, 2, 1]).unwrap();
    let x = g.max_pool2d(x, [1, 2], [1, 2]).unwrap();
    let x = g.flatten(x);
    let y = g.affine(x, &[-1.0], &[100.0]).unwrap();
    let graph = g.finish(y).unwrap();
    let params = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 3e38, 3e38, 0.0, 1e-30, 0.0, 0.0, 1.0];
    let program = Program::new(&graph, &params).unwrap();
    let set = InputSet::between(&[-1.0, 1.0], &[1.0, 2.0]).unwrap();
    let found = output(&program, &[0.1, 1.0]);
    let bounds = Bounds::new(&program, &set, Method::Crown).unwrap();
    let (low, high) = bounds.outputs();
    assert!(low[0] <= found && found <= high[0], "{found} outside [{}, {}]", low[0], high[0]);
    not_proved(&graph, &params, &[-1.0, 1.0], &[1.0, 2.0], &[0.1, 1.0], 0.0);
}

/// The only output of a convolution lies in the border, so it reads nothing of a ReLU whose input is read elsewhere.
#[test]
fn a_convolution_that_reads_only_the_border() {
    let mut g = GraphBuilder::new(&[1, 1, 1]);
    let one = Conv2dSpec {
        features: 2,
        kernel: [1, 1],
        stride: [1, 1],
        padding: Padding::Valid,
        dilation: [1, 1],
        groups: 1,
        bias: true,
    };
    let z = g.conv2d(g.input(), "C0", one).unwrap();
    let border = Conv2dSpec {
        features: 1,
        stride: [2, 2],
        padding: Padding::Explicit { low: [1, 1], high: [0, 0] },
        ..Conv2dSpec::same(1, 1)
    };
    let y = g.relu(z);
    let y = g.conv2d(y, "C1", border).unwrap();
    let y = g.flatten(y);
    let z = g.flatten(z);
    let z = g.relu(z);
    let z = g.dense(z, "D", 1).unwrap();
    let y = g.add(y, z).unwrap();
    let graph = g.finish(y).unwrap();
    let params: Vec<f32> = (0..graph.parameter_count()).map(|k| if k % 2 == 0 { 0.1 } else { 1.0 }).collect();
    let program = Program::new(&graph, &params).unwrap();
    let set = InputSet::between(&[-1.0], &[1.0]).unwrap();
    let points = Array2::from_shape_fn((401, 1), |(row, _)| row as f32 / 200.0 - 1.0);
    let least = program.evaluate(points.view()).unwrap().iter().copied().fold(f32::INFINITY, f32::min);
    for below in [-0.1, 0.01] {
        let options = VerifyOptions { domains: 100, attack_steps: 0, ..VerifyOptions::default() };
        let report = verify(&program, &set, &at_most(f64::from(least) - below), &options).unwrap();
        assert_eq!(matches!(report.verdict, Verdict::Proved { .. }), below > 0.0, "{:?}", report.verdict);
    }
}
