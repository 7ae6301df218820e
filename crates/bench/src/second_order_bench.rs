//! How long the steps of the optimizers take that only the processor has. Some refresh their curvature now and then, so that
//! steps are timed together.

use crate::stopwatch::{BATCH, Named, Stopwatch};
use minima_autodiff::Graph;
use minima_data::{EpochOrder, Mnist, epoch_batches};
use minima_optim::{Adam, Batch, Ekfac, GgnVariant, Kfac, Sam, SecondOrder};
use minima_runs::RunError;
use std::time::Instant;

/// Steps that are timed together, so that rare work is shared out: a multiple of the optimizers' periods.
const STEPS: usize = 100;
/// How often.
const REPETITIONS: usize = 7;

/// The optimizers that only the processor has. `gauss_newton_cg50` takes 50 iterations whatever the residual.
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

/// Times their steps along a training run: the mean of [`STEPS`] at a time, batches loaded beforehand, as often as
/// [`REPETITIONS`] says; Adam's in the same way, as `adam_along`, for comparison.
pub(crate) fn time_second_order(
    watch: &mut Stopwatch<'_>,
    graph: &Graph,
    params: &[f32],
    data: &Mnist,
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
            // The first run warms up.
            if repetition > 0 {
                taken.push(1e3 * start.elapsed().as_secs_f64() / batches.len() as f64);
            }
        }
        watch.record(name, taken);
    }
    Ok(())
}
