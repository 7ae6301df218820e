//! The proofs of the paper's model, if its checkpoint is there.

use crate::search::certificate;
use minima_certificate::{Checker, Norm};
use minima_verify::{InputSet, Program, Specification, Verdict, VerifyOptions, prove};
use std::path::Path;
use std::time::Instant;

#[test]
fn proofs_of_the_papers_model_are_checked() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/paper/checkpoints");
    let Ok(folder) = folder.canonicalize() else {
        eprintln!("skipped: found no {}", folder.display());
        return;
    };
    let graph = minima_autodiff::paper_cnn([28, 28, 1], 10).unwrap();
    let params: Vec<f32> = graph.load(&folder.join("adam_clean.safetensors")).unwrap();
    let data = minima_data::mnist::load_default().unwrap();
    let (images, labels) = data.test.take(50).all::<f32>();
    let program = Program::new(&graph, &params).unwrap();
    let checker = Checker::new(&graph, &params).unwrap();
    let options = VerifyOptions { domains: 2000, ..VerifyOptions::default() };
    for epsilon in [0.01, 0.02] {
        let (mut proved, mut accepted, mut bytes, mut seconds) = (0, 0, 0, 0.0);
        for (image, &label) in images.outer_iter().zip(&labels) {
            let image = image.to_vec();
            let input = InputSet::linf(&image, epsilon).unwrap();
            let specification = Specification::classification(10, label).unwrap();
            let (report, proof) = prove(&program, &input, &specification, &options).unwrap();
            let (Some(proof), Verdict::Proved { bound }) = (proof, report.verdict) else { continue };
            proved += 1;
            let certificate = certificate(&proof, &params, &image, Norm::Linf, epsilon, label);
            bytes += certificate.to_bytes(Path::new("certificate.json")).unwrap().len();
            let started = Instant::now();
            if let Ok(checked) = checker.check(&certificate, &image) {
                accepted += 1;
                // The checker's arithmetic is more precise, unless slopes are rounded to a byte.
                assert!(checked.bound > bound - 1e-3, "{} {bound}", checked.bound);
            }
            seconds += started.elapsed().as_secs_f64();
        }
        let each = f64::from(proved);
        println!(
            "{epsilon}: {accepted} of {proved} accepted, {} bytes, {:.3} s each",
            bytes / proved as usize,
            seconds / each
        );
        assert!(proved >= 40 && accepted + 1 >= proved, "{epsilon}: {accepted} of {proved}");
    }
}
