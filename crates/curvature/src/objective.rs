//! The loss whose curvature is computed: a network at given parameters, and the data of the mean loss.

use crate::CurvatureError;
use crate::arguments::at_least;
use minima_autodiff::loss::{Loss, LossIn};
use minima_autodiff::{Batch, Graph, Linearization, Scalar};
use ndarray::{Array2, ArrayView2, Axis, Slice};

/// The mean loss of a network at given parameters, over one batch or over a data set that is processed in batches. A
/// batch names its loss, which is softmax cross-entropy by default.
#[derive(Debug)]
pub struct Objective<'a, T: Scalar> {
    graph: &'a Graph,
    params: &'a [T],
    labels: &'a [usize],
    loss: &'a dyn Loss,
    data: Data<'a, T>,
}

#[derive(Debug)]
enum Data<'a, T: Scalar> {
    /// One batch, linearized once, and its predictions.
    Batch(Linearization<'a, T>, Array2<T>),
    /// One batch whose linearization is borrowed from the caller, and its predictions.
    Lent(&'a Linearization<'a, T>, Array2<T>),
    /// Images that are linearized again for each product, `batch_size` at a time.
    Dataset { images: ArrayView2<'a, T>, batch_size: usize },
}

/// One batch of an objective.
pub(crate) struct Part<'p, 'a, T: Scalar> {
    /// The network, linearized at the images of the batch.
    pub at: &'p Linearization<'a, T>,
    /// The loss.
    pub loss: &'p dyn Loss,
    /// The loss's predictions, `(images, classes)`: probabilities for softmax cross-entropy.
    pub p: &'p Array2<T>,
    /// The labels of the batch.
    pub labels: &'p [usize],
    /// The index of the first image of the batch among all images.
    pub first: usize,
}

impl<T: Scalar> Part<'_, '_, T> {
    /// `scale` times the gradient of each image's own loss with respect to its logits, `(images, classes)`.
    pub(crate) fn residuals(&self, scale: T) -> Array2<T> {
        self.loss.residuals(self.p.view(), self.labels, scale)
    }

    /// The loss in this precision.
    pub(crate) fn loss(&self) -> &dyn LossIn<T> {
        self.loss.of()
    }

    /// The prediction and the label of one image.
    pub(crate) fn image(&self, image: usize) -> (&[T], usize) {
        (self.p.row(image).to_slice().unwrap_or_default(), self.labels.get(image).copied().unwrap_or_default())
    }
}

impl<'a, T: Scalar> Objective<'a, T> {
    /// The loss over one batch. The linearization is computed once, for many products at one point.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the parameters or the images do not fit the network, or if a label is
    /// not a class.
    pub fn of_batch(graph: &'a Graph, params: &'a [T], batch: Batch<'a, T>) -> Result<Self, CurvatureError> {
        let (labels, loss) = (batch.labels(), batch.loss());
        loss.check(labels, batch.len(), graph.classes())?;
        let at = graph.linearize(params, batch.images())?;
        let p = loss.of().predictions(at.logits());
        Ok(Self { graph, params, labels, loss, data: Data::Batch(at, p) })
    }

    /// The loss over one batch, from the caller's linearization `at` of this network at these parameters.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the number of parameters is wrong, and [`CurvatureError::Autodiff`] if the
    /// number of labels is wrong or a label is not a class.
    pub fn of_linearization(
        graph: &'a Graph,
        params: &'a [T],
        at: &'a Linearization<'a, T>,
        labels: &'a [usize],
        loss: &'a dyn Loss,
    ) -> Result<Self, CurvatureError> {
        let (found, expected) = (vec![params.len()], vec![graph.parameter_count()]);
        if found != expected {
            return Err(CurvatureError::Size { what: "the parameters", found, expected });
        }
        loss.check(labels, at.logits().nrows(), graph.classes())?;
        let p = loss.of().predictions(at.logits());
        Ok(Self { graph, params, labels, loss, data: Data::Lent(at, p) })
    }

    /// Softmax cross-entropy over any number of images `(images, features)`, `batch_size` at a time. Every product
    /// evaluates the network again; only one batch is held in memory.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if `batch_size` is zero, and [`CurvatureError::Autodiff`] if there are no
    /// images, if the number of labels is wrong, if a label is not a class, or if the parameters or the images do not
    /// fit the network.
    pub fn of_dataset(
        graph: &'a Graph,
        params: &'a [T],
        images: ArrayView2<'a, T>,
        labels: &'a [usize],
        batch_size: usize,
    ) -> Result<Self, CurvatureError> {
        Self::in_batches(graph, params, Batch::new(images, labels)?, batch_size)
    }

    /// The loss over the images of `all`, `batch_size` at a time, as in [`of_dataset`](Self::of_dataset) but with the
    /// loss of `all`.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if `batch_size` is zero, and [`CurvatureError::Autodiff`] if a label is not a
    /// class, if the loss does not fit the labels, or if the parameters or the images do not fit the network.
    pub fn in_batches(
        graph: &'a Graph,
        params: &'a [T],
        all: Batch<'a, T>,
        batch_size: usize,
    ) -> Result<Self, CurvatureError> {
        let (images, labels, loss) = (all.images(), all.labels(), all.loss());
        loss.check(labels, all.len(), graph.classes())?;
        at_least(1, "batch_size", batch_size, "at least 1")?;
        // An empty batch has all shapes that must be checked.
        graph.linearize(params, images.slice_axis(Axis(0), Slice::from(..0)))?;
        Ok(Self { graph, params, labels, loss, data: Data::Dataset { images, batch_size } })
    }

    /// The network.
    #[must_use]
    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &'a [T] {
        self.params
    }

    /// The linearization at the batch.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the objective is of a data set, which is linearized for each product.
    pub fn at_batch(&self) -> Result<&Linearization<'a, T>, CurvatureError> {
        match &self.data {
            Data::Batch(at, _) => Ok(at),
            Data::Lent(at, _) => Ok(at),
            Data::Dataset { images, batch_size } => {
                let (found, expected) = (vec![images.nrows()], vec![*batch_size]);
                Err(CurvatureError::Size { what: "an objective of one batch", found, expected })
            }
        }
    }

    /// The number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.params.len()
    }

    /// The labels of the images.
    #[must_use]
    pub fn labels(&self) -> &'a [usize] {
        self.labels
    }

    /// The loss.
    #[must_use]
    pub fn loss_function(&self) -> &'a dyn Loss {
        self.loss
    }

    /// The number of images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.labels.len()
    }

    /// Computes the mean loss; softmax cross-entropy in nats.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked before.
    pub fn loss(&self) -> Result<f64, CurvatureError> {
        let mut total = 0.0;
        self.for_each_part(|part| {
            let weight = self.loss.total_weight(part.labels);
            // All labels of a part may have weight 0.
            if weight > 0.0 {
                total += self.loss.mean(part.at.logits(), part.labels)? * weight;
            }
            Ok(())
        })?;
        Ok(total / self.weight())
    }

    /// Computes the gradient of the mean loss.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked before.
    pub fn gradient(&self) -> Result<Vec<T>, CurvatureError> {
        self.sum(|part| Ok(part.at.vjp(part.residuals(self.share()).view())?))
    }

    /// The total weight of the labels.
    fn weight(&self) -> f64 {
        self.loss.total_weight(self.labels)
    }

    /// One over the total weight of the labels.
    pub(crate) fn share(&self) -> T {
        T::from_f64(1.0 / self.weight())
    }

    /// Calls `visit` with every batch, in order.
    pub(crate) fn for_each_part(
        &self,
        mut visit: impl FnMut(&Part<'_, '_, T>) -> Result<(), CurvatureError>,
    ) -> Result<(), CurvatureError> {
        let loss = self.loss;
        match &self.data {
            Data::Batch(at, p) => visit(&Part { at, loss, p, labels: self.labels, first: 0 }),
            Data::Lent(at, p) => visit(&Part { at, loss, p, labels: self.labels, first: 0 }),
            Data::Dataset { images, batch_size } => {
                let batches = images.axis_chunks_iter(Axis(0), *batch_size).zip(self.labels.chunks(*batch_size));
                for (number, (images, labels)) in batches.enumerate() {
                    let at = self.graph.linearize(self.params, images)?;
                    let p = loss.of().predictions(at.logits());
                    visit(&Part { at: &at, loss, p: &p, labels, first: number * batch_size })?;
                }
                Ok(())
            }
        }
    }

    /// Sums the results of all batches, with one entry per parameter.
    pub(crate) fn sum(
        &self,
        mut of: impl FnMut(&Part<'_, '_, T>) -> Result<Vec<T>, CurvatureError>,
    ) -> Result<Vec<T>, CurvatureError> {
        let mut sum = vec![T::zero(); self.parameter_count()];
        self.for_each_part(|part| {
            sum.iter_mut().zip(of(part)?).for_each(|(s, x)| *s += x);
            Ok(())
        })?;
        Ok(sum)
    }

    /// Sums the results of all batches for every column. Each batch is linearized once for all columns.
    pub(crate) fn sum_columns(
        &self,
        columns: ArrayView2<'_, T>,
        mut of: impl FnMut(&Part<'_, '_, T>, &[T]) -> Result<Vec<T>, CurvatureError>,
    ) -> Result<Array2<T>, CurvatureError> {
        let mut sums = Array2::zeros((self.parameter_count(), columns.ncols()));
        let columns: Vec<Vec<T>> = columns.columns().into_iter().map(|column| column.to_vec()).collect();
        self.for_each_part(|part| {
            for (mut sum, column) in sums.columns_mut().into_iter().zip(&columns) {
                sum.iter_mut().zip(of(part, column)?).for_each(|(s, x)| *s += x);
            }
            Ok(())
        })?;
        Ok(sums)
    }
}
