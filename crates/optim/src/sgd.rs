//! Stochastic gradient descent.

use crate::OptimError;
use crate::first_order::{FirstOrder, FirstOrderRule};
use crate::learning_rate::LearningRate;
use crate::range::{BELOW_ONE, NOT_NEGATIVE, check};
use minima_autodiff::engine::{DeviceRule, UpdateRule};
use minima_autodiff::{Engine, Graph, Scalar};
use minima_faults::{Fault, planted};

/// Stochastic gradient descent, with [`SgdRule`] as its update rule.
pub type Sgd<T, E = Graph> = FirstOrder<SgdRule, T, E>;

/// `θ ← θ − η u`, with `u = g` or, with momentum μ, `v ← μ v + g` and `u = v` (heavy ball) or `u = g + μ v` (Nesterov);
/// weight decay δ adds `δ θ` to the gradient `g` of kernels and embeddings. η and δ are finite and not negative, and μ is from 0 to below 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdRule {
    learning_rate: LearningRate,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
}

impl<T: Scalar, E: Engine<T>> FirstOrder<SgdRule, T, E> {
    /// Plain gradient descent with learning rate η.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self::following(SgdRule {
            learning_rate: LearningRate::new(learning_rate),
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        })
    }

    /// Sets the momentum μ.
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.rule.momentum = momentum;
        self
    }

    /// Uses Nesterov's look-ahead. It has an effect only with momentum.
    #[must_use]
    pub fn with_nesterov(mut self) -> Self {
        self.rule.nesterov = true;
        self
    }

    /// Sets the weight decay δ, as a term of the gradient of kernels and embeddings. Biases, scales and shifts do not
    /// decay.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.rule.weight_decay = weight_decay;
        self
    }
}

impl<T: Scalar> UpdateRule<T> for SgdRule {
    fn memory(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    fn apply(&self, _step: u32, params: &mut [T], gradient: &[T], memory: &mut [&mut [T]], decayed: bool) {
        let (rate, momentum) = (T::from_f64(self.learning_rate.now()), T::from_f64(self.momentum));
        let decay = if decayed { T::from_f64(self.weight_decay) } else { T::zero() };
        let Some(velocity) = memory.first_mut() else {
            for (p, &g) in params.iter_mut().zip(gradient) {
                *p -= rate * (g + decay * *p);
            }
            return;
        };
        for ((p, &g), v) in params.iter_mut().zip(gradient).zip(velocity.iter_mut()) {
            let g = g + decay * *p;
            *v = if planted(Fault::MomentumLost) { g } else { momentum * *v + g };
            *p -= rate * if self.nesterov { g + momentum * *v } else { *v };
        }
    }

    fn on_device(&self) -> Option<DeviceRule> {
        let Self { learning_rate, momentum, nesterov, weight_decay } = *self;
        Some(DeviceRule::Sgd { learning_rate: learning_rate.now(), momentum, nesterov, weight_decay })
    }
}

impl<T: Scalar> FirstOrderRule<T> for SgdRule {
    fn check(&self) -> Result<(), OptimError> {
        self.learning_rate.check::<T>()?;
        check::<T>("momentum", self.momentum, BELOW_ONE)?;
        check::<T>("weight_decay", self.weight_decay, NOT_NEGATIVE)
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.learning_rate.set_factor(factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_follow_the_formulas() {
        let follow = |sgd: Sgd<f64>, steps: usize, decayed: bool| {
            let (mut p, mut velocity) = ([1.0_f64], [0.0]);
            let mut memory = [&mut velocity[..]];
            let remembered = UpdateRule::<f64>::memory(&sgd.rule);
            for step in 1..=steps {
                let g = 2.0 * p[0];
                sgd.rule.apply(step as u32, &mut p, &[g], &mut memory[..remembered], decayed);
            }
            p[0]
        };
        let step = |sgd: Sgd<f64>, steps: usize| follow(sgd, steps, true);
        // On ℓ = θ², θ₀ = 1, η = 0.1: plain, θ ← 0.8 θ; with decay 0.5, θ ← 0.75 θ.
        assert!((step(Sgd::new(0.1), 2) - 0.64).abs() < 1e-15);
        assert!((step(Sgd::new(0.1).with_weight_decay(0.5), 1) - 0.75).abs() < 1e-15);
        assert!((follow(Sgd::new(0.1).with_weight_decay(0.5), 1, false) - 0.8).abs() < 1e-15);
        // Momentum 0.9: v = 2, θ = 0.8; v = 1.8 + 1.6 = 3.4, θ = 0.46.
        assert!((step(Sgd::new(0.1).with_momentum(0.9), 2) - 0.46).abs() < 1e-15);
        // Nesterov: θ = 1 − 0.1 (2 + 1.8) = 0.62; v = 1.8 + 1.24 = 3.04, θ = 0.62 − 0.1 (1.24 + 2.736) = 0.2224.
        assert!((step(Sgd::new(0.1).with_momentum(0.9).with_nesterov(), 2) - 0.2224).abs() < 1e-15);
    }
}
