//! A network together with its parameters.

use crate::{AutodiffError, Classifier, CotangentOf, Differentiable, Graph, Scalar};
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;

/// A network together with its parameters, as attacks and metrics use it.
#[derive(Clone, Debug)]
pub struct Model<T> {
    graph: Arc<Graph>,
    params: Vec<T>,
}

impl<T: Scalar> Model<T> {
    /// A network with these parameters.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the number of parameters is not the network's.
    pub fn new(graph: Arc<Graph>, params: Vec<T>) -> Result<Self, AutodiffError> {
        graph.check_params("parameters", params.len())?;
        Ok(Self { graph, params })
    }

    /// The network.
    #[must_use]
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Its parameters, as one flat vector.
    #[must_use]
    pub fn params(&self) -> &[T] {
        &self.params
    }

    /// Its parameters, mutable.
    pub fn params_mut(&mut self) -> &mut [T] {
        &mut self.params
    }
}

impl<T: Scalar> Classifier<T> for Model<T> {
    fn features(&self) -> usize {
        self.graph.features()
    }

    fn picture(&self) -> Option<[usize; 3]> {
        self.graph.input_shape().try_into().ok()
    }

    fn classes(&self) -> usize {
        self.graph.classes()
    }

    fn logits(&self, images: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError> {
        self.graph.logits(&self.params, images)
    }

    fn logits_and_input_vjp(
        &self,
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Array2<T>), AutodiffError> {
        self.graph.logits_and_input_vjp(&self.params, images, cotangent)
    }
}

impl<T: Scalar> Differentiable<T> for Model<T> {
    fn graph(&self) -> &Graph {
        &self.graph
    }

    fn params(&self) -> &[T] {
        &self.params
    }

    fn logits_at(&self, params: &[T], images: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError> {
        self.graph.logits(params, images)
    }

    fn logits_and_vjp(
        &self,
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Vec<T>), AutodiffError> {
        self.graph.logits_and_vjp(&self.params, images, cotangent)
    }
}
