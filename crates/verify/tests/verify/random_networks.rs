//! Random small networks: no point of a set ever lies below a bound.

use minima_autodiff::{Activation, Conv2dSpec, Graph, GraphBuilder, Padding, PoolSpec, Value};
use minima_verify::{
    Bounds, InputSet, Method, Program, Rounding, SlopeOptions, Specification, Verdict, VerifyOptions, verify,
};
use ndarray::Array2;

/// A generator of random numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// A number from 0 to 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// A number from −1 to 1.
    pub(crate) fn signed(&mut self) -> f32 {
        2.0 * self.unit() - 1.0
    }
}

fn convolution(random: &mut Random, g: &mut GraphBuilder, x: Value, name: &str) -> Value {
    let channels = g.shape(x)[2];
    let groups = if channels.is_multiple_of(2) && random.below(2) == 0 { 2 } else { 1 };
    let padding = match random.below(3) {
        0 => Padding::Same,
        1 => Padding::Valid,
        _ => Padding::Explicit { low: [1, 0], high: [0, 2] },
    };
    let spec = Conv2dSpec {
        features: groups * (1 + random.below(3)),
        kernel: [1 + random.below(3), 1 + random.below(3)],
        stride: [1 + random.below(2), 1 + random.below(2)],
        padding,
        dilation: [1, 1 + random.below(2)],
        groups,
        bias: random.below(2) == 0,
    };
    g.conv2d(x, name, spec).unwrap_or(x)
}

/// A random network on images of 7 × 6 × 2 with three classes, and its parameters.
pub(crate) fn network(random: &mut Random) -> (Graph, Vec<f32>) {
    let mut g = GraphBuilder::new(&[7, 6, 2]);
    let mut x = g.input();
    if random.below(3) == 0 {
        x = g.affine(x, &[2.0, 0.3], &[-0.4, 0.1]).unwrap();
    }
    for k in 0..1 + random.below(3) {
        x = convolution(random, &mut g, x, &format!("Conv_{k}"));
        x = match random.below(4) {
            0 => g.activation(x, Activation::LeakyRelu { slope: 0.1 }),
            _ => g.relu(x),
        };
        match random.below(5) {
            0 => x = g.avg_pool2d_padded(x, PoolSpec::new([2, 2], [2, 1]).with_padding(Padding::Same)).unwrap_or(x),
            1 => x = g.max_pool2d(x, [2, 2], [1 + random.below(2), 2]).unwrap_or(x),
            2 => {
                let channels = g.shape(x)[2];
                let y = g.conv2d(x, &format!("Residual_{k}"), Conv2dSpec::same(channels, 3)).unwrap();
                let y = g.relu(y);
                x = g.add(x, y).unwrap();
            }
            3 => {
                let y = g.conv2d(x, &format!("Branch_{k}"), Conv2dSpec::same(1, 1)).unwrap();
                x = g.concat(&[x, y], 2).unwrap();
            }
            _ => {}
        }
    }
    x = if random.below(4) == 0 { g.global_avg_pool(x).unwrap() } else { g.flatten(x) };
    if random.below(2) == 0 {
        x = g.dense(x, "Dense_0", 5).unwrap();
        x = g.relu(x);
    }
    let logits = g.dense(x, "Dense_1", 3).unwrap();
    let graph = g.finish(logits).unwrap();
    let params = (0..graph.parameter_count()).map(|_| random.signed()).collect();
    (graph, params)
}

/// Random points of a box, half of them with some pixels at its ends.
fn points(random: &mut Random, input: &InputSet, count: usize) -> Array2<f32> {
    Array2::from_shape_fn((count, input.len()), |(row, i)| {
        let (low, high) = (input.lower()[i], input.upper()[i]);
        match (row % 2, random.below(3)) {
            (0, 0) => low,
            (0, 1) => high,
            _ => (low + random.unit() * (high - low)).clamp(low, high),
        }
    })
}

fn examine(seed: u64, count: usize) {
    let random = &mut Random(seed);
    let (graph, params) = network(random);
    let program = Program::new(&graph, &params).unwrap();
    let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
    let epsilon = [0.0, 0.003, 0.03, 0.2][random.below(4)];
    let l2 = random.below(4) == 0;
    let set = |epsilon| if l2 { InputSet::l2(&image, epsilon) } else { InputSet::linf(&image, epsilon) };
    let input = set(epsilon).unwrap();
    let specification = Specification::classification(3, random.below(3)).unwrap();
    let mut lowest = vec![f64::INFINITY; 2];
    let (mut least, mut most) = (vec![f32::INFINITY; 3], vec![f32::NEG_INFINITY; 3]);
    let points = points(random, &input, count);
    let mut violated = false;
    for (point, outputs) in points.outer_iter().zip(program.evaluate(points.view()).unwrap().outer_iter()) {
        if !input.contains(&point.to_vec()) {
            continue;
        }
        let outputs = outputs.to_vec();
        violated |= specification.violated(&outputs).is_some();
        for (low, target) in lowest.iter_mut().zip(specification.targets()) {
            *low = low.min(target[0].margin(&outputs));
        }
        for (k, &y) in outputs.iter().enumerate() {
            (least[k], most[k]) = (least[k].min(y), most[k].max(y));
        }
    }
    let mut before: Option<Vec<Vec<f64>>> = None;
    for method in [Method::Interval, Method::Crown, Method::Slopes] {
        let mut bounds = Bounds::new(&program, &input, method).unwrap();
        let margins = match method {
            Method::Slopes => {
                bounds.optimise(&specification, &SlopeOptions { iterations: 5, ..SlopeOptions::default() })
            }
            _ => bounds.margins(&specification),
        };
        let margins = margins.unwrap();
        for (low, margin) in lowest.iter().zip(margins.iter().flatten()) {
            assert!(margin <= low, "seed {seed}, {method:?}: bound {margin} above {low}");
        }
        let (lower, upper) = bounds.outputs();
        for k in 0..3 {
            assert!(
                least[k] == f32::INFINITY || (lower[k] <= least[k] && most[k] <= upper[k]),
                "seed {seed}, {method:?}"
            );
        }
        if let (Some(before), Method::Slopes) = (&before, method) {
            let pairs = before.iter().flatten().zip(margins.iter().flatten());
            assert!(pairs.into_iter().all(|(before, after)| after >= before), "seed {seed}: slopes worsen a bound");
        }
        before = Some(margins);
    }
    let naive = Bounds::with_rounding(&program, &input, Method::Crown, Rounding::Ignored).unwrap();
    let naive = naive.margins(&specification).unwrap();
    let sound = Bounds::new(&program, &input, Method::Crown).unwrap().margins(&specification).unwrap();
    for (naive, sound) in naive.iter().flatten().zip(sound.iter().flatten()) {
        // Adaptive slopes may change with the last bit of a range, so only a large gain would be an error.
        assert!(sound <= &(naive + 1e-2 * (1.0 + naive.abs())), "seed {seed}: {sound} {naive}");
    }
    // Interval bounds are monotone in the radius.
    if epsilon > 0.0 {
        let smaller = set(0.5 * epsilon).unwrap();
        let margins = |input| {
            let bounds = Bounds::new(&program, input, Method::Interval).unwrap();
            bounds.margins(&specification).unwrap().concat()
        };
        let (large, small) = (
            Bounds::new(&program, &input, Method::Interval).unwrap(),
            Bounds::new(&program, &smaller, Method::Interval).unwrap(),
        );
        assert!(large.outputs().0.iter().zip(small.outputs().0).all(|(large, small)| large <= small), "seed {seed}");
        assert_eq!(margins(&input).len(), margins(&smaller).len());
    }
    let options = VerifyOptions { domains: 64, attack_steps: 5, ..VerifyOptions::default() };
    let report = verify(&program, &input, &specification, &options).unwrap();
    match report.verdict {
        Verdict::Proved { bound } => {
            assert!(!violated, "seed {seed}: proved, and broken by a random point");
            assert!(lowest.iter().all(|&low| bound <= low), "seed {seed}: {bound} {lowest:?}");
        }
        Verdict::Falsified { witness } => {
            assert!(input.contains(&witness.input));
            let point = Array2::from_shape_vec((1, witness.input.len()), witness.input).unwrap();
            let outputs = graph.logits(&params, point.view()).unwrap().row(0).to_vec();
            assert_eq!(outputs, witness.output);
            assert!(specification.targets()[witness.target][0].margin(&outputs) <= 0.0);
        }
        Verdict::Unknown { .. } => {}
    }
}

#[test]
fn no_point_lies_below_a_bound() {
    let networks = if cfg!(debug_assertions) { 100 } else { 400 };
    for seed in 0..networks {
        examine(seed, 100);
    }
}

#[test]
#[ignore = "two million points"]
fn no_point_of_many_lies_below_a_bound() {
    for seed in 1_000..21_000 {
        examine(seed, 100);
    }
}

/// A block whose rows read a part of a concatenation, after a block that wrote all of it: what was there before must not
/// count.
#[test]
fn earlier_passes_leave_nothing_behind() {
    for seed in 0..60 {
        let random = &mut Random(7_000 + seed);
        let mut g = GraphBuilder::new(&[6, 6, 2]);
        let x = g.input();
        let x = g.conv2d(x, "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
        let x = g.relu(x);
        let y = g.conv2d(x, "Conv_1", Conv2dSpec::same(2, 3)).unwrap();
        let x = g.concat(&[x, y], 2).unwrap();
        let x = g.conv2d(x, "Conv_2", Conv2dSpec::same(4, 3)).unwrap();
        let x = g.relu(x);
        let x = g.flatten(x);
        let x = g.dense(x, "Dense_0", 3).unwrap();
        let graph = g.finish(x).unwrap();
        let params: Vec<f32> = (0..graph.parameter_count()).map(|_| random.signed()).collect();
        let program = Program::new(&graph, &params).unwrap();
        let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
        let input = InputSet::linf(&image, 0.1).unwrap();
        let specification = Specification::classification(3, 0).unwrap();
        let margins = || {
            let bounds = Bounds::new(&program, &input, Method::Crown).unwrap();
            bounds.margins(&specification).unwrap()
        };
        // A new thread has no space of earlier passes.
        let fresh = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(margins);
        for _ in 0..2 {
            assert_eq!(margins(), fresh, "seed {seed}");
        }
    }
}
