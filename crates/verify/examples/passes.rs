//! Times of the parts of a verification of one MNIST image on a network of the paper.
//!
//! Usage: `passes WEIGHTS EPSILON`

use minima_autodiff::paper_cnn;
use minima_verify::{Bounds, InputSet, Method, Program, SlopeOptions, Specification, VerifyError};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn time(what: &str, count: usize, mut run: impl FnMut()) {
    run();
    let started = Instant::now();
    (0..count).for_each(|_| run());
    println!("{what}: {:.1} µs", 1e6 * started.elapsed().as_secs_f64() / count as f64);
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [weights, epsilon] = &arguments[..] else { return Err("usage: passes WEIGHTS EPSILON".into()) };
    let epsilon: f64 = epsilon.parse()?;
    let graph = paper_cnn([28, 28, 1], 10)?;
    let params: Vec<f32> = graph.load(Path::new(weights))?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let (images, labels) = minima_data::mnist::load(&folder)?.test.take(1).all::<f32>();
    let program = Program::new(&graph, &params)?;
    let specification = Specification::classification(10, labels[0])?;
    let input = InputSet::linf(&images.row(0).to_vec(), epsilon)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| -> Result<(), VerifyError> {
        let bounds = Bounds::new(&program, &input, Method::Crown)?;
        println!("{} unstable ReLUs", bounds.unstable());
        time("intervals", 200, || drop(Bounds::new(&program, &input, Method::Interval)));
        time("CROWN of all neurons", 100, || drop(Bounds::new(&program, &input, Method::Crown)));
        time("one pass of the specification", 1000, || drop(bounds.margins(&specification)));
        for iterations in [5, 20] {
            let options = SlopeOptions { iterations, intermediate: false, ..SlopeOptions::default() };
            time(&format!("{iterations} steps on last slopes"), 20, || {
                drop(bounds.clone().optimise(&specification, &options))
            });
            let options = SlopeOptions { iterations, ..SlopeOptions::default() };
            time(&format!("{iterations} steps on all slopes"), 5, || {
                drop(bounds.clone().optimise(&specification, &options))
            });
        }
        Ok(())
    })?;
    Ok(())
}
