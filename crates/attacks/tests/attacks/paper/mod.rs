//! The paper's trained models, the test images, and the results of reference implementations.

use minima_autodiff::{Model, paper_cnn};
use minima_data::mnist;
use ndarray::Array2;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// A trained model of the paper, `adam_clean` or `gn_clean`, from the folder in the variable MINIMA_PAPER_CHECKPOINTS
/// or else from `shared/paper/checkpoints` beside the workspace. `None` if the file is missing; tests then report it.
pub(crate) fn model(name: &str) -> Option<Model<f32>> {
    let beside = [env!("CARGO_MANIFEST_DIR"), "../../../shared/paper/checkpoints"].iter().collect();
    let folder: PathBuf = std::env::var_os("MINIMA_PAPER_CHECKPOINTS").map_or(beside, PathBuf::from);
    let file = folder.join(format!("{name}.safetensors"));
    if !file.is_file() {
        println!("skipped: no {name}.safetensors in MINIMA_PAPER_CHECKPOINTS");
        return None;
    }
    let graph = Arc::new(paper_cnn([28, 28, 1], 10).unwrap());
    let params = graph.load(&file).unwrap();
    Some(Model::new(graph, params).unwrap())
}

/// The first test images `(images, 784)` and their labels.
pub(crate) fn images(count: usize) -> (Array2<f32>, Vec<usize>) {
    mnist::load_default().unwrap().test.take(count).all()
}

/// The reference numbers: `pgd40` by model; robust counts by model, radius and attack.
pub(crate) fn golden() -> Value {
    serde_json::from_str(include_str!("golden.json")).unwrap()
}

/// The number of the first 1 000 images that are robust against the reference.
pub(crate) fn robust(model: &str, epsilon: &str, attack: &str) -> Option<usize> {
    let count = golden()["autoattack_linf_robust_of_first_1000"][model][epsilon][attack].as_u64();
    count.map(|count| usize::try_from(count).unwrap())
}
