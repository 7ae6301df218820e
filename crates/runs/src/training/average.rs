//! The exponential moving average of weights during training.

use minima_autodiff::Scalar;

/// `a ← d a + (1 − d) θ` after each step with the decay d, from the weights after the first step on (Polyak & Juditsky
/// 1992; Tarvainen & Valpola 2017), in double precision.
pub(super) struct WeightAverage {
    decay: f64,
    /// Empty before the first step.
    weights: Vec<f64>,
}

impl WeightAverage {
    /// The average before the first step.
    pub(super) fn new(decay: f64) -> Self {
        Self { decay, weights: Vec::new() }
    }

    /// Adds the weights after a step.
    pub(super) fn add<T: Scalar>(&mut self, weights: &[T]) {
        if self.weights.is_empty() {
            self.weights = weights.iter().map(|w| w.as_f64()).collect();
            return;
        }
        for (average, weight) in self.weights.iter_mut().zip(weights) {
            *average = self.decay * *average + (1.0 - self.decay) * weight.as_f64();
        }
    }

    /// The average; empty before the first step.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Continues from a saved average.
    pub(super) fn restore(&mut self, weights: Vec<f64>) {
        self.weights = weights;
    }
}

#[cfg(test)]
mod tests {
    use super::WeightAverage;

    #[test]
    fn old_weights_decay() {
        let mut average = WeightAverage::new(0.75);
        assert!(average.weights().is_empty());
        for (weights, expected) in [([4.0_f32, 1.0], [4.0, 1.0]), ([8.0, 1.0], [5.0, 1.0]), ([1.0, -3.0], [4.0, 0.0])] {
            average.add(&weights);
            assert_eq!(average.weights(), expected);
        }
    }
}
