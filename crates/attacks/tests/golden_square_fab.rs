//! Square and FAB-T on two trained networks, beside the counts of the reference AutoAttack.
//!
//! The networks are looked for in the folder of `MINIMA_PAPER_CHECKPOINTS`, or in `shared/paper/checkpoints` beside the
//! workspace; without them the tests pass and say so.

#![allow(clippy::unwrap_used)]

use minima_attacks::{Attack, Ball, FabT, Square};
use minima_autodiff::{Model, paper_cnn};
use minima_data::mnist;
use ndarray::Array2;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// Images that may stand more than with the reference, of 1000.
const SLACK: usize = 6;

fn checkpoint(name: &str) -> Option<Model<f32>> {
    let beside: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../../shared/paper/checkpoints"].iter().collect();
    let folder = std::env::var_os("MINIMA_PAPER_CHECKPOINTS").map_or(beside, PathBuf::from);
    let path = folder.join(name).with_extension("safetensors");
    if !path.is_file() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    let graph = Arc::new(paper_cnn([28, 28, 1], 10).unwrap());
    let params = graph.load(&path).unwrap();
    Some(Model::new(graph, params).unwrap())
}

fn images() -> (Array2<f32>, Vec<usize>) {
    mnist::load_default().unwrap().test.take(1_000).all()
}

/// Attacks, and holds the number of images that stand to the reference's.
fn holds(attack: &dyn Attack<f32>, name: &str, epsilon: f64, reference: usize) {
    let Some(model) = checkpoint(name) else { return };
    let (images, labels) = images();
    let start = Instant::now();
    let outcome = attack.run(&model, images.view(), &labels, Ball::linf(epsilon).unwrap()).unwrap();
    let (seconds, robust) = (start.elapsed().as_secs_f64(), outcome.robust());
    println!(
        "{name} {} {epsilon}: {robust}, reference {reference}; {:?}, {seconds:.1} s",
        attack.name(),
        outcome.passes
    );
    assert!(robust <= reference + SLACK, "{name} {epsilon}: {robust} stand, {reference} with the reference");
}

#[test]
fn square_leaves_no_more_than_the_reference() {
    holds(&Square::default(), "adam_clean", 0.1, 91);
    holds(&Square::default(), "adam_clean", 0.05, 526);
    holds(&Square::default(), "gn_clean", 0.1, 101);
    holds(&Square::default(), "gn_clean", 0.05, 639);
}

#[test]
fn fab_leaves_no_more_than_the_reference() {
    holds(&FabT::default(), "adam_clean", 0.1, 63);
}
