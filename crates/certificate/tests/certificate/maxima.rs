//! Proofs that split by which entry of a window is the largest, and changes of their lists of contenders.

use crate::random::{Random, least_margin};
use crate::search::{Proved, proved_of};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Padding, PoolSpec};
use minima_certificate::{Certificate, CertificateError, Norm, Step};
use ndarray::Array2;
use std::path::Path;

/// The contenders of all windows of all maximum layers.
type Lists = Vec<Vec<Vec<u32>>>;

/// A random network on images of 5 × 6 × 1 with one or two layers of maxima and three classes, and its parameters.
fn network(random: &mut Random) -> (Graph, Vec<f32>) {
    let mut g = GraphBuilder::new(&[5, 6, 1]);
    let mut x = g.input();
    for k in 0..1 + random.below(2) {
        x = g.conv2d(x, &format!("Conv_{k}"), Conv2dSpec::same(2, 2)).unwrap();
        if random.below(3) == 0 {
            x = g.relu(x);
        }
        x = match random.below(3) {
            0 => g.max_pool2d(x, [2, 2], [1, 2]).unwrap_or(x),
            1 => g.max_pool2d(x, [3, 1], [2, 1]).unwrap_or(x),
            _ => g.max_pool2d_padded(x, PoolSpec::new([2, 3], [2, 2]).with_padding(Padding::Same)).unwrap_or(x),
        };
    }
    x = g.flatten(x);
    let logits = g.dense(x, "Dense_0", 3).unwrap();
    let graph = g.finish(logits).unwrap();
    let params = (0..graph.parameter_count()).map(|_| 2.0 * random.unit() - 1.0).collect();
    (graph, params)
}

fn proved(seed: u64) -> Option<Proved> {
    let random = &mut Random(seed);
    let (graph, params) = network(random);
    proved_of(random, graph, params)
}

/// Whether a tree of a certificate splits.
fn splits(certificate: &Certificate) -> bool {
    let trees = certificate.parts.iter().flat_map(|part| &part.targets).map(|target| &target.tree);
    trees.into_iter().any(|tree| matches!(tree.first(), Some(Step::Split(_))))
}

/// Proofs with splits of maxima, in networks without other ReLUs or with them.
fn with_splits(count: usize) -> Vec<(u64, Proved)> {
    let proofs = (0..3000).filter_map(|seed| Some((seed, proved(seed)?)));
    let fits = |(_, of): &(u64, Proved)| {
        !of.certificate.maxima.is_empty()
            && splits(&of.certificate)
            && of.checker.check(&of.certificate, &of.image).is_ok()
    };
    let found: Vec<_> = proofs.filter(fits).take(count).collect();
    assert_eq!(found.len(), count);
    found
}

#[test]
fn proofs_with_splits_of_maxima_are_accepted() {
    let (mut accepted, mut refused, mut trees) = (0, 0, 0);
    for seed in 0..500 {
        let Some(of) = proved(seed) else { continue };
        if of.certificate.maxima.is_empty() {
            continue;
        }
        match of.checker.check(&of.certificate, &of.image) {
            Ok(checked) => {
                accepted += 1;
                trees += usize::from(splits(&of.certificate));
                let least = least_margin(&mut Random(seed), &of.graph, &of.params, &of.image, &of.certificate);
                assert!(checked.bound <= least, "seed {seed}: the bound {} is above {least}", checked.bound);
                let bytes = of.certificate.to_bytes(Path::new("maxima.json")).unwrap();
                assert_eq!(Certificate::from_bytes(&bytes, Path::new("maxima.json")).unwrap(), of.certificate);
            }
            Err(error) => {
                println!("seed {seed}: {error}");
                refused += 1;
            }
        }
    }
    println!("{accepted} accepted, {trees} of them with splits, {refused} refused");
    assert!(accepted > 40 && trees > 10 && refused * 20 <= accepted, "{accepted} {trees} {refused}");
}

#[test]
fn without_their_maxima_proofs_with_splits_are_refused() {
    for (seed, of) in with_splits(10) {
        let certificate = Certificate { maxima: Vec::new(), ..of.certificate.clone() };
        // The ReLUs that the tree names do not exist, or are other ones.
        let found = of.checker.check(&certificate, &of.image);
        assert!(
            matches!(found, Err(CertificateError::Field { .. } | CertificateError::Bound { .. })),
            "{seed}: {found:?}"
        );
    }
}

/// The least margin at points that raise one pixel after the other to the end of the ball where a class gains most.
fn climbed_margin(of: &Proved, certificate: &Certificate, random: &mut Random) -> f64 {
    let sampled = least_margin(random, &of.graph, &of.params, &of.image, certificate);
    let minima_certificate::Property::Label(label) = certificate.property else { panic!() };
    if certificate.norm != Norm::Linf {
        return sampled;
    }
    let radius = certificate.radius as f32;
    let margin = |points: &Array2<f32>, other: usize| -> Vec<f64> {
        let outputs = of.graph.logits(&of.params, points.view()).unwrap();
        outputs.outer_iter().map(|row| f64::from(row[label as usize]) - f64::from(row[other])).collect()
    };
    let mut least = sampled;
    for other in (0..3).filter(|&class| class != label as usize) {
        let mut point = of.image.clone();
        for pixel in 0..point.len() {
            let ends = [0.0, -radius, radius].map(|by| (of.image[pixel] + by).clamp(0.0, 1.0));
            let rows: Vec<f32> = ends
                .iter()
                .flat_map(|&end| {
                    let mut row = point.clone();
                    row[pixel] = end;
                    row
                })
                .collect();
            let found = margin(&Array2::from_shape_vec((3, point.len()), rows).unwrap(), other);
            let best = (0..3).min_by(|&a, &b| found[a].total_cmp(&found[b])).unwrap();
            point[pixel] = ends[best];
            least = least.min(found[best]);
        }
    }
    least
}

#[test]
fn changed_contenders_are_refused_or_true() {
    let (mut accepted, mut refused) = (0, 0);
    for (seed, of) in with_splits(12) {
        let random = &mut Random(seed);
        for change in 0..60 {
            let mut certificate = of.certificate.clone();
            let layer = random.below(certificate.maxima.len());
            if certificate.maxima[layer].is_empty() {
                continue;
            }
            let window = random.below(certificate.maxima[layer].len());
            let other = certificate.maxima[layer][random.below(certificate.maxima[layer].len())].clone();
            let own = &mut certificate.maxima[layer][window];
            let mut invalid = false;
            match change % 6 {
                // An entry that may be the largest is left out.
                0 if !own.is_empty() => {
                    own.remove(random.below(own.len()));
                }
                1 => own.clear(),
                2 if own.len() > 1 => {
                    own.reverse();
                    invalid = true;
                }
                3 => own.push(u32::MAX),
                4 => {
                    invalid = own.is_empty() && other.len() > 1 || own.len() > 1 && *own != other;
                    *own = other;
                }
                _ => {
                    // A larger radius, where more entries may be the largest.
                    certificate.radius *= [1.01, 1.3, 3.0][random.below(3)];
                }
            }
            invalid |= change % 6 == 3;
            match of.checker.check(&certificate, &of.image) {
                Ok(checked) => {
                    accepted += 1;
                    assert!(change % 6 != 3 && (change % 6 != 2 || !invalid), "seed {seed}, change {change}");
                    let least = climbed_margin(&of, &certificate, random);
                    assert!(checked.bound <= least, "seed {seed}: the bound {} is above {least}", checked.bound);
                }
                Err(_) => refused += 1,
            }
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted > 20 && refused > 200, "{accepted} {refused}");
}

#[test]
fn lists_that_do_not_fit_the_network_are_refused_by_name() {
    let (_, of) = with_splits(1).remove(0);
    let refused = |change: &dyn Fn(&mut Lists)| {
        let mut certificate = of.certificate.clone();
        change(&mut certificate.maxima);
        let found = of.checker.check(&certificate, &of.image).unwrap_err();
        assert!(matches!(found, CertificateError::Field { .. }), "{found:?}");
        found.to_string()
    };
    let layer = of.certificate.maxima.iter().position(|layer| !layer.is_empty()).unwrap();
    let several = of.certificate.maxima[layer].iter().position(|own| own.len() > 1).unwrap();
    assert!(refused(&|maxima| maxima.push(Vec::new())).contains("maxima"));
    assert!(refused(&|maxima| _ = maxima[layer].pop()).contains("windows"));
    assert!(refused(&|maxima| maxima[layer].push(vec![0])).contains("windows"));
    assert!(refused(&|maxima| maxima[layer][several].clear()).contains("may be the largest"));
    assert!(refused(&|maxima| _ = maxima[layer][several].pop()).contains("may be the largest"));
    assert!(refused(&|maxima| _ = maxima[layer][several].remove(0)).contains("may be the largest"));
    assert!(refused(&|maxima| maxima[layer][several].reverse()).contains("ascending"));
    assert!(refused(&|maxima| maxima[layer][several].push(u32::MAX)).contains("entries of the window"));
    let first = of.certificate.maxima[layer][several][0];
    assert!(refused(&|maxima| maxima[layer][several].insert(0, first)).contains("ascending"));
}
