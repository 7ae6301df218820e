//! A model that Adam has trained for one epoch, for timings that depend on the weights.

use minima_autodiff::{Graph, Model};
use minima_data::{EpochOrder, Splits, epoch_batches};
use minima_optim::{Adam, Batch, Optimizer};
use minima_runs::RunError;
use std::sync::Arc;

/// Trains for one epoch from these parameters.
///
/// # Errors
/// Returns [`RunError`] if a step fails.
pub(crate) fn after_one_epoch(graph: &Arc<Graph>, params: &[f32], data: &Splits) -> Result<Model<f32>, RunError> {
    let mut params = params.to_vec();
    let mut adam = Adam::new(0.001);
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    for indices in epoch_batches(&order, 128)? {
        let (images, labels) = data.train.batch(indices)?;
        adam.step(graph.as_ref(), &mut params, &Batch::new(images.view(), &labels)?)?;
    }
    Ok(Model::new(Arc::clone(graph), params)?)
}
