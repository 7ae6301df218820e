//! Certificates of what the verifier finds.

use minima_certificate::{Case, Certificate, Norm, Part, Property, Relu, Slopes, Target, sha256};
use minima_verify::Proof;

/// A certificate of a proof for a classifier.
pub(crate) fn certificate(
    proof: &Proof,
    params: &[f32],
    image: &[f32],
    norm: Norm,
    radius: f64,
    label: usize,
) -> Certificate {
    let target = |(number, target): (usize, &minima_verify::TargetProof)| {
        let case = |case: &minima_verify::Case| Case {
            slopes: case.slopes.as_deref().map(Slopes::new),
            signs: case
                .signs
                .iter()
                .map(|sign| {
                    let relu = Relu { layer: sign.layer as u32, feature: sign.feature as u32 };
                    (relu, sign.active, f64::from(sign.multiplier))
                })
                .collect(),
        };
        let tree = Case::tree(target.cases.iter().map(case).collect()).expect("a tree");
        Target { target: number as u32, inequality: target.inequality as u32, tree }
    };
    let part = Part {
        open: proof.open.clone(),
        targets: proof.targets.iter().enumerate().map(target).collect(),
        split: None,
    };
    Certificate {
        weights: sha256(params),
        image: sha256(image),
        number: 0,
        norm,
        radius,
        property: Property::Label(label as u32),
        parts: vec![part],
    }
}
