//! Certificates of boxes, whose targets are conjunctions of inequalities, and changes of them.

use crate::random::{Random, network};
use crate::search::parts_of;
use minima_autodiff::Graph;
use minima_certificate::{BoxCertificate, CertificateError, Checker, Inequality, Step, sha256};
use minima_verify::{InputSet, LinearConstraint, Program, Specification, Verdict, VerifyOptions, prove};
use ndarray::Array2;
use std::path::Path;

struct ProvedBox {
    graph: Graph,
    params: Vec<f32>,
    certificate: BoxCertificate,
    checker: Checker,
}

/// The proof of a random property of a random network, if there is one.
fn proved(random: &mut Random) -> Option<ProvedBox> {
    let (graph, params) = network(random);
    let centre: Vec<f32> = (0..graph.features()).map(|_| 3.0 * random.unit() - 1.0).collect();
    let width = [0.05, 0.1, 0.2, 0.4][random.below(4)];
    let lower: Vec<f32> = centre.iter().map(|x| x - width * random.unit()).collect();
    let upper: Vec<f32> = centre.iter().map(|x| x + width * random.unit()).collect();
    let point = Array2::from_shape_vec((1, centre.len()), centre).unwrap();
    let outputs = graph.logits(&params, point.view()).unwrap().row(0).to_vec();
    let targets: Vec<Vec<LinearConstraint>> = (0..1 + random.below(2))
        .map(|_| {
            let gap = 0.3 * f64::from(random.unit()).powi(2);
            (0..1 + random.below(3))
                .map(|_| {
                    let coefficients: Vec<f64> = (0..3).map(|_| f64::from(2.0 * random.unit() - 1.0)).collect();
                    let constraint = LinearConstraint { coefficients, bound: 0.0 };
                    let bound = constraint.margin(&outputs) - gap;
                    LinearConstraint { bound, ..constraint }
                })
                .collect()
        })
        .collect();
    let input = InputSet::between(&lower, &upper).unwrap();
    let specification = Specification::unsafe_outputs(3, targets.clone()).unwrap();
    let program = Program::new(&graph, &params).unwrap();
    let options = VerifyOptions { domains: 200, attack_steps: 5, ..VerifyOptions::default() };
    let (report, proof) = prove(&program, &input, &specification, &options).unwrap();
    assert_eq!(proof.is_some(), matches!(report.verdict, Verdict::Proved { .. }));
    let inequality = |c: &LinearConstraint| Inequality { coefficients: c.coefficients.clone(), bound: c.bound };
    let certificate = BoxCertificate {
        weights: sha256(&params),
        lower,
        upper,
        targets: targets.iter().map(|target| target.iter().map(inequality).collect()).collect(),
        maxima: proof.as_ref()?.maxima.clone(),
        parts: parts_of(&proof?),
    };
    let checker = Checker::new(&graph, &params).unwrap();
    Some(ProvedBox { graph, params, certificate, checker })
}

/// The least excess over random points of the box of what the certificate excludes, and whether a point meets a target.
fn least(random: &mut Random, of: &ProvedBox, certificate: &BoxCertificate) -> (f64, bool) {
    let BoxCertificate { lower, upper, .. } = certificate;
    let points = Array2::from_shape_fn((200, lower.len()), |(row, i)| match (row % 2, random.below(2)) {
        (0, 0) => lower[i],
        (0, _) => upper[i],
        _ => (lower[i] + random.unit() * (upper[i] - lower[i])).clamp(lower[i], upper[i]),
    });
    let (mut least, mut met) = (f64::INFINITY, false);
    for outputs in of.graph.logits(&of.params, points.view()).unwrap().outer_iter() {
        let excess = |inequality: &Inequality| {
            let terms = inequality.coefficients.iter().zip(&outputs);
            terms.map(|(a, &y)| a * f64::from(y)).sum::<f64>() - inequality.bound
        };
        met |= certificate.targets.iter().any(|target| target.iter().all(|inequality| excess(inequality) <= 0.0));
        for target in certificate.parts.iter().flat_map(|part| &part.targets) {
            let inequalities = &certificate.targets[target.target as usize];
            let found = match target.weights.is_empty() {
                true => excess(&inequalities[target.inequality as usize]),
                false => target.weights.iter().zip(inequalities).map(|(w, inequality)| w * excess(inequality)).sum(),
            };
            least = least.min(found);
        }
    }
    (least, met)
}

/// Whether the certificate is accepted. Then no point of the box lies below its bound or meets a target.
fn sound(random: &mut Random, of: &ProvedBox, certificate: &BoxCertificate) -> bool {
    let Ok(checked) = of.checker.check_box(certificate) else { return false };
    let (least, met) = least(random, of, certificate);
    assert!(checked.bound <= least + 1e-12 && !met, "the bound {} is above {least}, {met}", checked.bound);
    true
}

#[test]
fn proofs_of_boxes_are_accepted() {
    let (mut accepted, mut refused, mut sums, mut splits) = (0, 0, 0, 0);
    for seed in 0..300 {
        let random = &mut Random(seed);
        let Some(of) = proved(random) else { continue };
        let certificate = &of.certificate;
        if sound(random, &of, certificate) {
            accepted += 1;
            let targets = || certificate.parts.iter().flat_map(|part| &part.targets);
            sums += usize::from(targets().any(|target| !target.weights.is_empty()));
            splits += usize::from(targets().any(|target| target.tree.len() > 1));
            let bytes = certificate.to_bytes(Path::new("box.json")).unwrap();
            assert_eq!(&BoxCertificate::from_bytes(&bytes, Path::new("box.json")).unwrap(), certificate);
        } else {
            println!("seed {seed}: {}", of.checker.check_box(certificate).unwrap_err());
            refused += 1;
        }
    }
    println!("{accepted} accepted, {sums} with sums, {splits} with splits, {refused} refused");
    assert!(
        accepted > 50 && sums > 3 && splits > 0 && refused * 20 <= accepted,
        "{accepted} {sums} {splits} {refused}"
    );
}

#[test]
fn changed_claims_and_proofs_of_boxes_are_refused_or_true() {
    let (mut accepted, mut refused) = (0, 0);
    let found = (0..400).filter_map(|seed| proved(&mut Random(seed)).map(|of| (seed, of)));
    let found = found.filter(|(_, of)| of.checker.check_box(&of.certificate).is_ok()).take(25);
    for (seed, of) in found {
        let random = &mut Random(seed);
        for change in 0..60 {
            let mut certificate = of.certificate.clone();
            let input = random.below(certificate.lower.len());
            let size = [0.01, 0.3, 3.0][random.below(3)];
            let target = random.below(certificate.targets.len());
            let inequality = random.below(certificate.targets[target].len());
            let own = &mut certificate.targets[target][inequality];
            let targets = &mut certificate.parts[0].targets;
            let proof = random.below(targets.len());
            match change % 8 {
                0 => certificate.lower[input] -= size,
                1 => certificate.upper[input] += size,
                2 => own.bound += f64::from(size),
                3 => own.coefficients[random.below(3)] += f64::from(size),
                4 => targets[proof].inequality = random.below(4) as u32,
                5 => match targets[proof].weights.first_mut() {
                    Some(weight) => *weight += f64::from(size),
                    None => {
                        let count = certificate.targets[targets[proof].target as usize].len();
                        targets[proof].weights = (0..count).map(|_| f64::from(random.unit())).collect();
                    }
                },
                6 => {
                    let leaves = targets.iter_mut().flat_map(|target| &mut target.tree);
                    for step in leaves {
                        if let Step::Leaf { slopes, multipliers } = step {
                            multipliers.iter_mut().for_each(|x| *x *= f64::from(size));
                            *slopes = None;
                        }
                    }
                }
                _ => {
                    targets.remove(proof);
                    assert!(matches!(of.checker.check_box(&certificate), Err(CertificateError::Missing { .. })));
                    continue;
                }
            }
            if sound(random, &of, &certificate) { accepted += 1 } else { refused += 1 }
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 100 && refused > 100, "{accepted} {refused}");
}

#[test]
fn what_is_no_claim_about_this_network_is_refused_by_name() {
    let of = (0..400).find_map(|seed| proved(&mut Random(seed))).unwrap();
    let refused = |change: &dyn Fn(&mut BoxCertificate)| {
        let mut certificate = of.certificate.clone();
        change(&mut certificate);
        of.checker.check_box(&certificate).unwrap_err()
    };
    let field = |error: CertificateError| matches!(error, CertificateError::Field { .. });
    let length = |error: CertificateError| matches!(error, CertificateError::Length { .. });
    assert!(matches!(refused(&|c| c.weights = sha256(&[1.0])), CertificateError::Identity { what: "weights", .. }));
    assert!(field(refused(&|c| c.lower[0] = f32::NAN)));
    assert!(field(refused(&|c| c.upper[0] = f32::INFINITY)));
    assert!(field(refused(&|c| c.upper[0] = c.lower[0] - 1.0)));
    assert!(length(refused(&|c| _ = c.lower.pop())));
    assert!(length(refused(&|c| _ = c.upper.pop())));
    assert!(length(refused(&|c| _ = c.targets[0][0].coefficients.pop())));
    assert!(field(refused(&|c| c.targets[0][0].bound = f64::NAN)));
    assert!(field(refused(&|c| c.parts[0].targets[0].weights = vec![1.0; 9])));
    let count = |c: &BoxCertificate| c.targets[c.parts[0].targets[0].target as usize].len();
    assert!(field(refused(&|c| c.parts[0].targets[0].weights = vec![-1.0; count(c)])));
    assert!(field(refused(&|c| c.parts[0].targets[0].weights = vec![f64::NAN; count(c)])));
    // Multipliers of zero exclude nothing.
    let nothing = refused(&|c| c.parts[0].targets[0].weights = vec![0.0; count(c)]);
    assert!(matches!(nothing, CertificateError::Bound { .. }), "{nothing:?}");
}
