//! The network of linear bounds whose lines follow from intervals.
//!
//! Zhang et al., "Towards Stable and Efficient Training of Verifiably Robust Neural Networks", 2020 (CROWN-IBP).

use super::backward::Backward;
use super::body::Builder;
use super::boxes::{boxes, check};
use super::error::IntervalNetworkError;
use super::interval::{Form, Interval};
use super::margins::merged;
use super::weights::Weights;
use minima_autodiff::{AutodiffError, Batch, Graph, GraphBuilder, Scalar, StepReport};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};

/// Worst-case logits by linear bounds, and their gradient with respect to the network's own parameters.
///
/// The bounds of the margins go back from the outputs to the input, as in CROWN (Zhang et al. 2018). The ranges before ReLUs, which the
/// lines follow from, are intervals as in [`IntervalNetwork`](super::IntervalNetwork). The slope below an open ReLU is 1 if its range
/// reaches further above 0 than below, and the slope for negative inputs otherwise. The gradient goes through the ranges too. Max
/// pooling has constant lines, the ends of its interval.
///
/// Bounds m of margins are mixed: `(1 − β) m + β m′`, with m from intervals and m′ from lines. Both are sound up to rounding, and so is
/// the mixture.
///
/// This is a [`Graph`] again, with as many rows of coefficients as classes. It takes some tens of times as long as
/// intervals. The numbers are in the precision of training and are not rounded outward. [`verify`](crate::verify) proves.
///
/// ```
/// use minima_autodiff::{Batch, paper_cnn};
/// use minima_verify::CrownIbpNetwork;
/// use ndarray::Array2;
///
/// let graph = paper_cnn([8, 8, 1], 3)?;
/// let params: Vec<f64> = graph.init(42);
/// let images = Array2::from_shape_fn((3, 64), |(i, j)| if j / 21 == i { 0.9 } else { 0.2 });
/// let batch = Batch::new(images.view(), &[0, 1, 2])?;
///
/// // Lines are tighter than intervals.
/// let network = CrownIbpNetwork::new(&graph)?;
/// let (lines, _) = network.gradient(&params, &batch, 0.01, 1.0)?;
/// let (intervals, _) = network.gradient(&params, &batch, 0.01, 0.0)?;
/// assert!(lines.loss < intervals.loss);
/// # Ok::<(), minima_verify::IntervalNetworkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CrownIbpNetwork {
    /// From centres, radii and the indicator of the label to the margins `z_y − z_c` of all classes c: by intervals, and by lines.
    graph: Graph,
    weights: Weights,
    classes: usize,
    features: usize,
    parameter_count: usize,
}

impl CrownIbpNetwork {
    /// The bounds of a network.
    ///
    /// # Errors
    /// Returns [`IntervalNetworkError::Bounds`] if an operation has no rule or a constant is not finite.
    pub fn new(graph: &Graph) -> Result<Self, IntervalNetworkError> {
        let (features, classes) = (graph.features(), graph.classes());
        let mut g = GraphBuilder::new(&[2 * features + classes]);
        let whole = g.input();
        let centre = g.slice(whole, 0, 0..features)?;
        let radius = g.slice(whole, 0, features..2 * features)?;
        let label = g.slice(whole, 0, 2 * features..2 * features + classes)?;
        // Row c: 1 for the label, and −1 for c.
        let label = g.reshape(label, &[1, classes])?;
        let labels = g.concat(&vec![label; classes], 0)?;
        let minus: Vec<f64> = (0..classes * classes).map(|k| if k % (classes + 1) == 0 { -1.0 } else { 0.0 }).collect();
        let minus = g.constant(&[classes, classes], &minus)?;
        let start = g.add(labels, minus)?;

        let layers = graph.layers();
        // The differences of logits are bounded without the logits' own intervals, if the last layer is dense.
        let after = layers.last().filter(|last| merged(last, graph.output_value()).is_some()).into_iter().len();
        let before = layers.len() - after;
        let mut builder = Builder::new(g, Interval { form: Form::Centred, pair: [centre, radius], scale: 1.0 });
        builder.forward(graph, layers.get(..before).unwrap_or_default())?;
        let sizes = graph.value_sizes();
        let mut backward = Backward::new(graph.output_value(), start, classes);
        let numbered: Vec<_> = layers.iter().enumerate().rev().collect();
        let (last, others) = numbered.split_at(after);
        for (number, layer) in last {
            backward.step(&mut builder, graph, layer, *number)?;
        }
        let intervals = backward.bound(&mut builder, &sizes)?;
        for (number, layer) in others {
            backward.step(&mut builder, graph, layer, *number)?;
        }
        let lines = backward.bound(&mut builder, &sizes)?;
        let both = builder.g.concat(&[intervals, lines], 0)?;
        let (graph, parameter_count) = (builder.g.finish(both)?, graph.parameter_count());
        Ok(Self { graph, weights: builder.weights, classes, features, parameter_count })
    }

    /// The worst-case logits `(images, classes)` relative to the label's: upper bounds of `z_c − z_y` for each class c
    /// over the images in [0, 1] whose pixels differ by at most `epsilon`, and 0 for the label y. `beta` is the share of the
    /// lines' bounds.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] or [`AutodiffError::Label`] if the parameters, the images or the labels do not fit
    /// the network, and [`AutodiffError::LossOption`] if the radius is negative or not finite, or `beta` is not in [0, 1].
    pub fn worst_logits<T: Scalar>(
        &self,
        params: &[T],
        images: ArrayView2<'_, T>,
        labels: &[usize],
        epsilon: f64,
        beta: f64,
    ) -> Result<Array2<T>, AutodiffError> {
        minima_autodiff::softmax_cross_entropy::check_labels(labels, images.nrows(), self.classes)?;
        let inputs = self.inputs(params, images, labels, epsilon, beta)?;
        let values = self.graph.logits(&self.weights.of(params), inputs.view())?;
        Ok(self.worst_of(values.view(), labels, beta))
    }

    /// The batch's loss at the worst-case logits, and its gradient. The report counts the images that these bounds prove up to
    /// rounding: every other class has a negative worst-case logit.
    ///
    /// # Errors
    /// Returns the errors of [`worst_logits`](Self::worst_logits).
    pub fn gradient<T: Scalar>(
        &self,
        params: &[T],
        batch: &Batch<'_, T>,
        epsilon: f64,
        beta: f64,
    ) -> Result<(StepReport, Vec<T>), AutodiffError> {
        let (loss, labels) = (batch.loss(), batch.labels());
        loss.check(labels, batch.len(), self.classes)?;
        let inputs = self.inputs(params, batch.images(), labels, epsilon, beta)?;
        let share = T::one() / T::from_f64(loss.total_weight(labels));
        let of = loss.of::<T>();
        let shares = [1.0 - beta, beta].map(T::from_f64);
        let (values, inner) =
            self.graph.logits_and_vjp(&self.weights.of(params), inputs.view(), &|image, values, out| {
                out.fill(T::zero());
                let Some(&label) = labels.get(image) else { return };
                let mut worst = vec![T::zero(); self.classes];
                self.mix(ArrayView1::from(values), label, beta, &mut worst);
                let mut slopes = vec![T::zero(); self.classes];
                of.gradient_into(&worst, label, share, &mut slopes);
                if let Some(own) = slopes.get_mut(label) {
                    *own = T::zero();
                }
                for (out, &share) in out.chunks_exact_mut(self.classes.max(1)).zip(&shares) {
                    out.iter_mut().zip(&slopes).for_each(|(out, &slope)| *out = -share * slope);
                }
            })?;
        let gradient = self.weights.pull_back(params, &inner);
        let worst = self.worst_of(values.view(), labels, beta);
        let is_proved = |&(ref worst, &label): &(ArrayView1<'_, T>, &usize)| {
            worst.iter().enumerate().all(|(class, &worst)| class == label || worst < T::zero())
        };
        let correct = worst.outer_iter().zip(labels).filter(is_proved).count();
        Ok((StepReport { loss: loss.mean(worst.view(), labels)?, correct }, gradient))
    }

    /// Checks the arguments. Returns centres, radii and indicators of labels.
    fn inputs<T: Scalar>(
        &self,
        params: &[T],
        images: ArrayView2<'_, T>,
        labels: &[usize],
        epsilon: f64,
        beta: f64,
    ) -> Result<Array2<T>, AutodiffError> {
        check(params, self.parameter_count)?;
        if !(0.0..=1.0).contains(&beta) {
            return Err(AutodiffError::LossOption { option: "beta", found: beta, expected: "a number from 0 to 1" });
        }
        let boxes = boxes(images, self.features, epsilon)?;
        let indicators = Array2::from_shape_fn((images.nrows(), self.classes), |(image, class)| {
            if labels.get(image) == Some(&class) { T::one() } else { T::zero() }
        });
        let shapes =
            || AutodiffError::Shape { what: "labels", found: vec![labels.len()], expected: vec![images.nrows()] };
        concatenate(Axis(1), &[boxes.view(), indicators.view()]).map_err(|_| shapes())
    }

    /// Writes the worst-case logits of one image.
    fn mix<T: Scalar>(&self, values: ArrayView1<'_, T>, label: usize, beta: f64, worst: &mut [T]) {
        let (of_intervals, of_lines) = (T::from_f64(1.0 - beta), T::from_f64(beta));
        for (class, worst) in worst.iter_mut().enumerate() {
            let margin = |k: usize| values.get(k).copied().unwrap_or_else(T::nan);
            let mixed = of_intervals * margin(class) + of_lines * margin(self.classes + class);
            *worst = if class == label { T::zero() } else { -mixed };
        }
    }

    fn worst_of<T: Scalar>(&self, values: ArrayView2<'_, T>, labels: &[usize], beta: f64) -> Array2<T> {
        let mut worst = Array2::zeros((values.nrows(), self.classes));
        for ((mut worst, values), &label) in worst.outer_iter_mut().zip(values.outer_iter()).zip(labels) {
            if let Some(worst) = worst.as_slice_mut() {
                self.mix(values, label, beta, worst);
            }
        }
        worst
    }
}
