//! Adam (Kingma & Ba 2015), and AdamW (Loshchilov & Hutter 2019).

use crate::OptimError;
use crate::first_order::{FirstOrder, FirstOrderRule};
use crate::learning_rate::LearningRate;
use crate::range::{BELOW_ONE, NOT_NEGATIVE, POSITIVE, check};
use minima_autodiff::engine::{DeviceRule, UpdateRule};
use minima_autodiff::{Engine, Graph, Scalar};
use minima_faults::{Fault, planted};

/// The Adam optimizer, with [`AdamRule`] as its update rule.
pub type Adam<T, E = Graph> = FirstOrder<AdamRule, T, E>;

/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `θ ← θ − η (m̂ / (√v̂ + ε) + δ θ)`. Here `m̂ = m / (1 − β₁ᵗ)` and
/// `v̂ = v / (1 − β₂ᵗ)` correct the bias of the zero start, and δ is AdamW's decoupled weight decay of kernels and
/// embeddings.
///
/// η and δ are finite and not negative, β₁ and β₂ are from 0 to below 1, and ε is positive. These conditions hold in
/// the network's precision: in single precision an ε of 1e-50 is 0, and the step at a zero gradient would be `0 / 0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamRule {
    learning_rate: LearningRate,
    betas: [f64; 2],
    epsilon: f64,
    weight_decay: f64,
}

impl<T: Scalar, E: Engine<T>> FirstOrder<AdamRule, T, E> {
    /// Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and no weight decay.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self::following(AdamRule {
            learning_rate: LearningRate::new(learning_rate),
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.0,
        })
    }

    /// Sets the decay rates β₁ and β₂ of the running averages.
    #[must_use]
    pub fn with_betas(mut self, beta1: f64, beta2: f64) -> Self {
        self.rule.betas = [beta1, beta2];
        self
    }

    /// Sets ε.
    #[must_use]
    pub fn with_epsilon(mut self, epsilon: f64) -> Self {
        self.rule.epsilon = epsilon;
        self
    }

    /// Sets AdamW's decoupled weight decay δ of kernels and embeddings. Biases, scales and shifts do not decay.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.rule.weight_decay = weight_decay;
        self
    }
}

impl<T: Scalar> UpdateRule<T> for AdamRule {
    fn memory(&self) -> usize {
        2
    }

    fn apply(&self, step: u32, params: &mut [T], gradient: &[T], memory: &mut [&mut [T]], decayed: bool) {
        let [first, second] = memory else { return };
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        let step = if planted(Fault::AdamBiasKept) { i32::MAX } else { step };
        let of = T::from_f64;
        let [beta1, beta2] = self.betas;
        let (b1, b2) = (of(beta1), of(beta2));
        let (rest1, rest2) = (of(1.0 - beta1), of(1.0 - beta2));
        let (scale1, scale2) = (of(1.0 - beta1.powi(step)), of(1.0 - beta2.powi(step)));
        let (rate, epsilon) = (of(self.learning_rate.now()), of(self.epsilon));
        let decay = if decayed { of(self.weight_decay) } else { T::zero() };
        for ((p, &g), (m, v)) in params.iter_mut().zip(gradient).zip(first.iter_mut().zip(second.iter_mut())) {
            *m = b1 * *m + rest1 * g;
            *v = b2 * *v + rest2 * g * g;
            *p -= rate * ((*m / scale1) / ((*v / scale2).sqrt() + epsilon) + decay * *p);
        }
    }

    fn on_device(&self) -> Option<DeviceRule> {
        let Self { learning_rate, betas, epsilon, weight_decay } = *self;
        Some(DeviceRule::Adam { learning_rate: learning_rate.now(), betas, epsilon, weight_decay })
    }
}

impl<T: Scalar> FirstOrderRule<T> for AdamRule {
    fn check(&self) -> Result<(), OptimError> {
        self.learning_rate.check::<T>()?;
        check::<T>("beta1", self.betas[0], BELOW_ONE)?;
        check::<T>("beta2", self.betas[1], BELOW_ONE)?;
        check::<T>("epsilon", self.epsilon, POSITIVE)?;
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
        let adam = Adam::<f64>::new(0.1).rule;
        let (mut p, mut first, mut second) = ([1.0_f64], [0.0], [0.0]);
        let mut memory = [&mut first[..], &mut second[..]];
        // The first step is η g / (|g| + ε).
        adam.apply(1, &mut p, &[4.0], &mut memory, true);
        assert!((p[0] - 0.9).abs() < 1e-9);
        // m = 0.9·0.4 + 0.1·(−1) = 0.26, m̂ = 0.26/0.19; v = 0.999·0.016 + 0.001 = 0.016984, v̂ = 0.016984/0.001999.
        adam.apply(2, &mut p, &[-1.0], &mut memory, true);
        let expected = 0.9 - 0.1 * (0.26 / 0.19) / ((0.016_984_f64 / 0.001_999).sqrt() + 1e-8);
        assert!((p[0] - expected).abs() < 1e-8);
    }

    #[test]
    fn weight_decay_is_decoupled() {
        let adam = Adam::<f64>::new(0.1).with_weight_decay(0.5).rule;
        for (decayed, expected) in [(true, 1.9), (false, 2.0)] {
            let mut p = [2.0_f64];
            adam.apply(1, &mut p, &[0.0], &mut [&mut [0.0], &mut [0.0]], decayed);
            assert!((p[0] - expected).abs() < 1e-15);
        }
    }
}
