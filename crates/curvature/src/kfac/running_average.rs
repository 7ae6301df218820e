//! Averages of statistics from step to step.

use super::KroneckerFactors;
use crate::CurvatureError;
use minima_autodiff::Scalar;

/// The weight of observation number `count`, the first being 1: `max(1/count, 1 − decay)`.
///
/// A plain mean at first, so that the start has no bias, and then an exponential average (Martens & Grosse 2015, section 5).
#[must_use]
pub fn newest_weight(count: u32, decay: f64) -> f64 {
    (1.0 / f64::from(count.max(1))).max(1.0 - decay)
}

/// Factors averaged over the batches that were observed.
#[derive(Clone, Debug)]
pub struct RunningFactors<T> {
    decay: f64,
    count: u32,
    average: Option<KroneckerFactors<T>>,
}

impl<T: Scalar> RunningFactors<T> {
    /// Nothing yet; old observations will fade by `decay`, below 1.
    #[must_use]
    pub fn new(decay: f64) -> Self {
        Self { decay, count: 0, average: None }
    }

    /// Takes a batch's factors into the average.
    ///
    /// # Errors
    /// When they are of another network; the average is then as it was.
    pub fn observe(&mut self, newer: KroneckerFactors<T>) -> Result<(), CurvatureError> {
        let count = self.count.saturating_add(1);
        match &mut self.average {
            None => self.average = Some(newer),
            Some(average) => average.mix(&newer, newest_weight(count, self.decay))?,
        }
        self.count = count;
        Ok(())
    }

    /// The average; `None` before the first observation.
    #[must_use]
    pub fn average(&self) -> Option<&KroneckerFactors<T>> {
        self.average.as_ref()
    }
}
