//! What an attack found.

use crate::Epsilon;
use ndarray::Array2;

/// What an attack did to each image.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<T> {
    /// The radius it had.
    pub epsilon: Epsilon,
    /// The attacked images `(images, features)`, those that were wrong before among them.
    pub adversarial: Array2<T>,
    /// Which images were classified correctly before.
    pub clean_correct: Vec<bool>,
    /// Which of those are classified wrongly after.
    pub success: Vec<bool>,
    /// Each image's class after.
    pub predicted_after: Vec<usize>,
    /// What the attack asked of the network, run for this radius alone.
    pub passes: Passes,
}

/// How often an attack had an image go through the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passes {
    /// Gradients with respect to the image, each with its logits.
    pub gradients: usize,
    /// Logits without a gradient.
    pub forwards: usize,
}

impl<T> Outcome<T> {
    /// The outcome, from each image's label and class before and after.
    pub(crate) fn new(
        epsilon: Epsilon,
        adversarial: Array2<T>,
        labels: &[usize],
        predicted_before: &[usize],
        predicted_after: Vec<usize>,
        passes: Passes,
    ) -> Self {
        let clean_correct: Vec<bool> = predicted_before.iter().zip(labels).map(|(p, y)| p == y).collect();
        let after = predicted_after.iter().zip(labels).map(|(p, y)| p == y);
        let success = clean_correct.iter().zip(after).map(|(&before, after)| before && !after).collect();
        Self { epsilon, adversarial, clean_correct, success, predicted_after, passes }
    }

    /// Images classified correctly before the attack.
    #[must_use]
    pub fn correct(&self) -> usize {
        self.clean_correct.iter().filter(|&&correct| correct).count()
    }

    /// Images classified correctly before and wrongly after.
    #[must_use]
    pub fn successes(&self) -> usize {
        self.success.iter().filter(|&&success| success).count()
    }

    /// Successes among the images classified correctly before, 0 to 1; `None` if there were none.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        match self.correct() {
            0 => None,
            correct => Some(self.successes() as f64 / correct as f64),
        }
    }
}
