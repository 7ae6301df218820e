//! A learning rate, and the factor that a schedule gives it.

use crate::OptimError;
use crate::range::{NOT_NEGATIVE, Range, check};
use minima_autodiff::Scalar;

const SHARE: Range = (|x| (0.0..=1.0).contains(&x), "a number from 0 to 1");

/// A learning rate η, and the factor of the next step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LearningRate {
    largest: f64,
    factor: f64,
}

impl LearningRate {
    /// The learning rate η with the factor 1.
    pub(crate) fn new(largest: f64) -> Self {
        Self { largest, factor: 1.0 }
    }

    /// Sets η. The factor stays.
    pub(crate) fn set(&mut self, largest: f64) {
        self.largest = largest;
    }

    /// Sets the factor.
    pub(crate) fn set_factor(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// The learning rate of the next step. With the factor 1 it is η, bit for bit.
    pub(crate) fn now(self) -> f64 {
        self.factor * self.largest
    }

    /// Checks η in the precision of the network, and the factor.
    pub(crate) fn check<T: Scalar>(self) -> Result<(), OptimError> {
        check::<T>("learning_rate", self.largest, NOT_NEGATIVE)?;
        check::<f64>("learning_rate_factor", self.factor, SHARE)
    }
}
