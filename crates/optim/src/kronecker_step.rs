//! Steps along a gradient multiplied by the inverse of a Kronecker-factored curvature, shared by K-FAC and EKFAC.

use crate::error::enough;
use crate::kronecker_curvature::KroneckerCurvature;
use crate::kronecker_options::Options;
use crate::vectors::inner;
use crate::{OptimError, Optimizer, OptimizerState};
use minima_autodiff::{Scalar, StepReport};
use minima_curvature::kfac::{WeightSharing, label_cotangents, sampled_cotangents};
use minima_curvature::{BatchCurvature, CurvatureEngine, CurvatureError};
use minima_faults::{Fault, planted};
use minima_rng::Key;
use ndarray::Axis;

/// Buffers of at least 8 MiB are freed before a refresh: smaller buffers take little memory, and new ones take time.
const RELEASED_BYTES: usize = 8 << 20;

/// `v ← μ v + ν F⁻¹(g + δ D θ)`, `θ ← θ − η v` with a Kronecker-factored `F`. Weight decay δ is a term of the loss over
/// kernels and embeddings: D sets biases, scales and shifts to 0. δ is added to the damping of all parameters. See [`Kfac`](crate::Kfac) and [`Ekfac`](crate::Ekfac).
///
/// `F` is estimated every few batches from targets drawn from the network itself: labels from its probabilities for
/// softmax cross-entropy. A step without this
/// estimate costs one gradient and two small products per layer.
///
/// If the loss, the gradient or the direction is not finite, the step returns an error, and averages and momentum are
/// unchanged.
#[derive(Clone, Debug)]
pub struct KroneckerStep<C, T> {
    options: Options,
    curvature: C,
    velocity: Vec<T>,
    steps: u32,
}

impl<T: Scalar, C: KroneckerCurvature<T>> KroneckerStep<C, T> {
    pub(crate) fn with_options(options: Options) -> Self {
        Self { options, curvature: C::default(), velocity: Vec::new(), steps: 0 }
    }

    /// Sets the damping λ.
    #[must_use]
    pub fn with_damping(mut self, damping: f64) -> Self {
        self.options.damping = damping;
        self
    }

    /// Sets the momentum μ on the preconditioned gradient.
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.options.momentum = momentum;
        self
    }

    /// Sets the weight decay δ: the loss has the term `δ ‖θ‖² / 2` over kernels and embeddings.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.options.weight_decay = weight_decay;
        self
    }

    /// Sets the factor, below 1, by which statistics decay with every later batch that is observed.
    #[must_use]
    pub fn with_decay(mut self, decay: f64) -> Self {
        self.options.decay = decay;
        self
    }

    /// Sets how many batches lie between statistics. The first, second, fourth, eighth … batches before that are
    /// observed too.
    #[must_use]
    pub fn with_statistics_every(mut self, steps: u32) -> Self {
        self.options.statistics_every = steps;
        self
    }

    /// Sets how many steps lie between new inverses (K-FAC) or eigenvectors (EKFAC). They are also computed in the
    /// first, second, fourth, eighth … step before that.
    #[must_use]
    pub fn with_inverse_every(mut self, steps: u32) -> Self {
        self.options.inverse_every = steps;
        self
    }

    /// Scales directions d down to `η² dᵀg ≤ κ` (Ba, Grosse & Martens 2017). Momentum can make a step longer by a
    /// factor of up to `1/(1 − μ)`.
    #[must_use]
    pub fn with_kl_clip(mut self, kappa: f64) -> Self {
        self.options.kl_clip = Some(kappa);
        self
    }

    /// Does not limit the length of steps.
    #[must_use]
    pub fn without_kl_clip(mut self) -> Self {
        self.options.kl_clip = None;
        self
    }

    /// Sets the seed of the drawn labels.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }

    /// Uses the images' own labels instead of drawn ones: the empirical Fisher matrix.
    #[must_use]
    pub fn with_empirical_fisher(mut self) -> Self {
        self.options.empirical = true;
        self
    }

    /// Sets how the factors treat layers with several places: convolutions and token-wise layers. By default every
    /// place is an example of its own.
    #[must_use]
    pub fn with_weight_sharing(mut self, sharing: WeightSharing) -> Self {
        self.options.sharing = sharing;
        self
    }

    /// Evaluates a batch.
    fn gradient<E: CurvatureEngine<T>>(
        &self,
        engine: &E,
        params: &E::Vector,
        batch: &E::Batch<'_>,
        step: u32,
    ) -> Result<Seen<E::Report, C, T>, OptimError> {
        let Options { decay, seed, empirical, sharing, .. } = self.options;
        let refreshes = is_due(step, self.options.inverse_every);
        if !(is_due(step, self.options.statistics_every) || refreshes) {
            let (report, numbers, gradient) = engine.host_gradient(params, batch)?;
            check_finite(numbers, &gradient)?;
            return Ok(Seen { report, gradient, curvature: None });
        }
        let (report, at) = engine.curved(params, batch)?;
        let gradient = at.gradient()?;
        check_finite(at.report(), &gradient)?;
        let cotangents = {
            let outputs = at.outputs()?;
            let (loss, logits, labels) = (outputs.loss, outputs.logits.view(), outputs.labels.as_ref());
            match empirical {
                true => label_cotangents(loss, logits, labels)?,
                false => sampled_cotangents(loss, logits, labels, 1, Key::new(seed).fold_in(step))?,
            }
        };
        let observed = at.layer_statistics(cotangents.index_axis(Axis(0), 0))?;
        // Averages must not change if the step fails.
        let mut curvature = self.curvature.clone();
        curvature.observe(observed.as_ref(), sharing, decay)?;
        if C::REFINES {
            if refreshes {
                self.refresh(&mut curvature)?;
            }
            curvature.refine(observed.as_ref(), decay)?;
        } else if refreshes {
            // The older and the newer inverses need their memory.
            drop(observed);
            drop(at);
            T::buffers().release(RELEASED_BYTES);
            self.refresh(&mut curvature)?;
        }
        Ok(Seen { report, gradient, curvature: Some(curvature) })
    }

    /// Refreshes the curvature. The error of factors that cannot be inverted names a damping that is enough.
    fn refresh(&self, curvature: &mut C) -> Result<(), OptimError> {
        let damping = self.damping();
        curvature.refresh(damping).map_err(|source| {
            // Searched only if factors could not be inverted: no other failure depends on the damping.
            let works = |damping| curvature.clone().refresh(damping).is_ok();
            match source {
                CurvatureError::Linalg(_) => {
                    OptimError::Factors { damping, source: Box::new(source), enough: enough(damping, works) }
                }
                other => other.into(),
            }
        })
    }

    /// λ + δ: the weight decay's term has the curvature δ for each parameter that decays.
    fn damping(&self) -> f64 {
        self.options.damping + self.options.weight_decay
    }
}

/// What a step sees of a batch.
struct Seen<R, C, T> {
    report: R,
    gradient: Vec<T>,
    /// The curvature with this batch in its statistics, if an update is due.
    curvature: Option<C>,
}

/// Returns an error if the loss or an entry of the gradient is not finite.
fn check_finite<T: Scalar>(report: StepReport, gradient: &[T]) -> Result<(), CurvatureError> {
    finite("the loss", report.loss)?;
    gradient.iter().try_for_each(|g| finite("the gradient", g.as_f64()))
}

fn finite(what: &'static str, found: f64) -> Result<(), CurvatureError> {
    if found.is_finite() { Ok(()) } else { Err(CurvatureError::NotFinite { what, found }) }
}

/// The error of a curvature whose inverse is requested before its first refresh.
pub(crate) fn not_refreshed(parameters: usize) -> CurvatureError {
    CurvatureError::Size { what: "a curvature before its first refresh", found: vec![0], expected: vec![parameters] }
}

/// Whether an update with this period is due in step `step`; steps start at 1. Besides multiples of `period`, updates
/// are due in steps 1, 2, 4, 8, …, while everything still changes quickly.
fn is_due(step: u32, period: u32) -> bool {
    step.is_multiple_of(period) || (step < period && step.is_power_of_two())
}

impl<T: Scalar, E: CurvatureEngine<T>, C: KroneckerCurvature<T>> Optimizer<T, E> for KroneckerStep<C, T> {
    fn step(&mut self, engine: &E, params: &mut E::Vector, batch: &E::Batch<'_>) -> Result<E::Report, OptimError> {
        self.options.check::<T>()?;
        let Options { momentum, weight_decay, .. } = self.options;
        let learning_rate = self.options.learning_rate.now();
        let step = self.steps.saturating_add(1);
        let Seen { report, mut gradient, curvature: observed } = self.gradient(engine, params, batch, step)?;
        let delta = T::from_f64(weight_decay);
        if weight_decay != 0.0 {
            let decayed = engine.network().decayed(&engine.numbers(params)?);
            gradient.iter_mut().zip(decayed).for_each(|(g, p)| *g += delta * p);
        }
        let direction = observed.as_ref().unwrap_or(&self.curvature).precondition(&gradient, self.damping())?;
        let slope = inner(&direction, &gradient);
        finite("the slope along the direction", slope)?;
        let scale = self.options.kl_clip.map_or(1.0, |kappa| kl_clip(kappa, learning_rate, slope));
        let (momentum, scale) = (T::from_f64(momentum), T::from_f64(scale));
        let mut velocity = self.velocity.clone();
        velocity.resize(direction.len(), T::zero());
        for (v, d) in velocity.iter_mut().zip(direction) {
            *v = if planted(Fault::VelocityLost) { scale * d } else { momentum * *v + scale * d };
        }
        engine.descend_along(params, learning_rate, &velocity)?;
        // No operation below can fail.
        if let Some(observed) = observed {
            self.curvature = observed;
        }
        (self.velocity, self.steps) = (velocity, step);
        Ok(report)
    }

    fn check(&self) -> Result<(), OptimError> {
        self.options.check::<T>()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.options.learning_rate.set_factor(factor);
    }

    fn state(&self, _engine: &E) -> Result<OptimizerState, OptimError> {
        let mut state = OptimizerState::default();
        state.put_number("steps", f64::from(self.steps));
        state.put_vector("velocity", &self.velocity);
        self.curvature.write(&mut state);
        Ok(state)
    }

    fn restore(&mut self, engine: &E, state: &OptimizerState) -> Result<(), OptimError> {
        let parameters = engine.network().parameter_count();
        let (steps, velocity) = (state.count("steps")?, state.vector("velocity", parameters)?);
        self.curvature = C::read(state, parameters)?;
        (self.steps, self.velocity) = (steps, velocity);
        Ok(())
    }
}

/// KL clipping: the factor of a direction `d = F⁻¹ g` with slope dᵀg: `ν = min(1, √(κ / (η² dᵀg)))`. It bounds the step's `dᵀ F d`
/// by κ, which is about twice the Kullback-Leibler divergence between the outputs after and before the step (Ba, Grosse
/// & Martens 2017, section 5).
fn kl_clip(kappa: f64, learning_rate: f64, slope: f64) -> f64 {
    let of_step = learning_rate * learning_rate * slope;
    if of_step > kappa { (kappa / of_step).sqrt() } else { 1.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::{KroneckerCurvature, KroneckerStep, Options, is_due, kl_clip};
    use crate::{OptimError, Optimizer, OptimizerState};
    use minima_autodiff::{Batch, GraphBuilder};
    use minima_curvature::CurvatureError;
    use minima_curvature::kfac::{LayerStatistics, WeightSharing};
    use ndarray::array;

    /// Counts its observations, and cannot be refreshed with a large damping.
    #[derive(Clone, Debug, Default)]
    struct Counting(u32);

    impl KroneckerCurvature<f64> for Counting {
        const REFINES: bool = false;

        fn observe(
            &mut self,
            _gradients: &dyn LayerStatistics<f64>,
            _sharing: WeightSharing,
            _decay: f64,
        ) -> Result<(), CurvatureError> {
            self.0 += 1;
            Ok(())
        }

        fn refresh(&mut self, damping: f64) -> Result<(), CurvatureError> {
            super::finite("a test", if damping > 1.0 { f64::NAN } else { 0.0 })
        }

        fn refine(&mut self, _gradients: &dyn LayerStatistics<f64>, _decay: f64) -> Result<(), CurvatureError> {
            Ok(())
        }

        fn precondition(&self, gradient: &[f64], _damping: f64) -> Result<Vec<f64>, CurvatureError> {
            Ok(gradient.to_vec())
        }

        fn write(&self, state: &mut OptimizerState) {
            state.put_number("count", f64::from(self.0));
        }

        fn read(state: &OptimizerState, _parameters: usize) -> Result<Self, OptimError> {
            state.count("count").map(Self)
        }
    }

    #[test]
    fn a_batch_counts_once_whatever_fails_after_it_was_seen() {
        let mut g = GraphBuilder::new(&[2]);
        let y = g.dense(g.input(), "Dense_0", 2).unwrap();
        let graph = g.finish(y).unwrap();
        let images = array![[0.0, 0.1], [1.0, 0.9]];
        let batch = Batch::new(images.view(), &[0, 1]).unwrap();
        let mut params: Vec<f64> = graph.init(42);
        let mut optimizer = KroneckerStep::<Counting, f64>::with_options(Options::new(0.1, 10)).with_damping(2.0);
        assert!(optimizer.step(&graph, &mut params, &batch).is_err());
        let mut optimizer = optimizer.with_damping(0.5);
        optimizer.step(&graph, &mut params, &batch).unwrap();
        assert_eq!((optimizer.curvature.0, optimizer.steps), (1, 1));
    }

    #[test]
    fn work_is_done_at_powers_of_two_and_then_periodically() {
        let due: Vec<u32> = (1..=40).filter(|&step| is_due(step, 10)).collect();
        assert_eq!(due, [1, 2, 4, 8, 10, 20, 30, 40]);
        assert!((1..=9).all(|step| is_due(step, 1)));
    }

    #[test]
    fn only_long_steps_are_shortened_and_to_the_limit() {
        // η² dᵀg = 0.25 · 8 = 2.
        let scale = |kappa| kl_clip(kappa, 0.5, 8.0);
        assert_eq!((scale(2.0), scale(3.0)), (1.0, 1.0));
        assert!((scale(0.5) - 0.5).abs() < 1e-15 && (scale(0.02) - 0.1).abs() < 1e-15);
        assert_eq!(kl_clip(0.001, 0.5, 0.0), 1.0);
    }
}
