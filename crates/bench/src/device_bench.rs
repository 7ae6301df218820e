//! Times steps and the attack on a device.
//!
//! The time of a step is the time of an epoch divided by its number of steps. Within an epoch no values are copied back to the
//! CPU.

use crate::stopwatch::{Timing, Timings, optimizers};
use minima_attacks::{Attack, Ball, Fgsm};
use minima_autodiff::Model;
use minima_cuda::{CudaEngine, Device};
use minima_data::{EpochOrder, Splits};
use minima_optim::OptimError;
use minima_runs::Host;
use minima_runs::RunError;
use minima_runs::load;
use std::sync::Arc;
use std::time::Instant;

/// The batch size of the paper.
const BATCH: usize = 128;
/// Number of timed epochs, after one warm-up epoch.
const EPOCHS: usize = 5;

/// Times the optimizers' steps and epochs and the attack on a device. Only benchmarks whose name contains `filter` run.
///
/// # Errors
/// Returns [`RunError`] if a timed operation fails.
pub fn bench_on<D: Device>(engine: &CudaEngine<D>, data: &Splits, filter: &str) -> Result<Timings, RunError> {
    let loaded = load(engine, &data.train)?;
    let params = engine.graph().init::<f32>(42);
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    let steps = data.train.len().div_ceil(BATCH) as f64;
    let mut results = Vec::new();
    for (name, mut optimizer) in optimizers::<CudaEngine<D>>() {
        let names = [format!("{name}_step"), format!("{name}_epoch")];
        if !names.iter().any(|name| name.contains(filter)) {
            continue;
        }
        let mut params = engine.vector(&params)?;
        let mut epochs = engine.epochs(&loaded, BATCH)?;
        let mut epoch = || -> Result<f64, RunError> {
            let start = Instant::now();
            epochs.run::<RunError>(&order, optimizer.repeats_its_calls(), |batch| {
                optimizer.step(engine, &mut params, batch).map_err(OptimError::into)
            })?;
            Ok(1e3 * start.elapsed().as_secs_f64())
        };
        epoch()?;
        let taken = (0..EPOCHS).map(|_| epoch()).collect::<Result<Vec<_>, _>>()?;
        let [step, whole] = names;
        results.push(Timing::of(step, taken.iter().map(|ms| ms / steps).collect()));
        results.push(Timing::of(whole, taken));
    }
    results.retain(|timing| timing.name.contains(filter));
    if "fgsm_test_set".contains(filter) {
        let model = engine.model(Model::new(Arc::clone(engine.graph()), params)?)?;
        let (images, labels) = data.test.all::<f32>();
        let ball = Ball::linf(0.1)?;
        let mut taken = Vec::new();
        for _ in 0..=EPOCHS {
            let start = Instant::now();
            Fgsm::default().run(&model, images.view(), &labels, ball)?;
            taken.push(1e3 * start.elapsed().as_secs_f64());
        }
        results.push(Timing::of("fgsm_test_set".to_owned(), taken.split_off(1)));
    }
    Ok(Timings { host: Host::here(), threads: rayon::current_num_threads(), results })
}
