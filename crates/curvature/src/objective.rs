//! The loss whose curvature is computed: a network at given parameters, and the data of the mean loss.

use crate::CurvatureError;
use crate::arguments::at_least;
use minima_autodiff::softmax_cross_entropy::{self, check_labels, mean_loss, softmax};
use minima_autodiff::{Batch, Graph, Linearization, Scalar};
use ndarray::{Array2, ArrayView2, Axis, Slice};

/// The mean softmax cross-entropy of a network at given parameters, over one batch or over a data set that is processed
/// in batches.
#[derive(Debug)]
pub struct Objective<'a, T: Scalar> {
    graph: &'a Graph,
    params: &'a [T],
    labels: &'a [usize],
    data: Data<'a, T>,
}

#[derive(Debug)]
enum Data<'a, T: Scalar> {
    /// One batch, linearized once, and its probabilities.
    Batch(Linearization<'a, T>, Array2<T>),
    /// One batch whose linearization is borrowed from the caller, and its probabilities.
    Lent(&'a Linearization<'a, T>, Array2<T>),
    /// Images that are linearized again for each product, `batch_size` at a time.
    Dataset { images: ArrayView2<'a, T>, batch_size: usize },
}

/// One batch of an objective.
pub(crate) struct Part<'p, 'a, T: Scalar> {
    /// The network, linearized at the images of the batch.
    pub at: &'p Linearization<'a, T>,
    /// The probabilities, `(images, classes)`.
    pub p: &'p Array2<T>,
    /// The labels of the batch.
    pub labels: &'p [usize],
    /// The index of the first image of the batch among all images.
    pub first: usize,
}

impl<T: Scalar> Part<'_, '_, T> {
    /// `scale · (p − onehot)` for these labels, `(images, classes)`: the gradient of each image's own loss with respect
    /// to its logits.
    pub(crate) fn residuals(&self, labels: &[usize], scale: T) -> Array2<T> {
        softmax_cross_entropy::residuals(self.p.view(), labels).mapv_into(|r| scale * r)
    }

    /// The probabilities of one image.
    pub(crate) fn probabilities(&self, image: usize) -> &[T] {
        self.p.row(image).to_slice().unwrap_or_default()
    }
}

impl<'a, T: Scalar> Objective<'a, T> {
    /// The loss over one batch. The linearization is computed once, for many products at one point.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the parameters or the images do not fit the network, or if a label is
    /// not a class.
    pub fn of_batch(graph: &'a Graph, params: &'a [T], batch: Batch<'a, T>) -> Result<Self, CurvatureError> {
        check_labels(batch.labels(), batch.len(), graph.classes())?;
        let at = graph.linearize(params, batch.images())?;
        let p = softmax(at.logits());
        Ok(Self { graph, params, labels: batch.labels(), data: Data::Batch(at, p) })
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
    ) -> Result<Self, CurvatureError> {
        let (found, expected) = (vec![params.len()], vec![graph.parameter_count()]);
        if found != expected {
            return Err(CurvatureError::Size { what: "the parameters", found, expected });
        }
        check_labels(labels, at.logits().nrows(), graph.classes())?;
        let p = softmax(at.logits());
        Ok(Self { graph, params, labels, data: Data::Lent(at, p) })
    }

    /// The loss over any number of images `(images, features)`, `batch_size` at a time. Every product evaluates the
    /// network again; only one batch is held in memory.
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
        let batch = Batch::new(images, labels)?;
        check_labels(batch.labels(), batch.len(), graph.classes())?;
        at_least(1, "batch_size", batch_size, "at least 1")?;
        // An empty batch has all shapes that must be checked.
        graph.linearize(params, images.slice_axis(Axis(0), Slice::from(..0)))?;
        Ok(Self { graph, params, labels, data: Data::Dataset { images, batch_size } })
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

    /// The number of images.
    #[must_use]
    pub fn images(&self) -> usize {
        self.labels.len()
    }

    /// Computes the mean loss, in nats.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked before.
    pub fn loss(&self) -> Result<f64, CurvatureError> {
        let mut total = 0.0;
        self.for_each_part(|part| {
            total += mean_loss(part.at.logits(), part.labels)? * part.labels.len() as f64;
            Ok(())
        })?;
        Ok(total / self.images() as f64)
    }

    /// Computes the gradient of the mean loss.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked before.
    pub fn gradient(&self) -> Result<Vec<T>, CurvatureError> {
        self.sum(|part| Ok(part.at.vjp(part.residuals(part.labels, self.share()).view())?))
    }

    /// One over the number of images.
    pub(crate) fn share(&self) -> T {
        T::from_f64(1.0 / self.images() as f64)
    }

    /// Calls `visit` with every batch, in order.
    pub(crate) fn for_each_part(
        &self,
        mut visit: impl FnMut(&Part<'_, '_, T>) -> Result<(), CurvatureError>,
    ) -> Result<(), CurvatureError> {
        match &self.data {
            Data::Batch(at, p) => visit(&Part { at, p, labels: self.labels, first: 0 }),
            Data::Lent(at, p) => visit(&Part { at, p, labels: self.labels, first: 0 }),
            Data::Dataset { images, batch_size } => {
                let batches = images.axis_chunks_iter(Axis(0), *batch_size).zip(self.labels.chunks(*batch_size));
                for (number, (images, labels)) in batches.enumerate() {
                    let at = self.graph.linearize(self.params, images)?;
                    let p = softmax(at.logits());
                    visit(&Part { at: &at, p: &p, labels, first: number * batch_size })?;
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
