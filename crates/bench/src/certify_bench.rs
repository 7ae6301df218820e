//! Times proofs on a model that Adam has trained for one epoch.

use crate::one_epoch::after_one_epoch;
use crate::stopwatch::Stopwatch;
use minima_attacks::Ball;
use minima_autodiff::Graph;
use minima_data::Splits;
use minima_runs::RunError;
use minima_runs::certification::Certifier;
use minima_verify::{Method, VerifyOptions};
use ndarray::Axis;
use std::sync::Arc;

/// Domains of branch and bound for each image. A budget, so that equal work is timed.
const DOMAINS: usize = 200;

/// Times bounds and proofs of the first test images at radius 0.02, without an attack before them. Only the complete search looks
/// for counterexamples.
///
/// # Errors
/// Returns [`RunError`] if training or a proof fails.
pub(crate) fn time_proofs(
    watch: &mut Stopwatch<'_>,
    graph: &Arc<Graph>,
    params: &[f32],
    data: &Splits,
) -> Result<(), RunError> {
    let timed = [
        ("certify_interval_1000_0.02", Method::Interval, 1_000),
        ("certify_crown_1000_0.02", Method::Crown, 1_000),
        ("certify_alpha_100_0.02", Method::Slopes, 100),
        ("certify_complete_100_0.02", Method::Complete, 100),
    ];
    if !timed.iter().any(|(name, ..)| watch.wants(name)) {
        return Ok(());
    }
    let model = after_one_epoch(graph, params, data)?;
    let (images, labels) = data.test.all::<f32>();
    for (name, method, count) in timed {
        let count = count.min(labels.len());
        let (images, labels) = (images.slice_axis(Axis(0), (0..count).into()), &labels[..count]);
        let default = VerifyOptions::default();
        let attack_steps = if method == Method::Complete { default.attack_steps } else { 0 };
        let options = VerifyOptions { method, domains: DOMAINS, attack_steps, ..default };
        let certifier = Certifier::new(&model, None, options)?;
        let ball = Ball::linf(0.02)?;
        watch.once(name, || certifier.certify(images, labels, 0, ball))?;
    }
    Ok(())
}
