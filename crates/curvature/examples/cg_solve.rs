//! A damped Gauss-Newton system solved by conjugate gradients, with and without a preconditioner.
//!
//! `cargo run --release -p minima-curvature --example cg_solve`

use minima_autodiff::softmax_cross_entropy::{hessian_factors, softmax};
use minima_autodiff::{Batch, paper_cnn};
use minima_curvature::kfac::{Kfac, KroneckerFactors, WeightSharing};
use minima_curvature::{CgOptions, Ggn, GgnVariant, Objective, OperatorExt, SymmetricOperator, conjugate_gradient};
use minima_data::mnist;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let data = mnist::load_default()?.train.take(128);
    let graph = paper_cnn(data.shape(), data.classes())?;
    let params: Vec<f32> = graph.init(42);
    let (images, labels) = data.all();
    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels)?)?;

    let damping = 1e-3;
    let system = Ggn::new(&objective, GgnVariant::Mean)?.damped(damping);
    let gradient = objective.gradient()?;

    // An approximate inverse: the inverse of K-FAC with the same damping.
    let at = graph.linearize(&params, images.view())?;
    let factors =
        KroneckerFactors::estimate(&at, hessian_factors(softmax(at.logits()).view()).view(), WeightSharing::Expand)?;
    let kfac = Kfac::new(factors)?.inverse(damping)?;

    let options = CgOptions { iterations: 500, tolerance: 1e-2, relative_progress: None };
    let preconditioners: [(&str, Option<&dyn SymmetricOperator<f32>>); 2] = [("none", None), ("K-FAC", Some(&kfac))];
    for (name, preconditioner) in preconditioners {
        let solution = conjugate_gradient(&system, &gradient, &options, preconditioner, None)?;
        println!("preconditioner {name}: {:?} after {} iterations", solution.ended, solution.log.len());
        println!("{:>9} {:>12} {:>14}", "iteration", "residual", "model");
        for (number, iteration) in (1..).zip(&solution.log).filter(|(n, _)| n % 5 == 0 || *n == solution.log.len()) {
            println!("{number:>9} {:>12.3e} {:>14.6e}", iteration.residual, iteration.model);
        }
    }
    Ok(())
}
