//! Stochastic gradient descent.

use crate::first_order::mean_loss_gradient;
use crate::{Batch, OptimError, Optimizer, StepReport};
use minima_autodiff::{Graph, Scalar};

/// `θ ← θ − η u`, with `u = g` or, with momentum μ, `v ← μ v + g` and `u = v` (heavy ball) or `u = g + μ v` (Nesterov);
/// weight decay δ adds `δ θ` to the gradient `g`.
#[derive(Clone, Debug)]
pub struct Sgd<T> {
    learning_rate: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    velocity: Vec<T>,
}

impl<T: Scalar> Sgd<T> {
    /// Plain descent with learning rate η.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, momentum: 0.0, nesterov: false, weight_decay: 0.0, velocity: Vec::new() }
    }

    /// With momentum μ.
    #[must_use]
    pub fn with_momentum(self, momentum: f64) -> Self {
        Self { momentum, ..self }
    }

    /// With Nesterov's look-ahead (needs momentum to have an effect).
    #[must_use]
    pub fn with_nesterov(self) -> Self {
        Self { nesterov: true, ..self }
    }

    /// With weight decay δ, as a term of the gradient.
    #[must_use]
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    fn update(&mut self, params: &mut [T], gradient: &[T]) {
        let (rate, momentum) = (T::from_f64(self.learning_rate), T::from_f64(self.momentum));
        let decay = T::from_f64(self.weight_decay);
        if self.momentum == 0.0 {
            for (p, &g) in params.iter_mut().zip(gradient) {
                *p -= rate * (g + decay * *p);
            }
            return;
        }
        self.velocity.resize(params.len(), T::zero());
        for ((p, &g), v) in params.iter_mut().zip(gradient).zip(&mut self.velocity) {
            let g = g + decay * *p;
            *v = momentum * *v + g;
            *p -= rate * if self.nesterov { g + momentum * *v } else { *v };
        }
    }
}

impl<T: Scalar> Optimizer<T> for Sgd<T> {
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
        let step = |mut sgd: Sgd<f64>, steps: usize| {
            let mut p = [1.0];
            for _ in 0..steps {
                let g = 2.0 * p[0];
                sgd.update(&mut p, &[g]);
            }
            p[0]
        };
        // On ℓ = θ², θ₀ = 1, η = 0.1: plain, θ ← 0.8 θ; with decay 0.5, θ ← 0.75 θ.
        assert!((step(Sgd::new(0.1), 2) - 0.64).abs() < 1e-15);
        assert!((step(Sgd::new(0.1).with_weight_decay(0.5), 1) - 0.75).abs() < 1e-15);
        // Momentum 0.9: v = 2, θ = 0.8; v = 1.8 + 1.6 = 3.4, θ = 0.46.
        assert!((step(Sgd::new(0.1).with_momentum(0.9), 2) - 0.46).abs() < 1e-15);
        // Nesterov: θ = 1 − 0.1 (2 + 1.8) = 0.62; v = 1.8 + 1.24 = 3.04, θ = 0.62 − 0.1 (1.24 + 2.736) = 0.2224.
        assert!((step(Sgd::new(0.1).with_momentum(0.9).with_nesterov(), 2) - 0.2224).abs() < 1e-15);
    }
}
