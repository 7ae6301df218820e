//! Times the stronger attacks on a model that Adam has trained for one epoch. On an untrained model the attacks would succeed at
//! once.

use crate::stopwatch::Stopwatch;
use minima_attacks::{Ball, Norm};
use minima_autodiff::{Graph, Model};
use minima_config::attack_catalogue::{Options, attack};
use minima_data::{EpochOrder, Splits, epoch_batches};
use minima_optim::{Adam, Batch, Optimizer};
use minima_runs::RunError;
use ndarray::Axis;
use std::sync::Arc;

/// Number of images for AutoAttack.
const IMAGES: usize = 1_000;

/// Times PGD on the test set and AutoAttack on its first 1 000 images.
///
/// # Errors
/// Returns [`RunError`] if training or an attack fails.
pub(crate) fn time_attacks(
    watch: &mut Stopwatch<'_>,
    graph: &Arc<Graph>,
    params: &[f32],
    data: &Splits,
) -> Result<(), RunError> {
    let timed = [
        ("pgd40_test_set_0.1", "pgd", data.test.len(), 0.1),
        ("autoattack_1000_0.1", "autoattack", IMAGES, 0.1),
        ("autoattack_1000_0.05", "autoattack", IMAGES, 0.05),
    ];
    if !timed.iter().any(|(name, ..)| watch.wants(name)) {
        return Ok(());
    }
    let mut params = params.to_vec();
    let mut adam = Adam::new(0.001);
    let order = EpochOrder::new(42, data.train.len()).next().unwrap_or_default();
    for indices in epoch_batches(&order, 128)? {
        let (images, labels) = data.train.batch(indices)?;
        adam.step(graph.as_ref(), &mut params, &Batch::new(images.view(), &labels)?)?;
    }
    let model = Model::new(Arc::clone(graph), params)?;
    let (images, labels) = data.test.all::<f32>();
    for (name, attacked_by, count, epsilon) in timed {
        let count = count.min(labels.len());
        let (images, labels) = (images.slice_axis(Axis(0), (0..count).into()), &labels[..count]);
        let attack = attack(attacked_by, Norm::Linf, &Options::default())?;
        let ball = Ball::linf(epsilon)?;
        watch.once(name, || Ok(attack.run(&model, images, labels, ball)?))?;
    }
    Ok(())
}
