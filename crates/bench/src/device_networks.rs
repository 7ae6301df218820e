//! Steps of the compared networks on a GPU, each beside its lower bound.

use crate::floors::{DeviceStep, H100, H200, StepFloor};
use crate::networks::{Compared, NETWORKS};
use minima_autodiff::Graph;
use minima_config::NetworkChoiceError;
use minima_cuda::{CudaEngine, CudaError, Device};
use minima_metrics::quantile;
use minima_optim::OptimError;
use minima_rng::Key;
use minima_rows::Table;
use minima_runs::RunError;
use std::sync::Arc;
use std::time::Instant;

/// Batches of an epoch, and epochs that are timed after one to warm up.
const BATCHES: usize = 20;
const EPOCHS: usize = 5;

/// The lower bounds of every step of the compared networks, as a table. Only steps whose name, such as `resnet20-16 adam`,
/// contains `filter` are counted. A step that exceeds a limit of the kernels has the error in its row.
///
/// # Errors
/// Returns [`RunError`] if a network cannot be built.
pub fn floors(filter: &str) -> Result<Table, RunError> {
    let mut table = Table::new(&[
        "step",
        "images",
        "launches",
        "MB",
        "GFLOP",
        "copied MB",
        "memory MB",
        "H100 ms",
        "H200 ms",
        "bound by",
    ]);
    for Compare { compared, graph, step } in steps(filter, &DeviceStep::ALL)? {
        let mut row = vec![format!("{} {}", compared.name, step.name()), compared.batch.to_string()];
        row.extend(match StepFloor::of(&graph, compared.batch, step) {
            Ok(floor) => figures(&floor),
            Err(refused) => vec![refused.to_string()],
        });
        table.rows.push(row);
    }
    Ok(table)
}

/// Launches, bytes, operations, copies, memory, and the time on two GPUs.
fn figures(floor: &StepFloor) -> Vec<String> {
    let [launches, bytes, operations, copies] = floor.seconds(&H200);
    let bound = match launches.max(bytes).max(operations).max(copies) {
        most if most == launches => "launches",
        most if most == bytes => "bytes",
        most if most == operations => "operations",
        _ => "copies",
    };
    vec![
        floor.launches.to_string(),
        format!("{:.1}", floor.bytes as f64 / 1e6),
        format!("{:.2}", (floor.single + floor.double) / 1e9),
        format!("{:.1}", floor.copied as f64 / 1e6),
        format!("{:.0}", floor.memory as f64 / 1e6),
        format!("{:.3}", floor.milliseconds(&H100)),
        format!("{:.3}", floor.milliseconds(&H200)),
        bound.to_owned(),
    ]
}

/// A step of a compared network.
struct Compare {
    compared: &'static Compared,
    graph: Arc<Graph>,
    step: DeviceStep,
}

/// The wanted ones of these steps, of the compared networks.
fn steps(filter: &str, of: &[DeviceStep]) -> Result<Vec<Compare>, RunError> {
    let mut wanted = Vec::new();
    for compared in &NETWORKS {
        let graph = Arc::new((compared.spec)().and_then(|spec| spec.graph()).map_err(NetworkChoiceError::from)?);
        for &step in of {
            if format!("{} {}", compared.name, step.name()).contains(filter) {
                wanted.push(Compare { compared, graph: Arc::clone(&graph), step });
            }
        }
    }
    Ok(wanted)
}

/// Times the steps of the compared networks on devices that `open` opens, each beside its lower bound. A step that the device
/// refuses or that fails has its error in its row.
///
/// # Errors
/// Returns [`RunError`] if a network cannot be built.
pub fn networks_on<D: Device>(open: &dyn Fn() -> Result<D, CudaError>, filter: &str) -> Result<Table, RunError> {
    let mut table = Table::new(&[
        "step",
        "images",
        "median ms",
        "10 %",
        "90 %",
        "floor H100",
        "floor H200",
        "launches",
        "MB",
        "GFLOP",
    ]);
    for Compare { compared, graph, step } in steps(filter, &DeviceStep::ON_DEVICE)? {
        let mut row = vec![format!("{} {}", compared.name, step.name()), compared.batch.to_string()];
        let measured = time(open, &graph, compared.batch, step).and_then(|taken| {
            let at = |fraction| quantile(&taken, fraction).unwrap_or(f64::NAN);
            let floor = StepFloor::of(&graph, compared.batch, step)?;
            let [launches, bytes, operations, ..] = &figures(&floor)[..] else { return Ok(Vec::new()) };
            let of_counts = [launches, bytes, operations].map(String::clone);
            let times = [at(0.5), at(0.1), at(0.9), floor.milliseconds(&H100), floor.milliseconds(&H200)];
            Ok(times.map(|ms| format!("{ms:.3}")).into_iter().chain(of_counts).collect())
        });
        row.extend(measured.unwrap_or_else(|error| vec![error.to_string()]));
        table.rows.push(row);
    }
    Ok(table)
}

/// Milliseconds of one step, in each epoch.
fn time<D: Device>(
    open: &dyn Fn() -> Result<D, CudaError>,
    graph: &Arc<Graph>,
    batch: usize,
    step: DeviceStep,
) -> Result<Vec<f64>, RunError> {
    let engine = CudaEngine::new(open()?, Arc::clone(graph))?;
    let images = BATCHES * batch;
    let pixels: Vec<u8> = Key::new(0).bits(images * graph.features()).into_iter().map(|word| word as u8).collect();
    let labels: Vec<usize> = (0..images).map(|i| i % graph.classes()).collect();
    let data = engine.load(&pixels, &labels)?;
    let order: Vec<u32> = (0..images).map(|image| image as u32).collect();
    let Some(mut optimizer) = step.optimizer::<D>() else { return Ok(Vec::new()) };
    let mut params = engine.vector(&graph.init::<f32>(42))?;
    let mut epochs = engine.epochs(&data, batch)?;
    let mut taken = Vec::new();
    for _ in 0..=EPOCHS {
        let start = Instant::now();
        epochs.run::<RunError>(&order, optimizer.repeats_its_calls(), |batch| {
            optimizer.step(&engine, &mut params, batch).map_err(OptimError::into)
        })?;
        taken.push(1e3 * start.elapsed().as_secs_f64() / BATCHES as f64);
    }
    Ok(taken.split_off(1))
}
