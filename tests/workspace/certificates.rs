//! Certificates from a model to files and back.

use minima_attacks::Ball;
use minima_autodiff::{Model, paper_cnn};
use minima_certificate::{Certificate, Checker};
use minima_rows::Certainty;
use minima_runs::RunError;
use minima_runs::certificates::{CertificateFolder, box_file_name, check, check_box};
use minima_runs::certification::Certifier;
use minima_verify::{InputSet, LinearConstraint, Program, SlopeOptions, Specification, VerifyOptions, prove};
use ndarray::Array2;
use std::path::PathBuf;
use std::sync::Arc;

#[test]
fn every_proof_has_a_certificate_that_is_checked_from_its_file() {
    let graph = Arc::new(paper_cnn([12, 12, 1], 4).unwrap());
    let params: Vec<f32> = graph.init(3);
    let model = Model::new(Arc::clone(&graph), params.clone()).unwrap();
    let images = Array2::from_shape_fn((6, 144), |(image, pixel)| ((image * 31 + pixel * 17) % 64) as f32 / 64.0);
    let logits = graph.logits(&params, images.view()).unwrap();
    let best = |row: ndarray::ArrayView1<'_, f32>| (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
    let labels: Vec<usize> = logits.outer_iter().map(best).collect();

    let folder = std::env::temp_dir().join(format!("minima-certificates-{}", std::process::id()));
    let slopes = SlopeOptions { intermediate: false, ..SlopeOptions::default() };
    let options = VerifyOptions { domains: 500, slopes, ..VerifyOptions::default() };
    let plain = Certifier::new(&model, None, options).unwrap();
    let certifier = Certifier::new(&model, None, options).unwrap();
    let certifier = certifier.with_certificates(CertificateFolder::new(&model, &folder).unwrap());
    let ball = Ball::linf(0.001).unwrap();
    let found = certifier.certify(images.view(), &labels, 10, ball).unwrap();
    let without = plain.certify(images.view(), &labels, 10, ball).unwrap();
    assert!(found.iter().zip(&without).all(|(with, without)| with.row == without.row && without.certificate.is_none()));

    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let proved = found.iter().filter(|found| found.row.verdict == Certainty::Proved);
    let names: Vec<PathBuf> = proved.clone().map(|f| folder.join(format!("{}-0.001.json", f.row.image))).collect();
    assert!(names.len() >= 3 && proved.clone().all(|found| found.certificate == Some(true)), "{found:?}");
    assert_eq!(files, names);
    let checker = Checker::new(&graph, &params).unwrap();
    let image = |number: u32| {
        let index = number.checked_sub(10)? as usize;
        Some((images.row(index).to_vec(), labels[index]))
    };
    for file in &files {
        assert!(check(&checker, file, image).unwrap().bound > 0.0);
        let claim =
            |found: Result<_, RunError>| assert!(matches!(found, Err(RunError::CertificateClaim { .. })), "{found:?}");
        claim(check(&checker, file, |_| None));
        claim(check(&checker, file, |number| image(number).map(|(pixels, label)| (pixels, label + 1))));
        let copy = folder.join("99-0.001.json");
        std::fs::copy(file, &copy).unwrap();
        claim(check(&checker, &copy, image));
        std::fs::remove_file(&copy).unwrap();
        let mut other = Certificate::read(file).unwrap();
        other.parts[0].targets.pop();
        other.write(file).unwrap();
        assert!(matches!(check(&checker, file, image), Err(RunError::Certificate(_))));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_proof_about_a_box_is_checked_against_the_property() {
    let graph = paper_cnn([8, 8, 1], 3).unwrap();
    let params: Vec<f32> = graph.init(3);
    let model = Model::new(Arc::new(graph.clone()), params.clone()).unwrap();
    let program = Program::new(&graph, &params).unwrap();
    let (low, high) = ([-0.3_f32; 64], [-0.29_f32; 64]);
    let input = InputSet::between(&low, &high).unwrap();
    let middle = Array2::from_elem((1, 64), -0.295_f32);
    let outputs = graph.logits(&params, middle.view()).unwrap().row(0).to_vec();
    // An output that is at least 1 above (or below) its value in the middle of the box.
    let inequality = |output: usize, sign: f64| {
        let mut coefficients = vec![0.0; 3];
        coefficients[output] = -sign;
        LinearConstraint { coefficients, bound: -sign * f64::from(outputs[output]) - 1.0 }
    };
    let of = |targets| Specification::unsafe_outputs(3, targets).unwrap();
    let specification = of(vec![vec![inequality(0, 1.0)], vec![inequality(1, -1.0), inequality(2, 1.0)]]);
    let (_, proof) = prove(&program, &input, &specification, &VerifyOptions::default()).unwrap();
    let folder = std::env::temp_dir().join(format!("minima-box-certificates-{}", std::process::id()));
    let certificates = CertificateFolder::new(&model, &folder).unwrap();
    let written = certificates.write_box(&proof.unwrap(), 7, &input, &specification).unwrap();
    let file = folder.join(box_file_name(7));
    let checker = Checker::new(&graph, &params).unwrap();
    assert_eq!(check_box(&checker, &file, &input, &specification).unwrap().bound, written.unwrap());
    let claim =
        |found: Result<_, RunError>| assert!(matches!(found, Err(RunError::CertificateClaim { .. })), "{found:?}");
    let wider = InputSet::between(&low, &[-0.28; 64]).unwrap();
    claim(check_box(&checker, &file, &wider, &specification));
    claim(check_box(&checker, &file, &input, &of(vec![vec![inequality(0, 1.0)]])));
    let missing = check_box(&checker, &folder.join(box_file_name(8)), &input, &specification);
    assert!(matches!(missing, Err(RunError::Certificate(_))), "{missing:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
