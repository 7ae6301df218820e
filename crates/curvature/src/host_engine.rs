//! A graph as the engine of Newton-type optimizers on the CPU.

use crate::engine::{BatchCurvature, CurvatureEngine, HostCurvature, Outputs};
use crate::kfac::{LayerGradients, LayerStatistics};
use crate::{CurvatureError, Ggn, GgnVariant, Objective, SymmetricOperator};
use minima_autodiff::softmax_cross_entropy::count_correct;
use minima_autodiff::{AutodiffError, Batch, Engine, Graph, Linearization, Scalar, StepReport};
use ndarray::ArrayView2;
use std::borrow::Cow;

impl<'a, T: Scalar> HostCurvature<'a, T> {
    /// Linearizes a network at a batch.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the parameters or the batch do not fit the network.
    pub fn new<'b: 'a>(graph: &'a Graph, params: &'a [T], batch: &Batch<'b, T>) -> Result<Self, CurvatureError> {
        let batch = Batch::with_loss(batch.images().reborrow(), batch.labels(), batch.loss())?;
        let objective = Objective::of_batch(graph, params, batch)?;
        let (logits, labels) = (objective.at_batch()?.logits(), batch.labels());
        let report = StepReport { loss: batch.loss().mean(logits, labels)?, correct: count_correct(logits, labels) };
        Ok(Self { objective, batch, report })
    }

    /// The linearization.
    ///
    /// # Errors
    /// Does not fail in practice: the objective is of a batch.
    pub fn linearization(&self) -> Result<&Linearization<'a, T>, CurvatureError> {
        self.objective.at_batch()
    }
}

impl<'a, T: Scalar> BatchCurvature<'a, T> for HostCurvature<'a, T> {
    fn report(&self) -> StepReport {
        self.report
    }

    fn gradient(&self) -> Result<Vec<T>, CurvatureError> {
        let at = self.linearization()?;
        let residual = self.batch.loss().mean_gradient(at.logits(), self.batch.labels())?;
        Ok(at.vjp(residual.view())?)
    }

    fn mean_loss_at(&self, params: &[T]) -> Result<f64, CurvatureError> {
        let logits = self.objective.graph().logits(params, self.batch.images())?;
        Ok(self.batch.loss().mean(logits.view(), self.batch.labels())?)
    }

    fn gauss_newton(&self, variant: GgnVariant) -> Result<Box<dyn SymmetricOperator<T> + '_>, CurvatureError> {
        Ok(Box::new(Ggn::new(&self.objective, variant)?))
    }

    fn outputs(&self) -> Result<Outputs<'_, T>, CurvatureError> {
        let logits = self.linearization()?.logits().to_owned();
        Ok(Outputs { logits, labels: Cow::Borrowed(self.batch.labels()), loss: self.batch.loss() })
    }

    fn layer_statistics<'s>(
        &'s self,
        w: ArrayView2<'s, T>,
    ) -> Result<Box<dyn LayerStatistics<T> + 's>, CurvatureError> {
        Ok(Box::new(LayerGradients::of(self.linearization()?, w)?))
    }

    fn on_host(&self) -> Option<&HostCurvature<'a, T>> {
        Some(self)
    }
}

impl<T: Scalar> CurvatureEngine<T> for Graph {
    type Curved<'a> = HostCurvature<'a, T>;

    fn network(&self) -> &Graph {
        self
    }

    fn numbers<'v>(&self, vector: &'v Vec<T>) -> Result<Cow<'v, [T]>, CurvatureError> {
        Ok(Cow::Borrowed(vector))
    }

    fn overwrite(&self, vector: &mut Vec<T>, numbers: Vec<T>) -> Result<(), CurvatureError> {
        let (found, expected) = (vec![numbers.len()], vec![self.parameter_count()]);
        if found != expected {
            return Err(AutodiffError::Shape { what: "parameters", found, expected }.into());
        }
        *vector = numbers;
        Ok(())
    }

    fn descend_along(&self, params: &mut Vec<T>, rate: f64, direction: &[T]) -> Result<(), CurvatureError> {
        let (found, expected) = (vec![params.len(), direction.len()], vec![self.parameter_count(); 2]);
        if found != expected {
            return Err(AutodiffError::Shape { what: "parameters and a direction", found, expected }.into());
        }
        let rate = T::from_f64(rate);
        params.iter_mut().zip(direction).for_each(|(p, &d)| *p -= rate * d);
        Ok(())
    }

    fn host_gradient(
        &self,
        params: &Vec<T>,
        batch: &Batch<'_, T>,
    ) -> Result<(StepReport, StepReport, Vec<T>), CurvatureError> {
        let (report, gradient) = Engine::gradient(self, params, batch)?;
        Ok((report, report, gradient))
    }

    fn curved<'a, 'b: 'a>(
        &'a self,
        params: &'a Vec<T>,
        batch: &Batch<'b, T>,
    ) -> Result<(StepReport, HostCurvature<'a, T>), CurvatureError> {
        let at = HostCurvature::new(self, params, batch)?;
        Ok((at.report, at))
    }
}
