//! EKFAC (George, Laurent, Bouthillier, Ballas & Vincent 2018).

use crate::kronecker_curvature::KroneckerCurvature;
use crate::kronecker_options::Options;
use crate::kronecker_state::{check_parameters, diagonals, factors, place, put_diagonals, put_factors, put_place};
use crate::kronecker_step::{KroneckerStep, not_refreshed};
use crate::{OptimError, OptimizerState};
use minima_autodiff::Scalar;
use minima_curvature::kfac::{
    Ekfac as Operator, EkfacLayer, Kfac, LayerStatistics, RunningFactors, WeightSharing, newest_weight,
};
use minima_curvature::{CurvatureError, LinearOperator};

/// EKFAC: recomputes K-FAC's eigenvectors every few steps, and tracks the gradients' second moments along them more
/// often.
///
/// For scales, shifts and embeddings it tracks the moments of the gradients themselves. Moments start as K-FAC's own and are transferred to new eigenvectors; see [`minima_curvature::kfac`] and
/// [`KroneckerStep`].
pub type Ekfac<T> = KroneckerStep<EkfacCurvature<T>, T>;

/// The averaged factors, their eigenvectors, and the second moments along them.
#[derive(Clone, Debug)]
pub struct EkfacCurvature<T> {
    factors: RunningFactors<T>,
    ekfac: Option<Operator<T>>,
    /// The number of observations in the mean of the moments.
    observations: u32,
}

impl<T> Default for EkfacCurvature<T> {
    fn default() -> Self {
        // The moments of K-FAC are the first observation.
        Self { factors: RunningFactors::default(), ekfac: None, observations: 1 }
    }
}

impl<T: Scalar> Ekfac<T> {
    /// EKFAC with learning rate η, damping 0.03, momentum 0.9, no weight decay, KL clip 0.001, decay 0.95 of the
    /// running averages, statistics every 10 steps and eigenvectors every 100.
    #[must_use]
    pub fn new(learning_rate: f64) -> Self {
        Self::with_options(Options::new(learning_rate, 100))
    }
}

impl<T: Scalar> KroneckerCurvature<T> for EkfacCurvature<T> {
    const REFINES: bool = true;

    fn observe(
        &mut self,
        gradients: &dyn LayerStatistics<T>,
        sharing: WeightSharing,
        decay: f64,
    ) -> Result<(), CurvatureError> {
        self.factors.observe(gradients.factors(sharing)?, decay)
    }

    fn refresh(&mut self, _damping: f64) -> Result<(), CurvatureError> {
        if let Some(factors) = self.factors.average() {
            self.ekfac = Some(match &self.ekfac {
                Some(older) => older.rebased(factors)?,
                None => Operator::of_factors(factors)?,
            });
        }
        Ok(())
    }

    fn refine(&mut self, gradients: &dyn LayerStatistics<T>, decay: f64) -> Result<(), CurvatureError> {
        if let Some(ekfac) = &mut self.ekfac {
            self.observations = self.observations.saturating_add(1);
            ekfac.observe(gradients, newest_weight(self.observations, decay))?;
        }
        Ok(())
    }

    fn precondition(&self, gradient: &[T], damping: f64) -> Result<Vec<T>, CurvatureError> {
        match &self.ekfac {
            Some(ekfac) => ekfac.inverse(damping)?.apply(gradient),
            None => Err(not_refreshed(gradient.len())),
        }
    }

    fn write(&self, state: &mut OptimizerState) {
        state.put_number("observations", f64::from(self.factors.observations()));
        state.put_number("moment_observations", f64::from(self.observations));
        put_factors(state, "factors", self.factors.average());
        let layers = self.ekfac.as_ref().map_or(Vec::new(), Operator::layers);
        state.put_number("basis.layers", layers.len() as f64);
        for (number, layer) in layers.iter().enumerate() {
            put_place(state, &format!("basis.{number}"), &layer.params, &layer.columns);
            state.put_shared(&format!("basis.{number}.input"), &layer.input);
            state.put_shared(&format!("basis.{number}.output"), &layer.output);
            state.put_matrix(&format!("basis.{number}.moments"), &layer.moments);
        }
        put_diagonals(state, "basis", self.ekfac.as_ref().map_or(&[][..], Operator::diagonals));
    }

    fn read(state: &OptimizerState, parameters: usize) -> Result<Self, OptimError> {
        let average = factors(state, "factors", parameters)?;
        let average = average.map(|factors| Kfac::new(factors).map(|checked| checked.factors().clone()));
        let mut layers = Vec::new();
        for number in 0..state.count("basis.layers")? {
            let part = |part: &str| state.matrix::<T>(&format!("basis.{number}.{part}"));
            let (input, output, moments) = (part("input")?, part("output")?, part("moments")?.into_owned());
            let [params, columns] = place(state, &format!("basis.{number}"))?;
            layers.push(EkfacLayer { params, columns, input, output, moments });
        }
        let diagonals = diagonals(state, "basis")?;
        let known = !(layers.is_empty() && diagonals.is_empty());
        let ekfac = known.then(|| Operator::of_blocks(layers, diagonals)).transpose()?;
        if let Some(ekfac) = &ekfac {
            check_parameters("basis", ekfac.shape()[0], parameters)?;
        }
        Ok(Self {
            factors: RunningFactors::of(state.count("observations")?, average.transpose()?),
            ekfac,
            observations: state.count("moment_observations")?,
        })
    }
}
