//! Times the steps of the optimizers that only run on the CPU. Steps are timed in groups, because some optimizers refresh their
//! curvature only every few steps.

use crate::stopwatch::{BATCH, Named, Stopwatch};
use minima_autodiff::Graph;
use minima_data::{EpochOrder, Splits, epoch_batches};
use minima_optim::{Adam, Batch, Ekfac, GgnVariant, Kfac, Sam, SecondOrder};
use minima_runs::RunError;
use std::time::Instant;

/// Steps per group: a multiple of the optimizers' periods, so that rare work is averaged.
const STEPS: usize = 100;
/// Number of groups.
const REPETITIONS: usize = 7;

/// The optimizers that only run on the CPU. `gauss_newton_cg50` takes 50 iterations regardless of the residual.
pub(crate) fn second_order() -> Vec<Named<Graph>> {
    let cg = |iterations, tolerance| SecondOrder::<f32>::gauss_newton(GgnVariant::Mean).with_cg(iterations, tolerance);
    vec![
        ("sam", Box::new(Sam::new(Adam::<f32>::new(0.001), 0.05))),
        ("kfac", Box::new(Kfac::<f32>::new(0.01))),
        ("ekfac", Box::new(Ekfac::<f32>::new(0.01))),
        ("gauss_newton_cg", Box::new(cg(10, 0.01))),
        ("gauss_newton_cg50", Box::new(cg(50, 0.0))),
    ]
}

/// Times steps of [`second_order`] optimizers along a training run: [`REPETITIONS`] means over [`STEPS`] steps, with batches
/// loaded beforehand. Adam is timed in the same way as `adam_along`, for comparison.
pub(crate) fn time_second_order(
    watch: &mut Stopwatch<'_>,
    graph: &Graph,
    params: &[f32],
    data: &Splits,
) -> Result<(), RunError> {
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    let batches = epoch_batches(&order, BATCH)?.take(STEPS);
    let batches = batches.map(|indices| data.train.batch::<f32>(indices)).collect::<Result<Vec<_>, _>>()?;
    let adam: Named<Graph> = ("adam_along", Box::new(Adam::<f32>::new(0.001)));
    for (name, mut optimizer) in second_order().into_iter().chain([adam]) {
        let name = format!("{name}_step");
        if !watch.wants(&name) {
            continue;
        }
        let (mut params, mut taken) = (params.to_vec(), Vec::new());
        for repetition in 0..=REPETITIONS {
            let start = Instant::now();
            for (images, labels) in &batches {
                optimizer.step(graph, &mut params, &Batch::new(images.view(), labels)?)?;
            }
            // The first group is a warm-up.
            if repetition > 0 {
                taken.push(1e3 * start.elapsed().as_secs_f64() / batches.len() as f64);
            }
        }
        watch.record(name, taken);
    }
    Ok(())
}
