//! EKFAC (George, Laurent, Bouthillier, Ballas & Vincent 2018).

use crate::kronecker_state::{check_parameters, factors, put_factors};
use crate::kronecker_step::{KroneckerCurvature, KroneckerStep, Options, not_refreshed};
use crate::{OptimError, OptimizerState};
use minima_autodiff::{LayerPairs, Scalar};
use minima_curvature::kfac::{Ekfac as Operator, EkfacLayer, Kfac, KroneckerFactors, RunningFactors, newest_weight};
use minima_curvature::{CurvatureError, LinearOperator};

/// EKFAC: recomputes K-FAC's eigenvectors every few steps, and tracks the gradients' second moments along them more
/// often.
///
/// Moments start as K-FAC's own and are transferred to new eigenvectors; see [`minima_curvature::kfac`] and
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

    fn write(&self, state: &mut OptimizerState) {
        state.put_number("observations", f64::from(self.factors.observations()));
        state.put_number("moment_observations", f64::from(self.observations));
        put_factors(state, "factors", self.factors.average());
        let layers = self.ekfac.as_ref().map_or(Vec::new(), Operator::layers);
        state.put_number("basis.layers", layers.len() as f64);
        for (number, layer) in layers.iter().enumerate() {
            state.put_matrix(&format!("basis.{number}.input"), &layer.input);
            state.put_matrix(&format!("basis.{number}.output"), &layer.output);
            state.put_matrix(&format!("basis.{number}.moments"), &layer.moments);
        }
    }

    fn read(state: &OptimizerState, parameters: usize) -> Result<Self, OptimError> {
        let average = factors(state, "factors", parameters)?;
        let average = average.map(|factors| Kfac::new(factors).map(|checked| checked.factors().clone()));
        let mut layers = Vec::new();
        let mut end = 0;
        for number in 0..state.count("basis.layers")? {
            let part = |part: &str| state.matrix::<T>(&format!("basis.{number}.{part}"));
            let (input, output, moments) = (part("input")?, part("output")?, part("moments")?);
            let start = end;
            end += moments.len();
            layers.push(EkfacLayer { params: start..end, input, output, moments });
        }
        if !layers.is_empty() {
            check_parameters("basis", end, parameters)?;
        }
        Ok(Self {
            factors: RunningFactors::of(state.count("observations")?, average.transpose()?),
            ekfac: if layers.is_empty() { None } else { Some(Operator::of_layers(layers)?) },
            observations: state.count("moment_observations")?,
        })
    }
}
