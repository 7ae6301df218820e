//! The network of intervals, which training makes tight.
//!
//! Gowal et al., "On the Effectiveness of Interval Bound Propagation for Training Verifiably Robust Models", 2018.

mod backward;
mod body;
mod boxes;
mod crown_ibp;
mod error;
mod interval;
mod margins;
mod relu_lines;
mod transposed;
mod weights;

pub use crown_ibp::CrownIbpNetwork;
pub use error::IntervalNetworkError;

use body::Body;
use boxes::{boxes, check};
use margins::{Margins, merged};
use minima_autodiff::{AutodiffError, Batch, Graph, Scalar, StepReport};
use ndarray::{Array2, ArrayView2};

/// A network on boxes of images instead of images: worst-case logits, and their gradient with respect to the network's
/// own parameters.
///
/// The centre μ and the radius r of a value pass through an affine map as `W μ + b` and `|W| r`, and through a monotone
/// function by their ends `μ − r` and `μ + r`. This is a [`Graph`] again. Its parameters follow from the network's, and
/// the gradient goes back through `|W|` with the sign of W. The last dense layer is merged with the differences of
/// logits.
///
/// The numbers are in the precision of training and are not rounded outward. [`verify`](crate::verify) proves.
///
/// ```
/// use minima_autodiff::{Batch, paper_cnn};
/// use minima_verify::IntervalNetwork;
/// use ndarray::Array2;
///
/// let graph = paper_cnn([8, 8, 1], 3)?;
/// let mut params: Vec<f64> = graph.init(42);
/// let images = Array2::from_shape_fn((3, 64), |(i, j)| if j / 21 == i { 0.9 } else { 0.2 });
/// let batch = Batch::new(images.view(), &[0, 1, 2])?;
///
/// // Steps down the worst-case loss raise the worst-case margins.
/// let intervals = IntervalNetwork::new(&graph)?;
/// let (before, _) = intervals.gradient(&params, &batch, 0.01)?;
/// for _ in 0..20 {
///     let (_, gradient) = intervals.gradient(&params, &batch, 0.01)?;
///     params.iter_mut().zip(&gradient).for_each(|(p, g)| *p -= 0.1 * g);
/// }
/// let (after, _) = intervals.gradient(&params, &batch, 0.01)?;
/// assert!(after.loss < before.loss);
/// # Ok::<(), minima_verify::IntervalNetworkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct IntervalNetwork {
    body: Body,
    margins: Margins,
    features: usize,
    parameter_count: usize,
}

impl IntervalNetwork {
    /// The intervals of a network.
    ///
    /// # Errors
    /// Returns [`IntervalNetworkError::Bounds`] if an operation has no interval rule or a constant is not finite.
    pub fn new(graph: &Graph) -> Result<Self, IntervalNetworkError> {
        let layers = graph.layers();
        let classes = graph.classes();
        let (first, value, dense) = match layers.split_last() {
            Some((last, first)) => match merged(last, graph.output_value()) {
                Some((value, dense)) => (first, value, Some(dense)),
                None => (&layers[..], graph.output_value(), None),
            },
            None => (&layers[..], graph.output_value(), None),
        };
        let body = Body::new(graph, first, value)?;
        let margins = Margins { inputs: body.graph.classes() / 2, classes, scale: body.scale, dense };
        Ok(Self { body, margins, features: graph.features(), parameter_count: graph.parameter_count() })
    }

    /// The worst-case logits `(images, classes)` relative to the label's: upper bounds of `z_c − z_y` for each class c
    /// over the images in [0, 1] whose pixels differ by at most `epsilon`, and 0 for the label y.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] or [`AutodiffError::Label`] if the parameters, the images or the labels do not fit
    /// the network, and [`AutodiffError::LossOption`] if the radius is negative or not finite.
    pub fn worst_logits<T: Scalar>(
        &self,
        params: &[T],
        images: ArrayView2<'_, T>,
        labels: &[usize],
        epsilon: f64,
    ) -> Result<Array2<T>, AutodiffError> {
        minima_autodiff::softmax_cross_entropy::check_labels(labels, images.nrows(), self.margins.classes)?;
        check(params, self.parameter_count)?;
        let boxes = boxes(images, self.features, epsilon)?;
        let values = self.body.graph.logits(&self.body.weights.of(params), boxes.view())?;
        Ok(self.worst_of(params, values.view(), labels))
    }

    /// The batch's loss at the worst-case logits, and its gradient. The report counts the images that the intervals prove
    /// up to rounding: every other class has a negative worst-case logit.
    ///
    /// # Errors
    /// Returns the errors of [`worst_logits`](Self::worst_logits).
    pub fn gradient<T: Scalar>(
        &self,
        params: &[T],
        batch: &Batch<'_, T>,
        epsilon: f64,
    ) -> Result<(StepReport, Vec<T>), AutodiffError> {
        let (loss, labels, margins) = (batch.loss(), batch.labels(), &self.margins);
        loss.check(labels, batch.len(), margins.classes)?;
        check(params, self.parameter_count)?;
        let boxes = boxes(batch.images(), self.features, epsilon)?;
        let share = T::one() / T::from_f64(loss.total_weight(labels));
        let of = loss.of::<T>();
        let slopes = |worst: &[T], label: usize| {
            let mut slopes = vec![T::zero(); worst.len()];
            of.gradient_into(worst, label, share, &mut slopes);
            slopes
        };
        let weights = self.body.weights.of(params);
        let (values, inner) = self.body.graph.logits_and_vjp(&weights, boxes.view(), &|image, values, out| {
            if let Some(&label) = labels.get(image) {
                let mut worst = vec![T::zero(); margins.classes];
                margins.worst_logits(params, values, label, &mut worst);
                margins.cotangent(params, label, &slopes(&worst, label), out);
            }
        })?;
        let mut gradient = self.body.weights.pull_back(params, &inner);
        let worst = self.worst_of(params, values.view(), labels);
        let mut correct = 0;
        for ((values, worst), &label) in values.outer_iter().zip(worst.outer_iter()).zip(labels) {
            let (values, worst) = (values.to_vec(), worst.to_vec());
            margins.add_gradient(params, &values, label, &slopes(&worst, label), &mut gradient);
            let others = worst.iter().enumerate().filter(|(class, _)| *class != label);
            correct += usize::from(others.into_iter().all(|(_, &worst)| worst < T::zero()));
        }
        Ok((StepReport { loss: loss.mean(worst.view(), labels)?, correct }, gradient))
    }

    fn worst_of<T: Scalar>(&self, params: &[T], values: ArrayView2<'_, T>, labels: &[usize]) -> Array2<T> {
        let mut worst = Array2::zeros((values.nrows(), self.margins.classes));
        for ((mut worst, values), &label) in worst.outer_iter_mut().zip(values.outer_iter()).zip(labels) {
            if let Some(worst) = worst.as_slice_mut() {
                self.margins.worst_logits(params, &values.to_vec(), label, worst);
            }
        }
        worst
    }
}
