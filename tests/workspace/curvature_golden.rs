//! Products with the curvature of the first batch of seed 42, compared with a dense reference in double precision.

use minima_autodiff::{Batch, paper_cnn};
use minima_curvature::{Ggn, GgnVariant, Hessian, Jacobian, LinearOperator, Objective};
use minima_data::{EpochOrder, epoch_batches, mnist};
use minima_tests::golden::{Golden, relative_error};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The tolerance between two computations in double precision in different orders: sums of some thousand terms, each rounded at
/// 1e-16.
const DOUBLE: f64 = 1e-12;

#[test]
fn products_are_the_references() -> Outcome {
    let train = mnist::load_default()?.train;
    let order = EpochOrder::new(42, train.len()).next().ok_or("no epoch")?;
    let indices = epoch_batches(&order, 128)?.next().ok_or("no batch")?;
    let (images, labels) = train.batch::<f32>(indices)?;
    // The pixels of the reference are rounded to single precision.
    let images = images.mapv(f64::from);
    let golden = Golden::load("first_batch_f64.safetensors")?;
    let v = golden.numbers("probe_v")?;
    let graph = paper_cnn([28, 28, 1], 10)?;
    let theta = graph.load(&Golden::path("init_seed42.safetensors"))?;
    let whole = Objective::of_batch(&graph, &theta, Batch::new(images.view(), &labels)?)?;
    let in_parts = Objective::of_dataset(&graph, &theta, images.view(), &labels, 50)?;
    for objective in [&whole, &in_parts] {
        let products = [
            ("jvp_v", Jacobian::new(objective).apply(&v)?),
            ("ggn_v_mean", Ggn::new(objective, GgnVariant::Mean)?.apply(&v)?),
            ("hvp_v_mean", Hessian::new(objective).apply(&v)?),
            ("gradient", objective.gradient()?),
        ];
        for (name, found) in products {
            let error = relative_error(&found, &golden.numbers(name)?);
            println!("{name}: {error:.1e}");
            assert!(error < DOUBLE, "{name}: relative error {error:e}");
        }
    }
    Ok(())
}
