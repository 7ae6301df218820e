//! Steps along a gradient times the inverse of a Kronecker-factored curvature: what K-FAC and EKFAC share.

use crate::kl_clip::kl_clip;
use crate::range::{AT_LEAST_ONE, BELOW_ONE, NOT_NEGATIVE, POSITIVE, check};
use crate::{OptimError, Optimizer};
use minima_autodiff::softmax_cross_entropy::{count_correct, mean_gradient, mean_loss};
use minima_autodiff::{Batch, Engine, Graph, LayerPairs, Scalar, StepReport};
use minima_curvature::CurvatureError;
use minima_curvature::kfac::{label_residuals, sampled_residuals};
use minima_rng::Key;
use ndarray::Axis;

/// A Kronecker-factored curvature that is kept from step to step.
pub trait KroneckerCurvature<T: Scalar>: Default + Send {
    /// Takes a batch's layers into running averages, in which old batches fade by `decay`.
    ///
    /// # Errors
    /// When they are of another network.
    fn observe(&mut self, layers: &[LayerPairs<T>], decay: f64) -> Result<(), CurvatureError>;

    /// Computes anew, from the averages, what is too expensive for every step.
    ///
    /// # Errors
    /// When a factorization fails.
    fn refresh(&mut self, damping: f64) -> Result<(), CurvatureError>;

    /// Takes a batch's layers into averages that build on the last [`refresh`](Self::refresh).
    ///
    /// # Errors
    /// When they are of another network.
    fn refine(&mut self, layers: &[LayerPairs<T>], decay: f64) -> Result<(), CurvatureError>;

    /// The damped inverse times a gradient.
    ///
    /// # Errors
    /// When the gradient is of another network.
    fn precondition(&self, gradient: &[T], damping: f64) -> Result<Vec<T>, CurvatureError>;
}

/// `v ← μ v + ν F⁻¹(g + δ θ)`, `θ ← θ − η v` with a Kronecker-factored `F`; weight decay δ is a term of the loss, and adds to
/// the damping too, as its curvature does. See [`Kfac`](crate::Kfac) and [`Ekfac`](crate::Ekfac).
///
/// `F` is estimated on every few batches from labels drawn from the network's own probabilities. A step without that costs a
/// gradient and two small products a layer.
#[derive(Clone, Debug)]
pub struct KroneckerStep<C, T> {
    options: Options,
    curvature: C,
    velocity: Vec<T>,
    steps: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub learning_rate: f64,
    pub damping: f64,
    pub momentum: f64,
    pub weight_decay: f64,
    pub decay: f64,
    pub statistics_every: u32,
    pub inverse_every: u32,
    pub kl_clip: Option<f64>,
    pub seed: u64,
    pub empirical: bool,
}

impl Options {
    /// Damping 0.03, momentum 0.9, no weight decay, averages that fade by 0.95, statistics every 10 steps, KL clip 0.001.
    pub fn new(learning_rate: f64, inverse_every: u32) -> Self {
        Self {
            learning_rate,
            damping: 0.03,
            momentum: 0.9,
            weight_decay: 0.0,
            decay: 0.95,
            statistics_every: 10,
            inverse_every,
            kl_clip: Some(0.001),
            seed: 0,
            empirical: false,
        }
    }
}

impl<T: Scalar, C: KroneckerCurvature<T>> KroneckerStep<C, T> {
    pub(crate) fn with_options(options: Options) -> Self {
        Self { options, curvature: C::default(), velocity: Vec::new(), steps: 0 }
    }

    /// With damping λ.
    #[must_use]
    pub fn with_damping(mut self, damping: f64) -> Self {
        self.options.damping = damping;
        self
    }

    /// With momentum μ on the preconditioned gradient.
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.options.momentum = momentum;
        self
    }

    /// With weight decay δ: the loss has the term `δ ‖θ‖² / 2`.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.options.weight_decay = weight_decay;
        self
    }

    /// With statistics that fade by this factor, below 1, at every later batch that is looked at.
    #[must_use]
    pub fn with_decay(mut self, decay: f64) -> Self {
        self.options.decay = decay;
        self
    }

    /// With statistics of every so many batches. The first, second, fourth, eighth … are looked at in any case.
    #[must_use]
    pub fn with_statistics_every(mut self, steps: u32) -> Self {
        self.options.statistics_every = steps;
        self
    }

    /// With inverses (K-FAC) or eigenvectors (EKFAC) computed anew every so many steps, and after the first, second, fourth,
    /// eighth … in any case.
    #[must_use]
    pub fn with_inverse_every(mut self, steps: u32) -> Self {
        self.options.inverse_every = steps;
        self
    }

    /// With steps limited to `η² dᵀg ≤ κ` before momentum (Ba, Grosse & Martens 2017).
    #[must_use]
    pub fn with_kl_clip(mut self, kappa: f64) -> Self {
        self.options.kl_clip = Some(kappa);
        self
    }

    /// With steps of any length.
    #[must_use]
    pub fn without_kl_clip(mut self) -> Self {
        self.options.kl_clip = None;
        self
    }

    /// With the seed of the labels that are drawn.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// With the images' own labels instead of drawn ones: the empirical Fisher matrix.
    #[must_use]
    pub fn with_empirical_fisher(mut self) -> Self {
        self.options.empirical = true;
        self
    }

    /// The gradient, and what was seen; on the way, where it is time, the curvature's statistics.
    fn gradient(
        &mut self,
        graph: &Graph,
        params: &Vec<T>,
        batch: &Batch<'_, T>,
        step: u32,
    ) -> Result<(StepReport, Vec<T>), OptimError> {
        let Options { decay, seed, empirical, .. } = self.options;
        let refreshes = is_due(step, self.options.inverse_every);
        if !(is_due(step, self.options.statistics_every) || refreshes) {
            return Ok(graph.gradient(params, batch)?);
        }
        let at = graph.linearize(params, batch.images())?;
        let (logits, labels) = (at.logits(), batch.labels());
        let residual = mean_gradient(logits, labels)?;
        let report = StepReport { loss: mean_loss(logits, labels)?, correct: count_correct(logits, labels) };
        let gradient = at.vjp(residual.view())?;
        let cotangents = match empirical {
            true => label_residuals(logits, labels)?,
            false => sampled_residuals(logits, 1, Key::new(seed).fold_in(step)),
        };
        let layers = at.layer_pairs(cotangents.index_axis(Axis(0), 0))?;
        self.curvature.observe(&layers, decay)?;
        if refreshes {
            self.curvature.refresh(self.damping())?;
        }
        self.curvature.refine(&layers, decay)?;
        Ok((report, gradient))
    }

    /// λ + δ: the curvature of the weight decay's term is δI.
    fn damping(&self) -> f64 {
        self.options.damping + self.options.weight_decay
    }
}

/// Whether something is done in step `step`, the first being 1, that is done every `period` steps and, while everything
/// still changes quickly, in steps 1, 2, 4, 8, ….
fn is_due(step: u32, period: u32) -> bool {
    step.is_multiple_of(period) || (step < period && step.is_power_of_two())
}

impl Options {
    fn check(&self) -> Result<(), OptimError> {
        check("learning_rate", self.learning_rate, NOT_NEGATIVE)?;
        check("damping", self.damping, POSITIVE)?;
        check("momentum", self.momentum, BELOW_ONE)?;
        check("weight_decay", self.weight_decay, NOT_NEGATIVE)?;
        check("decay", self.decay, BELOW_ONE)?;
        check("statistics_every", f64::from(self.statistics_every), AT_LEAST_ONE)?;
        check("inverse_every", f64::from(self.inverse_every), AT_LEAST_ONE)?;
        check("kl_clip", self.kl_clip.unwrap_or(1.0), POSITIVE)
    }
}

impl<T: Scalar, C: KroneckerCurvature<T>> Optimizer<T> for KroneckerStep<C, T> {
    fn step(&mut self, graph: &Graph, params: &mut Vec<T>, batch: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        self.options.check()?;
        let Options { learning_rate, momentum, weight_decay, .. } = self.options;
        let step = self.steps.saturating_add(1);
        let (report, mut gradient) = self.gradient(graph, params, batch, step)?;
        let delta = T::from_f64(weight_decay);
        gradient.iter_mut().zip(params.iter()).for_each(|(g, &p)| *g += delta * p);
        let direction = self.curvature.precondition(&gradient, self.damping())?;
        let scale = match self.options.kl_clip {
            Some(kappa) => kl_clip(kappa, learning_rate, &direction, &gradient),
            None => 1.0,
        };
        let (momentum, scale, rate) = (T::from_f64(momentum), T::from_f64(scale), T::from_f64(learning_rate));
        self.velocity.resize(params.len(), T::zero());
        for ((p, v), d) in params.iter_mut().zip(&mut self.velocity).zip(direction) {
            *v = momentum * *v + scale * d;
            *p -= rate * *v;
        }
        self.steps = step;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn work_is_done_at_powers_of_two_and_then_periodically() {
        let due: Vec<u32> = (1..=40).filter(|&step| is_due(step, 10)).collect();
        assert_eq!(due, [1, 2, 4, 8, 10, 20, 30, 40]);
        assert!((1..=9).all(|step| is_due(step, 1)));
    }
}
