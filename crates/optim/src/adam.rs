//! Adam (Kingma & Ba 2015), and AdamW (Loshchilov & Hutter 2019).

use crate::first_order::mean_loss_gradient;
use crate::{Batch, OptimError, Optimizer, StepReport};
use minima_autodiff::{Graph, Scalar};

/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `θ ← θ − η (m̂ / (√v̂ + ε) + δ θ)`, where `m̂ = m / (1 − β₁ᵗ)` and
/// `v̂ = v / (1 − β₂ᵗ)` correct the bias of the zero start, and δ is AdamW's decoupled weight decay.
#[derive(Clone, Debug)]
pub struct Adam<T> {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    first: Vec<T>,
    second: Vec<T>,
    steps: i32,
}

impl<T: Scalar> Adam<T> {
    /// β₁ = 0.9, β₂ = 0.999, ε = 1e-8, no weight decay.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            first: Vec::new(),
            second: Vec::new(),
            steps: 0,
        }
    }

    /// With other decay rates β₁ and β₂ of the running averages.
    #[must_use]
    pub fn with_betas(self, beta1: f64, beta2: f64) -> Self {
        Self { beta1, beta2, ..self }
    }

    /// With another ε.
    #[must_use]
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }

    /// AdamW: with decoupled weight decay δ.
    #[must_use]
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    fn update(&mut self, params: &mut [T], gradient: &[T]) {
        self.first.resize(params.len(), T::zero());
        self.second.resize(params.len(), T::zero());
        self.steps = self.steps.saturating_add(1);
        let of = T::from_f64;
        let (b1, b2) = (of(self.beta1), of(self.beta2));
        let (rest1, rest2) = (of(1.0 - self.beta1), of(1.0 - self.beta2));
        let scale1 = of(1.0 - self.beta1.powi(self.steps));
        let scale2 = of(1.0 - self.beta2.powi(self.steps));
        let (rate, epsilon, decay) = (of(self.learning_rate), of(self.epsilon), of(self.weight_decay));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((p, &g), (m, v)) in params.iter_mut().zip(gradient).zip(moments) {
            *m = b1 * *m + rest1 * g;
            *v = b2 * *v + rest2 * g * g;
            *p -= rate * ((*m / scale1) / ((*v / scale2).sqrt() + epsilon) + decay * *p);
        }
    }
}

impl<T: Scalar> Optimizer<T> for Adam<T> {
    fn step(&mut self, graph: &Graph, params: &mut [T], batch: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        let (report, gradient) = mean_loss_gradient(graph, params, batch)?;
        self.update(params, &gradient);
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_follow_the_formulas() {
        let mut adam = Adam::<f64>::new(0.1);
        let mut p = [1.0];
        // The first step is η g / (|g| + ε), whatever the gradient's size.
        adam.update(&mut p, &[4.0]);
        assert!((p[0] - 0.9).abs() < 1e-9);
        // m = 0.9·0.4 + 0.1·(−1) = 0.26, m̂ = 0.26/0.19; v = 0.999·0.016 + 0.001 = 0.016984, v̂ = 0.016984/0.001999.
        adam.update(&mut p, &[-1.0]);
        let expected = 0.9 - 0.1 * (0.26 / 0.19) / ((0.016_984_f64 / 0.001_999).sqrt() + 1e-8);
        assert!((p[0] - expected).abs() < 1e-8);
    }

    #[test]
    fn weight_decay_is_decoupled() {
        let mut adam = Adam::<f64>::new(0.1).with_weight_decay(0.5);
        let mut p = [2.0];
        adam.update(&mut p, &[0.0]);
        assert!((p[0] - 1.9).abs() < 1e-15);
    }
}
