//! EKFAC (George, Laurent, Bouthillier, Ballas & Vincent 2018).

use crate::kronecker_step::{KroneckerCurvature, KroneckerStep, Options, not_refreshed};
use minima_autodiff::{LayerPairs, Scalar};
use minima_curvature::kfac::{Ekfac as Operator, KroneckerFactors, RunningFactors, newest_weight};
use minima_curvature::{CurvatureError, LinearOperator};

/// EKFAC: K-FAC's eigenvectors, found anew every few steps, and the gradients' second moments along them, followed more often.
///
/// Moments begin as K-FAC's own and are carried over to newer eigenvectors; see [`minima_curvature::kfac`] and
/// [`KroneckerStep`].
pub type Ekfac<T> = KroneckerStep<EkfacCurvature<T>, T>;

/// The averaged factors, their eigenvectors and the moments along them.
#[derive(Clone, Debug)]
pub struct EkfacCurvature<T> {
    factors: RunningFactors<T>,
    ekfac: Option<Operator<T>>,
    /// What the moments are a mean of.
    observations: u32,
}

impl<T> Default for EkfacCurvature<T> {
    fn default() -> Self {
        // K-FAC's moments are the first.
        Self { factors: RunningFactors::default(), ekfac: None, observations: 1 }
    }
}

impl<T: Scalar> Ekfac<T> {
    /// With learning rate η; damping 0.03, momentum 0.9, no weight decay, KL clip 0.001, averages that fade by 0.95, statistics
    /// every 10 steps and eigenvectors every 100.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self::with_options(Options::new(learning_rate, 100))
    }
}

impl<T: Scalar> KroneckerCurvature<T> for EkfacCurvature<T> {
    fn observe(&mut self, layers: &[LayerPairs<T>], decay: f64) -> Result<(), CurvatureError> {
        self.factors.observe(KroneckerFactors::of_pairs(layers)?, decay)
    }

    fn refresh(&mut self, _damping: f64) -> Result<(), CurvatureError> {
        if let Some(factors) = self.factors.average() {
            self.ekfac = Some(match &self.ekfac {
                Some(older) => older.rebased(factors.clone())?,
                None => Operator::of_factors(factors.clone())?,
            });
        }
        Ok(())
    }

    fn refine(&mut self, layers: &[LayerPairs<T>], decay: f64) -> Result<(), CurvatureError> {
        if let Some(ekfac) = &mut self.ekfac {
            self.observations = self.observations.saturating_add(1);
            ekfac.observe(layers, newest_weight(self.observations, decay))?;
        }
        Ok(())
    }

    fn precondition(&self, gradient: &[T], damping: f64) -> Result<Vec<T>, CurvatureError> {
        match &self.ekfac {
            Some(ekfac) => ekfac.inverse(damping)?.apply(gradient),
            None => Err(not_refreshed(gradient.len())),
        }
    }
}
