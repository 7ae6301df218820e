//! The directions in which two runs that differ only in arithmetic drift apart, by the curvature of the loss.

use super::plan::Planned;
use crate::error::StudyError;
use minima_autodiff::{Batch, Graph, Model};
use minima_curvature::{Ggn, GgnVariant, Objective, lanczos_from};
use minima_data::Splits;
use minima_metrics::MetricsError;
use minima_rows::DriftRow;
use minima_runs::StoredRun;
use ndarray::Array2;

/// The number of training images of the Gauss-Newton matrix.
const IMAGES: usize = 1_000;
/// The number of Lanczos steps, and of nodes of the spectral measure.
const STEPS: usize = 60;
/// The upper ends of the ranges of curvature. The first range starts at 0 and includes the values that rounding makes negative.
const ENDS: [f64; 7] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, f64::INFINITY];

/// The difference of two runs after each common epoch, by ranges of curvature.
pub(super) fn drift(
    planned: &Planned,
    run: &StoredRun,
    exact: &StoredRun,
    data: &Splits,
) -> Result<Vec<DriftRow>, StudyError> {
    let (images, labels) = exact.training_set(&planned.job, data)?.take(IMAGES).all::<f64>();
    let start = wide(&exact.checkpoint(0)?);
    let mut rows = Vec::new();
    for epoch in 1..=run.epochs().min(exact.epochs()) {
        let model = exact.checkpoint(exact.step_after(epoch))?;
        let at = wide(&model);
        let other = wide(&run.checkpoint(run.step_after(epoch))?);
        let apart = difference(&other, &at);
        let distance = norm(&apart);
        let shares =
            if distance > 0.0 { shares(model.graph(), &at, &images, &labels, &apart)? } else { [0.0; ENDS.len()] };
        let travelled = norm(&difference(&at, &start));
        let mut from = 0.0;
        for (to, share) in ENDS.into_iter().zip(shares) {
            rows.push(DriftRow {
                variant: planned.variant.clone(),
                arithmetic: planned.arithmetic.clone(),
                seed: planned.job.run.seed,
                epoch,
                distance,
                travelled,
                curvature_from: from,
                curvature_to: to,
                share,
            });
            from = to;
        }
    }
    Ok(rows)
}

/// The shares of `‖v‖²` in the ranges. Lanczos from `v` gives the nodes and weights of the spectral measure of `v`.
fn shares(
    graph: &Graph,
    params: &[f64],
    images: &Array2<f64>,
    labels: &[usize],
    v: &[f64],
) -> Result<[f64; ENDS.len()], StudyError> {
    let objective =
        Objective::of_batch(graph, params, Batch::new(images.view(), labels)?).map_err(MetricsError::from)?;
    let matrix = Ggn::new(&objective, GgnVariant::Mean).map_err(MetricsError::from)?;
    let ritz = lanczos_from(&matrix, v, STEPS).and_then(|lanczos| lanczos.ritz()).map_err(MetricsError::from)?;
    let mut shares = [0.0; ENDS.len()];
    for (value, weight) in ritz.values.iter().zip(&ritz.weights) {
        if let Some((_, share)) = ENDS.iter().zip(&mut shares).find(|(end, _)| value < end) {
            *share += weight;
        }
    }
    Ok(shares)
}

fn wide(model: &Model<f32>) -> Vec<f64> {
    model.params().iter().map(|&x| f64::from(x)).collect()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}
