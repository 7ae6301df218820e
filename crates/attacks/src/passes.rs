//! What an attack asks of a network.

use std::ops::{Add, AddAssign};

/// How many images an attack evaluated with the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passes {
    /// Gradients with respect to the image, each computed together with its logits.
    pub gradients: usize,
    /// Logits without a gradient.
    pub forwards: usize,
}

impl Passes {
    /// All passes.
    #[must_use]
    pub fn queries(self) -> usize {
        self.gradients + self.forwards
    }
}

impl Add for Passes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { gradients: self.gradients + other.gradients, forwards: self.forwards + other.forwards }
    }
}

impl AddAssign for Passes {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
