//! The loss whose curvature is meant: a network at given parameters, and the data that its mean runs over.

use crate::CurvatureError;
use crate::arguments::at_least;
use minima_autodiff::softmax_cross_entropy::{self, check_labels, mean_loss, softmax};
use minima_autodiff::{Batch, Graph, Linearization, Scalar};
use ndarray::{Array2, ArrayView2, Axis, Slice};

/// The mean softmax cross-entropy of a network at given parameters over a batch, or over a data set that goes through it
/// batch by batch.
#[derive(Debug)]
pub struct Objective<'a, T: Scalar> {
    graph: &'a Graph,
    params: &'a [T],
    labels: &'a [usize],
    data: Data<'a, T>,
}

#[derive(Debug)]
enum Data<'a, T: Scalar> {
    /// One batch, linearized for good, and its probabilities.
    Batch(Linearization<'a, T>, Array2<T>),
    /// The same, lent by who linearized it.
    Lent(&'a Linearization<'a, T>, Array2<T>),
    /// Images that are linearized anew for each product, so many at once.
    Dataset { images: ArrayView2<'a, T>, batch_size: usize },
}

/// One batch of an objective.
pub(crate) struct Part<'p, 'a, T: Scalar> {
    /// The network, linearized at its images.
    pub at: &'p Linearization<'a, T>,
    /// The probabilities there, `(images, classes)`.
    pub p: &'p Array2<T>,
    /// Their labels.
    pub labels: &'p [usize],
    /// The place of its first image among all.
    pub first: usize,
}

impl<T: Scalar> Part<'_, '_, T> {
    /// `scale · (p − onehot)` for these labels, `(images, classes)`: the gradient of every image's own loss with respect to
    /// its logits.
    pub fn residuals(&self, labels: &[usize], scale: T) -> Array2<T> {
        softmax_cross_entropy::residuals(self.p.view(), labels).mapv_into(|r| scale * r)
    }

    /// One image's probabilities.
    pub fn probabilities(&self, image: usize) -> &[T] {
        self.p.row(image).to_slice().unwrap_or_default()
    }
}

impl<'a, T: Scalar> Objective<'a, T> {
    /// Over one batch, whose values are kept: for many products at one point.
    ///
    /// # Errors
    /// When the parameters or the images have another size than the network, or a label names no class.
    pub fn of_batch(graph: &'a Graph, params: &'a [T], batch: Batch<'a, T>) -> Result<Self, CurvatureError> {
        check_labels(batch.labels(), batch.len(), graph.classes())?;
        let at = graph.linearize(params, batch.images())?;
        let p = softmax(at.logits());
        Ok(Self { graph, params, labels: batch.labels(), data: Data::Batch(at, p) })
    }

    /// Over one batch at the linearization `at` that the caller has of it, of this network at these parameters.
    ///
    /// # Errors
    /// When the parameters are not as many as the network's, there is not one label for each image, or a label names no class.
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

    /// Over images `(images, features)` of any number, `batch_size` of them at a time. Every product evaluates the network
    /// anew; what is held at once is a batch.
    ///
    /// # Errors
    /// When there is no image, not one label for each, a label names no class, `batch_size` is zero, or the parameters or
    /// the images have another size than the network.
    pub fn of_dataset(
        graph: &'a Graph,
        params: &'a [T],
        images: ArrayView2<'a, T>,
        labels: &'a [usize],
        batch_size: usize,
    ) -> Result<Self, CurvatureError> {
        let batch = Batch::new(images, labels)?;
        check_labels(batch.labels(), batch.len(), graph.classes())?;
        at_least(1, "batch_size", batch_size, "one or more")?;
        // An empty batch has all the shapes to be checked.
        graph.linearize(params, images.slice_axis(Axis(0), Slice::from(..0)))?;
        Ok(Self { graph, params, labels, data: Data::Dataset { images, batch_size } })
    }

    /// The network.
    #[must_use]
    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// Its parameters.
    #[must_use]
    pub fn params(&self) -> &'a [T] {
        self.params
    }

    /// How many there are.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.params.len()
    }

    /// The images' classes.
    #[must_use]
    pub fn labels(&self) -> &'a [usize] {
        self.labels
    }

    /// How many images there are.
    #[must_use]
    pub fn images(&self) -> usize {
        self.labels.len()
    }

    /// The mean loss, in nats.
    ///
    /// # Errors
    /// None that can happen: all sizes were checked before.
    pub fn loss(&self) -> Result<f64, CurvatureError> {
        let mut total = 0.0;
        self.for_each_part(|part| {
            total += mean_loss(part.at.logits(), part.labels)? * part.labels.len() as f64;
            Ok(())
        })?;
        Ok(total / self.images() as f64)
    }

    /// The gradient of the mean loss.
    ///
    /// # Errors
    /// None that can happen: all sizes were checked before.
    pub fn gradient(&self) -> Result<Vec<T>, CurvatureError> {
        self.sum(|part| Ok(part.at.vjp(part.residuals(part.labels, self.share()).view())?))
    }

    /// One over the number of images.
    pub(crate) fn share(&self) -> T {
        T::from_f64(1.0 / self.images() as f64)
    }

    /// Shows `visit` every batch, first to last.
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

    /// The sum of what every batch gives, a number for each parameter.
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

    /// The same for every column: a batch is linearized once for all.
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
