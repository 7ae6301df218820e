//! Bounds of MNIST images on a network of the paper.
//!
//! Usage: `paper WEIGHTS EPSILON IMAGES ITERATIONS`

use minima_autodiff::paper_cnn;
use minima_verify::{Bounds, InputSet, Method, Program, SlopeOptions, Specification};
use rayon::prelude::*;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, epsilon, count, iterations] = &arguments[..] else {
        return Err("usage: paper WEIGHTS EPSILON IMAGES ITERATIONS".into());
    };
    let options = SlopeOptions { iterations: iterations.parse()?, ..SlopeOptions::default() };
    let (epsilon, count): (f64, usize) = (epsilon.parse()?, count.parse()?);
    let graph = paper_cnn([28, 28, 1], 10)?;
    let params: Vec<f32> = graph.load(Path::new(weights))?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let (images, labels) = minima_data::mnist::load(&folder)?.test.take(count).all::<f32>();
    let logits = graph.logits(&params, images.view())?;
    let program = Program::new(&graph, &params)?;
    let started = Instant::now();
    let found: Result<Vec<(bool, bool, usize)>, minima_verify::VerifyError> = (0..count)
        .into_par_iter()
        .map(|i| {
            let specification = Specification::classification(10, labels[i])?;
            let correct = specification.violated(&logits.row(i).to_vec()).is_none();
            let input = InputSet::linf(&images.row(i).to_vec(), epsilon)?;
            let mut bounds = Bounds::new(&program, &input, Method::Crown)?;
            let margins = bounds.optimise(&specification, &options)?;
            Ok((correct, margins.iter().flatten().all(|&margin| margin > 0.0), bounds.unstable()))
        })
        .collect();
    let seconds = started.elapsed().as_secs_f64();
    let found = found?;
    let correct = found.iter().filter(|f| f.0).count();
    let proved = found.iter().filter(|f| f.1).count();
    let unstable = found.iter().map(|f| f.2).sum::<usize>() as f64 / count as f64;
    println!("{count} images: {correct} correct, {proved} proved, {unstable:.0} unstable ReLUs, {seconds:.2} s");
    Ok(())
}
