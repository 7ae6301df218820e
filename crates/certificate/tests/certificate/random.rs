//! Random small networks: what the verifier proves is accepted, and no point lies below the checker's bound.

use crate::search::{Proved, proved};
use minima_autodiff::{Activation, Conv2dSpec, Graph, GraphBuilder, Padding, PoolSpec};
use minima_certificate::{Certificate, Norm, Property, Step};
use ndarray::Array2;

/// A generator of random numbers (SplitMix64, Steele et al. 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn bits(&mut self) -> u64 {
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
}

/// A random network on images of 6 × 5 × 2 with three classes, and its parameters.
pub(crate) fn network(random: &mut Random) -> (Graph, Vec<f32>) {
    let mut g = GraphBuilder::new(&[6, 5, 2]);
    let mut x = g.input();
    if random.below(3) == 0 {
        x = g.affine(x, &[1.5, -0.4], &[0.3, 0.1]).unwrap();
    }
    for k in 0..1 + random.below(2) {
        let groups = if g.shape(x)[2].is_multiple_of(2) { 1 + random.below(2) } else { 1 };
        let spec = Conv2dSpec {
            features: groups * (1 + random.below(2)),
            kernel: [1 + random.below(3), 1 + random.below(2)],
            stride: [1 + random.below(2), 1],
            padding: [Padding::Same, Padding::Valid, Padding::Explicit { low: [1, 0], high: [0, 2] }][random.below(3)],
            dilation: [1, 1 + random.below(2)],
            groups,
            bias: random.below(2) == 0,
        };
        x = g.conv2d(x, &format!("Conv_{k}"), spec).unwrap_or(x);
        x = match random.below(3) {
            0 => g.activation(x, Activation::LeakyRelu { slope: 0.1 }),
            _ => g.relu(x),
        };
        match random.below(5) {
            0 => x = g.avg_pool2d_padded(x, PoolSpec::new([2, 2], [2, 1]).with_padding(Padding::Same)).unwrap_or(x),
            1 => x = g.max_pool2d(x, [2, 2], [1, 2]).unwrap_or(x),
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
    x = g.dense(x, "Dense_0", 6).unwrap();
    x = g.relu(x);
    let logits = g.dense(x, "Dense_1", 3).unwrap();
    let graph = g.finish(logits).unwrap();
    let params = (0..graph.parameter_count()).map(|_| 2.0 * random.unit() - 1.0).collect();
    (graph, params)
}

/// The least margin of the true class among random points of the certified ball, half of them with pixels at its ends.
pub(crate) fn least_margin(random: &mut Random, graph: &Graph, params: &[f32], image: &[f32], of: &Certificate) -> f64 {
    const POINTS: usize = 200;
    let radius = of.radius as f32;
    let mut points = Array2::zeros((POINTS, image.len()));
    for (row, mut point) in points.outer_iter_mut().enumerate() {
        let moved: Vec<f32> = image
            .iter()
            .map(|_| match (row % 2, random.below(2)) {
                (0, 0) => 1.0,
                (0, _) => -1.0,
                _ => 2.0 * random.unit() - 1.0,
            })
            .collect();
        let size = match of.norm {
            Norm::Linf => 1.0,
            Norm::L2 => 1.0 / moved.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6),
        };
        for ((to, &x), moved) in point.iter_mut().zip(image).zip(moved) {
            *to = (x + radius * size * moved).clamp(0.0, 1.0);
        }
    }
    let Property::Label(label) = of.property else { panic!("found {:?}", of.property) };
    let outputs = graph.logits(params, points.view()).unwrap();
    let margin = |row: ndarray::ArrayView1<'_, f32>| {
        let others = row.iter().enumerate().filter(|(class, _)| *class != label as usize).map(|(_, &y)| f64::from(y));
        f64::from(row[label as usize]) - others.fold(f64::NEG_INFINITY, f64::max)
    };
    outputs.outer_iter().map(margin).fold(f64::INFINITY, f64::min)
}

#[test]
fn proofs_are_accepted() {
    let (mut accepted, mut refused, mut splits) = (0, 0, 0);
    for seed in 0..400 {
        let random = &mut Random(seed);
        let Some(Proved { graph, params, image, certificate, checker }) = proved(random) else { continue };
        match checker.check(&certificate, &image) {
            Ok(checked) => {
                accepted += 1;
                let steps = certificate.parts.iter().flat_map(|part| &part.targets).flat_map(|target| &target.tree);
                splits += usize::from(steps.into_iter().any(|step| matches!(step, Step::Split(_))));
                let least = least_margin(random, &graph, &params, &image, &certificate);
                assert!(checked.bound <= least, "seed {seed}: the bound {} is above {least}", checked.bound);
            }
            Err(error) => {
                println!("seed {seed}: {error}");
                refused += 1;
            }
        }
    }
    println!("{accepted} accepted, {splits} of them with splits, {refused} refused");
    assert!(accepted > 200 && splits > 12 && refused * 50 <= accepted, "{accepted} {splits} {refused}");
}
