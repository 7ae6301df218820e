//! Running averages of statistics across steps.

use super::KroneckerFactors;
use crate::CurvatureError;
use minima_autodiff::Scalar;
use minima_faults::{Fault, planted};
use std::sync::Arc;

/// The weight of observation number `count`, starting at 1: `max(1/count, 1 − decay)`.
///
/// The average is a plain mean at first, so the start has no bias, and then exponential (Martens & Grosse 2015, section
/// 5).
#[must_use]
pub fn newest_weight(count: u32, decay: f64) -> f64 {
    let least = if planted(Fault::StatisticsNeverFade) { 0.0 } else { 1.0 - decay };
    (1.0 / f64::from(count.max(1))).max(least)
}

/// Factors averaged over observed batches.
///
/// A clone shares the memory of the average until one of them observes a batch.
#[derive(Clone, Debug)]
pub struct RunningFactors<T> {
    count: u32,
    average: Option<Arc<KroneckerFactors<T>>>,
}

impl<T> Default for RunningFactors<T> {
    fn default() -> Self {
        Self { count: 0, average: None }
    }
}

impl<T: Scalar> RunningFactors<T> {
    /// An average without observations.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Resumes from the average of this many observations; without an average there are no observations.
    #[must_use]
    pub fn of(observations: u32, average: Option<KroneckerFactors<T>>) -> Self {
        Self { count: if average.is_some() { observations } else { 0 }, average: average.map(Arc::new) }
    }

    /// The number of observations so far.
    #[must_use]
    pub fn observations(&self) -> u32 {
        self.count
    }

    /// Adds a batch's factors to the average; older factors decay by `decay`.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the factors belong to another network, and [`CurvatureError::Option`] if
    /// `decay` is not from 0 to below 1. In this case the average is unchanged.
    pub fn observe(&mut self, mut newer: KroneckerFactors<T>, decay: f64) -> Result<(), CurvatureError> {
        if !(0.0..1.0).contains(&decay) {
            let expected = "a number from 0 to below 1";
            return Err(CurvatureError::Option { option: "decay", found: decay, expected });
        }
        let count = self.count.saturating_add(1);
        if let Some(average) = &self.average {
            newer.mix_with_older(average, newest_weight(count, decay))?;
        }
        (self.count, self.average) = (count, Some(Arc::new(newer)));
        Ok(())
    }

    /// The average; `None` before the first observation.
    #[must_use]
    pub fn average(&self) -> Option<&KroneckerFactors<T>> {
        self.average.as_deref()
    }
}
