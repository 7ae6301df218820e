//! One number of a certificate or of what it speaks of is changed: it is refused, or the bound still holds for every point.

use crate::random::{Random, least_margin};
use crate::search::{Proved, proved};
use minima_certificate::{Certificate, CertificateError, Checker, Property, Relu, Step, sha256};

/// Proofs with splits and slopes.
fn proofs_with_splits() -> Vec<(u64, Proved)> {
    let with_splits = |seed: u64| {
        let found = proved(&mut Random(seed))?;
        let steps = found.certificate.parts[0].targets.iter().flat_map(|target| &target.tree);
        let split = steps.into_iter().any(|step| matches!(step, Step::Split(_)));
        (split && found.checker.check(&found.certificate, &found.image).is_ok()).then_some((seed, found))
    };
    let found: Vec<_> = (0..600).filter_map(with_splits).take(12).collect();
    assert_eq!(found.len(), 12);
    found
}

/// The trees of a certificate.
fn trees(certificate: &mut Certificate) -> impl Iterator<Item = &mut Vec<Step>> {
    certificate.parts.iter_mut().flat_map(|part| &mut part.targets).map(|target| &mut target.tree)
}

/// A tree with a split.
fn split_tree(certificate: &mut Certificate) -> &mut Vec<Step> {
    trees(certificate).find(|tree| tree.len() > 1).unwrap()
}

/// The leaves of a certificate.
fn leaves(certificate: &mut Certificate) -> Vec<&mut Step> {
    trees(certificate).flatten().filter(|step| matches!(step, Step::Leaf { .. })).collect()
}

/// Whether the certificate is accepted. Then no point lies below its bound.
fn sound(random: &mut Random, of: &Proved, certificate: &Certificate, image: &[f32]) -> bool {
    match of.checker.check(certificate, image) {
        Ok(checked) => {
            let least = least_margin(random, &of.graph, &of.params, image, certificate);
            assert!(checked.bound <= least, "the bound {} is above {least}", checked.bound);
            true
        }
        Err(_) => false,
    }
}

#[test]
fn other_weights_or_images_are_refused() {
    for (seed, of) in proofs_with_splits() {
        let random = &mut Random(seed);
        for _ in 0..20 {
            let mut params = of.params.clone();
            let at = random.below(params.len());
            params[at] = f32::from_bits(params[at].to_bits() ^ 1 << random.below(23));
            let checker = Checker::new(&of.graph, &params).unwrap();
            let found = checker.check(&of.certificate, &of.image);
            assert!(matches!(found, Err(CertificateError::Identity { what: "weights", .. })), "{found:?}");
            // With the right hash, it may be a proof for these weights.
            let certificate = Certificate { weights: sha256(&params), ..of.certificate.clone() };
            if let Ok(checked) = checker.check(&certificate, &of.image) {
                assert!(checked.bound <= least_margin(random, &of.graph, &params, &of.image, &certificate));
            }
            let mut image = of.image.clone();
            let at = random.below(image.len());
            image[at] = f32::from_bits(image[at].to_bits() ^ 1 << random.below(20));
            let found = of.checker.check(&of.certificate, &image);
            assert!(matches!(found, Err(CertificateError::Identity { what: "image", .. })), "{found:?}");
            let certificate = Certificate { image: sha256(&image), ..of.certificate.clone() };
            sound(random, &of, &certificate, &image);
        }
    }
}

#[test]
fn other_slopes_give_other_sound_bounds() {
    let (mut accepted, mut refused) = (0, 0);
    for (seed, of) in proofs_with_splits() {
        let random = &mut Random(seed);
        for _ in 0..30 {
            let mut certificate = of.certificate.clone();
            let mut leaves = leaves(&mut certificate);
            let leaf = random.below(leaves.len());
            let Step::Leaf { slopes: Some(slopes), .. } = &mut *leaves[leaf] else { continue };
            if slopes.steps.is_empty() {
                continue;
            }
            let at = random.below(slopes.steps.len());
            slopes.steps[at] ^= 1 << random.below(8);
            if sound(random, &of, &certificate, &of.image) { accepted += 1 } else { refused += 1 }
        }
        // No slopes at all, and the opposite ones.
        for opposite in [false, true] {
            let mut certificate = of.certificate.clone();
            for leaf in leaves(&mut certificate) {
                let Step::Leaf { slopes, .. } = leaf else { continue };
                match slopes {
                    Some(slopes) if opposite => slopes.steps.iter_mut().for_each(|step| *step = 255 - *step),
                    _ => *slopes = None,
                }
            }
            if sound(random, &of, &certificate, &of.image) { accepted += 1 } else { refused += 1 }
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}

#[test]
fn slopes_beyond_the_open_relus_are_refused() {
    for (_, of) in proofs_with_splits() {
        let mut certificate = of.certificate.clone();
        let open: usize = certificate.parts[0].open.iter().map(Vec::len).sum();
        for leaf in leaves(&mut certificate) {
            if let Step::Leaf { slopes: Some(slopes), .. } = leaf {
                slopes.first = (open + 1 - slopes.steps.len()) as u32;
            }
        }
        let found = of.checker.check(&certificate, &of.image);
        assert!(matches!(found, Err(CertificateError::Field { .. })), "{found:?}");
        for open in [vec![], vec![vec![1, 0]], vec![vec![0, 0]], vec![vec![u32::MAX]]] {
            let mut certificate = of.certificate.clone();
            let layers = certificate.parts[0].open.len();
            certificate.parts[0].open = open.clone();
            certificate.parts[0].open.resize(if open.is_empty() { 0 } else { layers }, Vec::new());
            let found = of.checker.check(&certificate, &of.image);
            assert!(matches!(found, Err(CertificateError::Field { .. })), "{open:?}: {found:?}");
        }
        let mut certificate = of.certificate.clone();
        certificate.parts[0].open.push(Vec::new());
        assert!(matches!(of.checker.check(&certificate, &of.image), Err(CertificateError::Field { .. })));
    }
}

#[test]
fn other_splits_and_multipliers() {
    let mut refused = 0;
    for (seed, of) in proofs_with_splits() {
        let random = &mut Random(seed);
        for layer in [0, 1, 99] {
            for feature in [0, 3, 1_000_000] {
                let mut certificate = of.certificate.clone();
                let split = split_tree(&mut certificate).iter_mut().find_map(|step| match step {
                    Step::Split(relu) => Some(relu),
                    Step::Leaf { .. } => None,
                });
                *split.unwrap() = Relu { layer, feature };
                let accepted = sound(random, &of, &certificate, &of.image);
                assert!(!accepted || (layer < 99 && feature < 1_000_000));
                refused += usize::from(!accepted);
            }
        }
        for multiplier in [0.0, 1e-3, 1.0, 1e30, f64::MAX, -1e-9, f64::NAN, f64::INFINITY] {
            let mut certificate = of.certificate.clone();
            let last = split_tree(&mut certificate).last_mut().unwrap();
            let Step::Leaf { multipliers, .. } = last else { panic!("found {last:?}") };
            multipliers[0] = multiplier;
            if multiplier.is_finite() && multiplier >= 0.0 {
                refused += usize::from(!sound(random, &of, &certificate, &of.image));
            } else {
                let found = of.checker.check(&certificate, &of.image);
                assert!(matches!(found, Err(CertificateError::Field { .. })), "{found:?}");
            }
        }
    }
    assert!(refused > 24, "{refused}");
}

#[test]
fn other_claims() {
    for (seed, of) in proofs_with_splits() {
        let random = &mut Random(seed);
        let Property::Label(label) = of.certificate.property else { panic!() };
        for other in (0..4).filter(|&other| other != label) {
            let certificate = Certificate { property: Property::Label(other), ..of.certificate.clone() };
            assert!(of.checker.check(&certificate, &of.image).is_err());
        }
        for factor in [1.001, 1.1, 2.0, 10.0] {
            let certificate = Certificate { radius: of.certificate.radius * factor, ..of.certificate.clone() };
            let accepted = sound(random, &of, &certificate, &of.image);
            assert!(!accepted || factor < 10.0);
        }
        for radius in [-0.1, f64::NAN, f64::INFINITY] {
            let certificate = Certificate { radius, ..of.certificate.clone() };
            let found = of.checker.check(&certificate, &of.image);
            assert!(matches!(found, Err(CertificateError::Radius { .. })), "{found:?}");
        }
    }
}

#[test]
fn incomplete_trees_are_refused() {
    for (_, of) in proofs_with_splits() {
        let refuse = |change: &dyn Fn(&mut Vec<Step>)| {
            let mut certificate = of.certificate.clone();
            change(split_tree(&mut certificate));
            let found = of.checker.check(&certificate, &of.image);
            assert!(matches!(found, Err(CertificateError::Field { .. })), "{found:?}");
        };
        refuse(&|tree| {
            tree.pop();
        });
        refuse(&|tree| {
            tree.remove(0);
        });
        refuse(&|tree| tree.clear());
        refuse(&|tree| tree.truncate(1));
        refuse(&|tree| tree.push(tree[0].clone()));
        refuse(&|tree| tree.push(tree[tree.len() - 1].clone()));
        refuse(&|tree| tree.insert(0, tree[0].clone()));
        // The multipliers of a leaf say how deep it is.
        refuse(&|tree| {
            if let Some(Step::Leaf { multipliers, .. }) = tree.last_mut() {
                multipliers.push(0.0);
            }
        });
        let mut certificate = of.certificate.clone();
        certificate.parts[0].targets.pop();
        let found = of.checker.check(&certificate, &of.image);
        assert!(matches!(found, Err(CertificateError::Missing { part: 0, .. })), "{found:?}");
        for (target, inequality) in [(2, 0), (0, 1), (u32::MAX, 0)] {
            let mut certificate = of.certificate.clone();
            (certificate.parts[0].targets[0].target, certificate.parts[0].targets[0].inequality) = (target, inequality);
            let found = of.checker.check(&certificate, &of.image);
            assert!(matches!(found, Err(CertificateError::Field { .. })), "{found:?}");
        }
    }
}
