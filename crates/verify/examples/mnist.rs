//! Verdicts on MNIST images, for a network of the paper or one in an ONNX file.
//!
//! Usage: `mnist WEIGHTS EPSILON IMAGES ITERATIONS METHOD SECONDS`

use minima_autodiff::{Graph, paper_cnn};
use minima_verify::{InputSet, Method, Program, Report, SlopeOptions, Specification, Verdict, VerifyOptions, verify};
use rayon::prelude::*;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, epsilon, count, iterations, method, limit] = &arguments[..] else {
        return Err("usage: mnist WEIGHTS EPSILON IMAGES ITERATIONS METHOD SECONDS".into());
    };
    let slopes = SlopeOptions { iterations: iterations.parse()?, ..SlopeOptions::default() };
    let method = match &method[..] {
        "interval" => Method::Interval,
        "crown" => Method::Crown,
        "alpha" => Method::Slopes,
        _ => Method::Complete,
    };
    let time_limit = Some(Duration::from_secs_f64(limit.parse()?));
    let options = VerifyOptions { method, slopes, time_limit, ..VerifyOptions::default() };
    let (epsilon, count): (f64, usize) = (epsilon.parse()?, count.parse()?);
    let (graph, params) = if weights.ends_with(".onnx") {
        let imported = minima_onnx::import(Path::new(weights), &minima_onnx::ImportOptions::default())?;
        (Graph::clone(imported.graph()), imported.params)
    } else {
        let graph = paper_cnn([28, 28, 1], 10)?;
        let params = graph.load(Path::new(weights))?;
        (graph, params)
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let (images, labels) = minima_data::mnist::load(&folder)?.test.take(count).all::<f32>();
    let logits = graph.logits(&params, images.view())?;
    let program = Program::new(&graph, &params)?;
    let started = Instant::now();
    let found: Result<Vec<Option<Report>>, minima_verify::VerifyError> = (0..count)
        .into_par_iter()
        .map(|i| {
            let specification = Specification::classification(10, labels[i])?;
            if specification.violated(&logits.row(i).to_vec()).is_some() {
                return Ok(None);
            }
            let input = InputSet::linf(&images.row(i).to_vec(), epsilon)?;
            verify(&program, &input, &specification, &options).map(Some)
        })
        .collect();
    let seconds = started.elapsed().as_secs_f64();
    let found: Vec<Report> = found?.into_iter().flatten().collect();
    let proved = found.iter().filter(|f| matches!(f.verdict, Verdict::Proved { .. })).count();
    let broken = found.iter().filter(|f| matches!(f.verdict, Verdict::Falsified { .. })).count();
    let (correct, domains) = (found.len(), found.iter().map(|f| f.domains).sum::<usize>());
    let open = correct - proved - broken;
    let spent = found.iter().map(|f| f.seconds).sum::<f64>() / correct as f64;
    println!(
        "{count} images: {correct} correct, {proved} proved, {broken} broken, {open} open; {domains} domains, {spent:.3} s an image, {seconds:.2} s"
    );
    for (i, report) in found.iter().enumerate() {
        if let Verdict::Unknown { bound, why } = &report.verdict {
            println!(
                "correct image {i}: {bound:.4}, {why:?}, {:?} unstable, {} domains",
                report.unstable, report.domains
            );
        }
    }
    Ok(())
}
