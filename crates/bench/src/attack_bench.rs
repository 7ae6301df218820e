//! Times the stronger attacks on a model that Adam has trained for one epoch. On an untrained model the attacks would succeed at
//! once.

use crate::one_epoch::after_one_epoch;
use crate::stopwatch::Stopwatch;
use minima_attacks::{Ball, Norm};
use minima_autodiff::Graph;
use minima_config::attack_catalogue::{Options, attack};
use minima_data::Splits;
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
    let model = after_one_epoch(graph, params, data)?;
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
