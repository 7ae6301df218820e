//! Recorded proofs: the same verdicts, cases that cover the set, and the same numbers for any number of threads.

use crate::random_networks::{Random, network};
use minima_autodiff::LayerOperation;
use minima_verify::{
    Case, InputSet, Program, Report, SlopeOptions, Specification, Verdict, VerifyOptions, prove, verify,
};

/// Whether cases are the leaves of a tree: they differ in the sign of one ReLU at each node.
fn cover(cases: &[&Case], depth: usize) -> bool {
    let [first, rest @ ..] = cases else { return false };
    let Some(sign) = first.signs.get(depth) else { return rest.is_empty() };
    let same =
        |case: &&&Case| case.signs.get(depth).is_some_and(|own| (own.layer, own.feature) == (sign.layer, sign.feature));
    let (active, inactive): (Vec<&Case>, Vec<&Case>) =
        cases.iter().filter(same).partition(|case| case.signs[depth].active);
    cases.iter().all(|case| same(&case)) && cover(&active, depth + 1) && cover(&inactive, depth + 1)
}

#[test]
fn proofs_cover_the_set() {
    let (mut proofs, mut splits) = (0, 0);
    for seed in 0..200 {
        let random = &mut Random(seed);
        let (graph, params) = network(random);
        let program = Program::new(&graph, &params).unwrap();
        let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
        let input = InputSet::linf(&image, [0.03, 0.1, 0.2][random.below(3)]).unwrap();
        let specification = Specification::classification(3, random.below(3)).unwrap();
        let slopes = SlopeOptions { intermediate: false, ..SlopeOptions::default() };
        let options = VerifyOptions { domains: 200, attack_steps: 5, slopes, ..VerifyOptions::default() };
        let (report, proof) = prove(&program, &input, &specification, &options).unwrap();
        let other = verify(&program, &input, &specification, &options).unwrap();
        // With split maxima, a recorded proof has no bounds of the network before the split, so it may decide less.
        let pooled = graph.layers().iter().any(|layer| matches!(layer.operation, LayerOperation::MaxPool2d(_)));
        let same = (&report.verdict, report.domains) == (&other.verdict, other.domains);
        let decided = |report: &Report| !matches!(report.verdict, Verdict::Unknown { .. });
        assert!(same || pooled && decided(&other) >= decided(&report), "seed {seed}: {report:?} {other:?}");
        assert_eq!(proof.is_some(), matches!(report.verdict, Verdict::Proved { .. }), "seed {seed}");
        let Some(proof) = proof else { continue };
        proofs += 1;
        let open: usize = proof.open.iter().map(Vec::len).sum();
        for target in &proof.targets {
            splits += usize::from(target.cases.len() > 1);
            assert!(cover(&target.cases.iter().collect::<Vec<_>>(), 0), "seed {seed}");
            for case in &target.cases {
                let shares = case.slopes.iter().flatten();
                assert!(shares.clone().all(|share| (0.0..=1.0).contains(share)), "seed {seed}");
                assert!(case.slopes.as_ref().is_none_or(|slopes| slopes.len() == open), "seed {seed}");
                assert!(case.signs.iter().all(|sign| sign.multiplier >= 0.0), "seed {seed}");
            }
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let again = pool.install(|| prove(&program, &input, &specification, &options)).unwrap();
        assert_eq!(again.1, Some(proof), "seed {seed}");
    }
    assert!(proofs > 30 && splits > 0, "{proofs} {splits}");
}
