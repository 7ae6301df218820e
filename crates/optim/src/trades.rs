//! The objective of TRADES: accuracy on images, and equal predictions on images near them.

use crate::OptimError;
use minima_autodiff::softmax_cross_entropy::count_correct;
use minima_autodiff::{AutodiffError, Batch, Graph, Scalar, StepReport};
use ndarray::{ArrayView2, Axis};

/// The logarithms of the probabilities at one image's logits.
fn log_softmax<T: Scalar>(logits: &[T]) -> Vec<f64> {
    let largest = logits.iter().map(|a| a.as_f64()).fold(f64::NEG_INFINITY, f64::max);
    let rest = logits.iter().map(|a| (a.as_f64() - largest).exp()).sum::<f64>().ln();
    logits.iter().map(|a| (a.as_f64() - largest) - rest).collect()
}

/// `p (log p − log q)` of one class, which is 0 at p = 0.
fn term(log_p: f64, log_q: f64) -> f64 {
    let p = log_p.exp();
    if p > 0.0 { p * (log_p - log_q) } else { 0.0 }
}

/// The Kullback-Leibler divergence `KL(p‖q) = Σ_c p_c (log p_c − log q_c)` of the probabilities p and q at two logits of
/// one image, in nats.
#[must_use]
pub fn divergence<T: Scalar>(of: &[T], from: &[T]) -> f64 {
    log_softmax(of).into_iter().zip(log_softmax(from)).map(|(log_p, log_q)| term(log_p, log_q)).sum()
}

/// Adds `scale` times the gradient of `KL(p‖q)` with respect to the logits of p to `out`: `p_c (log p_c − log q_c − KL)`.
pub fn add_divergence_gradient_of<T: Scalar>(of: &[T], from: &[T], scale: f64, out: &mut [T]) {
    let (log_p, log_q) = (log_softmax(of), log_softmax(from));
    let whole: f64 = log_p.iter().zip(&log_q).map(|(&p, &q)| term(p, q)).sum();
    for ((out, log_p), log_q) in out.iter_mut().zip(log_p).zip(log_q) {
        *out += T::from_f64(scale * (term(log_p, log_q) - log_p.exp() * whole));
    }
}

/// Adds `scale` times the gradient of `KL(p‖q)` with respect to the logits of q to `out`: `q_c − p_c`.
pub fn add_divergence_gradient_from<T: Scalar>(of: &[T], from: &[T], scale: f64, out: &mut [T]) {
    for ((out, log_p), log_q) in out.iter_mut().zip(log_softmax(of)).zip(log_softmax(from)) {
        *out += T::from_f64(scale * (log_q.exp() - log_p.exp()));
    }
}

/// The objective of TRADES and its gradient: `ℓ(x) + β mean KL(p(x)‖p(x′))` with the batch's loss ℓ on its images x, and
/// the network's probabilities p on them and on the images x′ near them (Zhang et al. 2019, "Theoretically principled
/// trade-off between robustness and accuracy", eq. 5). The gradient goes through both probabilities.
///
/// The report counts the images x that are classified correctly.
///
/// # Errors
/// Returns [`OptimError::Autodiff`] if the images, the labels or the parameters do not fit the network.
pub fn trades_gradient<T: Scalar>(
    graph: &Graph,
    params: &[T],
    batch: &Batch<'_, T>,
    near: ArrayView2<'_, T>,
    beta: f64,
) -> Result<(StepReport, Vec<T>), OptimError> {
    let (loss, labels, images) = (batch.loss(), batch.labels(), batch.len());
    loss.check(labels, images, graph.classes())?;
    if near.nrows() != images {
        let (found, expected) = (vec![near.nrows()], vec![images]);
        return Err(AutodiffError::Shape { what: "images near the batch's", found, expected }.into());
    }
    let near_logits = graph.logits(params, near)?;
    let row = |logits: &ndarray::Array2<T>, image: usize| logits.index_axis(Axis(0), image).to_vec();
    let share = T::one() / T::from_f64(loss.total_weight(labels));
    let weight = beta / images as f64;
    let of = loss.of::<T>();
    // Both closures are called with the indices of images alone.
    let (logits, mut gradient) = graph.logits_and_vjp(params, batch.images(), &|image, logits, out| {
        if let Some(&label) = labels.get(image) {
            of.gradient_into(logits, label, share, out);
            add_divergence_gradient_of(logits, &row(&near_logits, image), weight, out);
        }
    })?;
    let (_, near_gradient) = graph.logits_and_vjp(params, near, &|image, near_logits, out| {
        add_divergence_gradient_from(&row(&logits, image), near_logits, weight, out);
    })?;
    gradient.iter_mut().zip(near_gradient).for_each(|(g, near)| *g += near);
    let divergences = (0..images).map(|image| divergence(&row(&logits, image), &row(&near_logits, image)));
    let loss = loss.mean(logits.view(), labels)? + weight * divergences.sum::<f64>();
    Ok((StepReport { loss, correct: count_correct(logits.view(), labels) }, gradient))
}
