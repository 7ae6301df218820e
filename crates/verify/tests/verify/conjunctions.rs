//! Targets of several inequalities, against the exact set of outputs of tiny networks.

use super::enumeration::{Affine, Point, Step, all_pieces, cut, tiny};
use super::random_networks::Random;
use minima_autodiff::{Graph, GraphBuilder};
use minima_verify::{InputSet, LinearConstraint, Program, Proof, Specification, Verdict, VerifyOptions, prove, verify};
use ndarray::ArrayView2;

/// A random conjunction of three inequalities of three outputs, each of which holds somewhere in the box.
fn conjunction(random: &mut Random, graph: &Graph, params: &[f32], input: &InputSet) -> Vec<LinearConstraint> {
    let end = |random: &mut Random, i: usize| if random.below(2) == 0 { input.lower()[i] } else { input.upper()[i] };
    let constraint = |_| {
        let coefficients: Vec<f64> = (0..3).map(|_| f64::from(random.signed())).collect();
        let point = [end(random, 0), end(random, 1)];
        let outputs = graph.logits(params, ArrayView2::from_shape((1, 2), &point).unwrap()).unwrap().row(0).to_vec();
        let constraint = LinearConstraint { coefficients, bound: 0.0 };
        LinearConstraint { bound: constraint.margin(&outputs) + 0.02 * f64::from(random.unit()), ..constraint }
    };
    (0..3).map(constraint).collect()
}

/// Whether a point of the box meets all inequalities with this slack. Polygons without an interior do not count.
fn is_met(pieces: &[(Vec<Point>, Vec<Affine>)], target: &[LinearConstraint], slack: f64) -> bool {
    pieces.iter().any(|(polygon, values)| {
        let mut part = polygon.clone();
        for constraint in target {
            let mut sum = [0.0, 0.0, -constraint.bound - slack];
            for (a, value) in constraint.coefficients.iter().zip(values) {
                sum.iter_mut().zip(value).for_each(|(s, v)| *s += a * v);
            }
            if part.len() >= 3 {
                [_, part] = cut(&part, sum);
            }
        }
        part.len() >= 3
    })
}

fn a_box(random: &mut Random) -> InputSet {
    let low = [random.unit() * 0.5, random.unit() * 0.5];
    InputSet::between(&low, &low.map(|x| x + 0.4)).unwrap()
}

#[test]
fn no_conjunction_that_is_met_is_excluded() {
    let (mut proved, mut falsified, mut unknown) = (0, 0, 0);
    for seed in 0..400 {
        let random = &mut Random(80_000 + seed);
        let (graph, params, steps) = tiny(random, 3, seed % 4 == 3);
        let input = a_box(random);
        let target = conjunction(random, &graph, &params, &input);
        let pieces = all_pieces(&input, &steps);
        let program = Program::new(&graph, &params).unwrap();
        let specification = Specification::unsafe_outputs(3, vec![target.clone()]).unwrap();
        let options = VerifyOptions { domains: 300, ..VerifyOptions::default() };
        match verify(&program, &input, &specification, &options).unwrap().verdict {
            Verdict::Proved { .. } => {
                assert!(!is_met(&pieces, &target, -1e-6), "seed {seed}");
                proved += 1;
            }
            Verdict::Falsified { .. } => {
                assert!(is_met(&pieces, &target, 1e-5), "seed {seed}");
                falsified += 1;
            }
            Verdict::Unknown { .. } => unknown += 1,
        }
    }
    println!("{proved} {falsified} {unknown}");
    assert!(proved > 60 && falsified > 60 && unknown < 60, "{proved} {falsified} {unknown}");
}

/// A conjunction of inequalities of an affine function is excluded by a sum of them, or not at all (Farkas 1902).
#[test]
fn sums_decide_affine_networks() {
    let (mut by_sums, mut alone) = (0, 0);
    for seed in 0..300 {
        let random = &mut Random(90_000 + seed);
        let mut g = GraphBuilder::new(&[2]);
        let x = g.dense(g.input(), "Dense_0", 3).unwrap();
        let graph = g.finish(x).unwrap();
        let params: Vec<f32> = (0..graph.parameter_count()).map(|_| random.signed()).collect();
        let row = |o: usize| (f64::from(params[o]), (0..2).map(|i| f64::from(params[3 + 3 * i + o])).collect());
        let steps = [Step::Dense((0..3).map(row).collect())];
        let input = a_box(random);
        let target = conjunction(random, &graph, &params, &input);
        let pieces = all_pieces(&input, &steps);
        // A gap between the sets, so that some steps of the multipliers are enough.
        let (apart, met) = (!is_met(&pieces, &target, 0.02), is_met(&pieces, &target, -1e-3));
        let program = Program::new(&graph, &params).unwrap();
        let specification = Specification::unsafe_outputs(3, vec![target.clone()]).unwrap();
        let (report, proof) = prove(&program, &input, &specification, &VerifyOptions::default()).unwrap();
        let is_proved = matches!(report.verdict, Verdict::Proved { .. });
        assert!(!apart || is_proved, "seed {seed}: {:?}", report.verdict);
        assert!(!met || !is_proved, "seed {seed}: {:?}", report.verdict);
        if let Some(Proof { targets, .. }) = proof {
            let sum = !targets[0].weights.is_empty();
            by_sums += usize::from(sum);
            alone += usize::from(!sum);
        }
    }
    println!("{by_sums} {alone}");
    assert!(by_sums > 60, "{by_sums} {alone}");
}
