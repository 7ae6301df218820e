//! The ends of the spectra of the Gauss-Newton matrix and the Hessian at a checkpoint, or after a short training.
//!
//! `cargo run --release -p minima --example top_eigenvalues [checkpoint.safetensors]`

use minima::autodiff::{Batch, Graph, paper_cnn};
use minima::curvature::{
    EigenOptions, Ggn, GgnVariant, Hessian, Objective, SymmetricOperator, bottom_eigenpairs, top_eigenpairs,
};
use minima::data::{Dataset, EpochOrder, epoch_batches, mnist};
use minima::optim::{Adam, Optimizer};
use std::error::Error;
use std::path::Path;

/// Trains with a hundred steps of Adam.
fn train(graph: &Graph, data: &Dataset) -> Result<Vec<f32>, Box<dyn Error>> {
    let (mut params, mut optimizer) = (graph.init(42), Adam::new(1e-3));
    let order = EpochOrder::new(42, data.len()).next().ok_or("no epoch")?;
    for indices in epoch_batches(&order, 128)?.take(100) {
        let (images, labels) = data.batch(indices)?;
        optimizer.step(graph, &mut params, &Batch::new(images.view(), &labels)?)?;
    }
    Ok(params)
}

fn print(name: &str, a: &dyn SymmetricOperator<f32>) -> Result<(), Box<dyn Error>> {
    let options = EigenOptions::default();
    for (end, pairs) in [("largest", top_eigenpairs(a, 5, &options)?), ("smallest", bottom_eigenpairs(a, 3, &options)?)]
    {
        for pair in pairs {
            let converged = if pair.converged { "" } else { " (not converged)" };
            println!("{name}, {end}: {:.6} ± {:.1e}{converged}", pair.value, pair.residual);
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = mnist::load_default()?.train;
    let graph = paper_cnn(data.shape(), data.classes())?;
    let params = match std::env::args().nth(1) {
        Some(checkpoint) => graph.load(Path::new(&checkpoint))?,
        None => train(&graph, &data)?,
    };
    let (images, labels) = data.take(512).all();
    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels)?)?;
    println!("{} parameters, {} images, loss {:.4}", params.len(), labels.len(), objective.loss()?);
    print("Gauss-Newton", &Ggn::new(&objective, GgnVariant::Mean)?)?;
    print("Hessian", &Hessian::new(&objective))
}
