//! Balls in parts with ranges of their own.

use crate::random::{Random, least_margin};
use crate::search::proved;
use minima_certificate::{Certificate, CertificateError, Part, Relu, Step, Target};

/// Targets that one pass excludes, for parts within `depth` splits.
fn targets(depth: usize) -> Vec<Target> {
    let tree = || vec![Step::Leaf { slopes: None, multipliers: vec![0.0; depth] }];
    (0..2).map(|target| Target { target, inequality: 0, weights: vec![], tree: tree() }).collect()
}

#[test]
fn parts_cover_the_ball() {
    let (mut accepted, mut better) = (0, 0);
    for seed in 0..200 {
        let random = &mut Random(seed);
        let Some(of) = proved(random) else { continue };
        let Some(feature) = of.certificate.parts[0].open.first().and_then(|open| open.first().copied()) else {
            continue;
        };
        let with = |parts: Vec<Part>| Certificate { parts, ..of.certificate.clone() };
        let part = |depth: usize| Part { targets: targets(depth), ..Part::default() };
        let split = Part { split: Some(Relu { layer: 0, feature }), ..Part::default() };
        let whole = of.checker.check(&with(vec![part(0)]), &of.image);
        let certificate = with(vec![split.clone(), part(1), part(1)]);
        let parts = of.checker.check(&certificate, &of.image);
        if let Ok(parts) = &parts {
            accepted += 1;
            assert_eq!((parts.parts, parts.leaves), (3, 4));
            assert!(parts.bound <= least_margin(random, &of.graph, &of.params, &of.image, &certificate));
        }
        if let (Ok(parts), Ok(whole)) = (&parts, &whole) {
            better += usize::from(parts.bound > whole.bound + 1e-4);
        }
        // A part is missing, or there is one too many.
        for parts in [vec![split.clone(), part(1)], vec![part(0), part(0)], vec![split.clone()], vec![]] {
            let found = of.checker.check(&with(parts), &of.image);
            assert!(matches!(found, Err(CertificateError::Field { .. } | CertificateError::Bound { .. })), "{found:?}");
        }
        let found = of.checker.check(&with(vec![split.clone(), part(1), Part::default()]), &of.image);
        assert!(matches!(found, Err(CertificateError::Missing { .. } | CertificateError::Bound { .. })), "{found:?}");
    }
    println!("{accepted} accepted, {better} of them with a better bound than the whole ball");
    assert!(accepted > 50 && better > 10, "{accepted} {better}");
}

#[test]
fn parts_nest_to_a_limit() {
    let of = (0..400).find_map(|seed| proved(&mut Random(seed))).unwrap();
    let split = Part { split: Some(Relu { layer: 0, feature: 0 }), ..Part::default() };
    let parts = vec![split; 100_000];
    let found = of.checker.check(&Certificate { parts, ..of.certificate.clone() }, &of.image);
    assert!(matches!(&found, Err(CertificateError::Field { expected, .. }) if expected.contains("64")), "{found:?}");
}

#[test]
fn deep_trees_are_walked_without_recursion() {
    let of = (0..400).find_map(|seed| proved(&mut Random(seed))).unwrap();
    let mut certificate = of.certificate.clone();
    certificate.parts[0].targets[0].tree = vec![Step::Split(Relu { layer: 0, feature: 0 }); 1_000_000];
    let found = of.checker.check(&certificate, &of.image);
    assert!(matches!(found, Err(CertificateError::Field { .. })), "{found:?}");
}
