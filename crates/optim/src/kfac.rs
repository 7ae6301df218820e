//! K-FAC (Martens & Grosse 2015; for convolutions Grosse & Martens 2016).

use crate::kronecker_curvature::KroneckerCurvature;
use crate::kronecker_options::Options;
use crate::kronecker_state::{factors, put_factors};
use crate::kronecker_step::{KroneckerStep, not_refreshed};
use crate::{OptimError, OptimizerState};
use minima_autodiff::Scalar;
use minima_curvature::kfac::{Kfac as Operator, KfacInverse, LayerStatistics, RunningFactors, WeightSharing};
use minima_curvature::{CurvatureError, LinearOperator};
use std::sync::Arc;

/// K-FAC: natural gradient with a Kronecker product for the Fisher matrix of each layer, and the diagonal of the Fisher
/// matrix for scales, shifts and embeddings.
///
/// Factors are averaged over batches, damped by the factored Tikhonov rule and inverted every few steps; see
/// [`minima_curvature::kfac`] and [`KroneckerStep`].
pub type Kfac<T> = KroneckerStep<KfacCurvature<T>, T>;

/// The averaged factors and their damped inverses.
#[derive(Clone, Debug)]
pub struct KfacCurvature<T> {
    factors: RunningFactors<T>,
    /// Shared with clones: a step that fails keeps the older inverse.
    inverse: Option<Arc<KfacInverse<T>>>,
}

impl<T> Default for KfacCurvature<T> {
    fn default() -> Self {
        Self { factors: RunningFactors::default(), inverse: None }
    }
}

impl<T: Scalar> Kfac<T> {
    /// K-FAC with learning rate η, damping 0.03, momentum 0.9, no weight decay, KL clip 0.001, decay 0.95 of the
    /// running averages, statistics every 10 steps and inverses every 50.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self::with_options(Options::new(learning_rate, 50))
    }
}

impl<T: Scalar> KroneckerCurvature<T> for KfacCurvature<T> {
    const REFINES: bool = false;

    fn observe(
        &mut self,
        gradients: &dyn LayerStatistics<T>,
        sharing: WeightSharing,
        decay: f64,
    ) -> Result<(), CurvatureError> {
        self.factors.observe(gradients.factors(sharing)?, decay)
    }

    fn refresh(&mut self, damping: f64) -> Result<(), CurvatureError> {
        if let Some(factors) = self.factors.average() {
            self.inverse = Some(Arc::new(KfacInverse::of_factors(factors, damping)?));
        }
        Ok(())
    }

    fn refine(&mut self, _gradients: &dyn LayerStatistics<T>, _decay: f64) -> Result<(), CurvatureError> {
        Ok(())
    }

    fn precondition(&self, gradient: &[T], _damping: f64) -> Result<Vec<T>, CurvatureError> {
        match &self.inverse {
            Some(inverse) => inverse.apply(gradient),
            None => Err(not_refreshed(gradient.len())),
        }
    }

    fn write(&self, state: &mut OptimizerState) {
        state.put_number("observations", f64::from(self.factors.observations()));
        put_factors(state, "factors", self.factors.average());
        put_factors(state, "inverse", self.inverse.as_ref().map(|inverse| inverse.factors()));
    }

    fn read(state: &OptimizerState, parameters: usize) -> Result<Self, OptimError> {
        let average = factors(state, "factors", parameters)?;
        let average = average.map(|factors| Operator::new(factors).map(|checked| checked.factors().clone()));
        let inverse = factors(state, "inverse", parameters)?;
        Ok(Self {
            factors: RunningFactors::of(state.count("observations")?, average.transpose()?),
            inverse: inverse.map(KfacInverse::new).transpose()?.map(Arc::new),
        })
    }
}
