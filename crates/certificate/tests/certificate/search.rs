//! Certificates of what the verifier finds.

use crate::random::{Random, network};
use minima_autodiff::Graph;
use minima_certificate::{Case, Certificate, Checker, Norm, Part, Property, Relu, Slopes, Target, sha256};
use minima_verify::{InputSet, Program, Proof, Specification, Verdict, VerifyOptions, prove};
use ndarray::Array2;

/// A certificate of a proof for a classifier.
pub(crate) fn certificate(
    proof: &Proof,
    params: &[f32],
    image: &[f32],
    norm: Norm,
    radius: f64,
    label: usize,
) -> Certificate {
    Certificate {
        weights: sha256(params),
        image: sha256(image),
        number: 0,
        norm,
        radius,
        property: Property::Label(label as u32),
        maxima: proof.maxima.clone(),
        parts: parts_of(proof),
    }
}

/// The only part of a proof.
pub(crate) fn parts_of(proof: &Proof) -> Vec<Part> {
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
        Target { target: number as u32, inequality: target.inequality as u32, weights: target.weights.clone(), tree }
    };
    let targets = proof.targets.iter().enumerate().map(target).collect();
    vec![Part { open: proof.open.clone(), targets, split: None }]
}

/// A network with an image and the certificate of a proof.
pub(crate) struct Proved {
    pub(crate) graph: Graph,
    pub(crate) params: Vec<f32>,
    pub(crate) image: Vec<f32>,
    pub(crate) certificate: Certificate,
    pub(crate) checker: Checker,
}

/// The proof of a random network at a random image, if there is one.
pub(crate) fn proved(random: &mut Random) -> Option<Proved> {
    let (graph, params) = network(random);
    proved_of(random, graph, params)
}

/// The proof of a network with three classes at a random image, if there is one.
pub(crate) fn proved_of(random: &mut Random, graph: Graph, params: Vec<f32>) -> Option<Proved> {
    let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
    let point = Array2::from_shape_vec((1, image.len()), image.clone()).unwrap();
    let logits = graph.logits(&params, point.view()).unwrap();
    let label = (0..3).max_by(|&a, &b| logits[[0, a]].total_cmp(&logits[[0, b]])).unwrap_or(0);
    let radius = [0.03, 0.1, 0.2, 0.35][random.below(4)];
    let norm = if random.below(4) == 0 { Norm::L2 } else { Norm::Linf };
    let input = match norm {
        Norm::Linf => InputSet::linf(&image, radius).unwrap(),
        Norm::L2 => InputSet::l2(&image, radius).unwrap(),
    };
    let program = Program::new(&graph, &params).unwrap();
    let specification = Specification::classification(3, label).unwrap();
    let options = VerifyOptions { domains: 300, attack_steps: 10, ..VerifyOptions::default() };
    let (report, proof) = prove(&program, &input, &specification, &options).unwrap();
    assert_eq!(proof.is_some(), matches!(report.verdict, Verdict::Proved { .. }));
    let certificate = certificate(&proof?, &params, &image, norm, radius, label);
    let checker = Checker::new(&graph, &params).unwrap();
    Some(Proved { graph, params, image, certificate, checker })
}
