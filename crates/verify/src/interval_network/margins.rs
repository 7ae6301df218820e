//! The last affine map, merged with the differences of logits.

use super::weights::sign;
use minima_autodiff::{Layer, LayerOperation, Scalar};
use std::ops::Range;

/// The worst-case margins of one label, from the centres μ and radii r of the last dense layer's inputs, or of the logits
/// if the last layer is another one.
///
/// With columns w of the kernel and biases b, the largest value of `z_c − z_y` in the intervals is
/// `(w_c − w_y) · μ + |w_c − w_y| · r + b_c − b_y`. Differences of logits are bounded before their intervals are known
/// (the "elision of the last layer" of Gowal et al.), which is tighter than the difference of two logits' intervals.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Margins {
    /// The number of centres.
    pub(super) inputs: usize,
    pub(super) classes: usize,
    /// The factor from the body's outputs to centres and radii.
    pub(super) scale: f64,
    /// Biases and kernel `(inputs, classes)` of the last dense layer among the parameters, if it is the last layer.
    pub(super) dense: Option<[Range<usize>; 2]>,
}

/// The centres and radii of one image, with their scale.
fn halves<T: Scalar>(values: &[T], inputs: usize, scale: f64) -> impl Iterator<Item = (T, T)> {
    let scale = T::from_f64(scale);
    let (centres, radii) = values.split_at(inputs.min(values.len()));
    centres.iter().zip(radii).map(move |(&centre, &radius)| (scale * centre, scale * radius))
}

impl Margins {
    fn kernel<'p, T>(&self, params: &'p [T], kernel: &Range<usize>) -> impl Iterator<Item = &'p [T]> {
        params.get(kernel.clone()).unwrap_or_default().chunks_exact(self.classes.max(1))
    }

    /// Writes the worst-case logits relative to the label's: for each class the largest `z_c − z_y`, and 0 for the label.
    pub(super) fn worst_logits<T: Scalar>(&self, params: &[T], values: &[T], label: usize, out: &mut [T]) {
        out.fill(T::zero());
        match &self.dense {
            Some([bias, kernel]) => {
                let biases = params.get(bias.clone()).unwrap_or_default();
                if let Some(&own) = biases.get(label) {
                    out.iter_mut().zip(biases).for_each(|(out, &b)| *out = b - own);
                }
                let halves = halves(values, self.inputs, self.scale);
                for (row, (centre, radius)) in self.kernel(params, kernel).zip(halves) {
                    let own = row.get(label).copied().unwrap_or_else(T::nan);
                    for (out, &w) in out.iter_mut().zip(row) {
                        *out += (w - own) * centre + (w - own).abs() * radius;
                    }
                }
            }
            None => {
                let own = halves(values, self.inputs, self.scale).nth(label);
                let (own_centre, own_radius) = own.unwrap_or((T::nan(), T::nan()));
                for (out, (centre, radius)) in out.iter_mut().zip(halves(values, self.inputs, self.scale)) {
                    *out = centre - own_centre + radius + own_radius;
                }
            }
        }
        out.iter_mut().skip(label).take(1).for_each(|out| *out = T::zero());
    }

    /// Writes the cotangent of the body's outputs, from the one of the worst-case logits.
    pub(super) fn cotangent<T: Scalar>(&self, params: &[T], label: usize, slopes: &[T], out: &mut [T]) {
        out.fill(T::zero());
        let scale = T::from_f64(self.scale);
        let (centres, radii) = out.split_at_mut(self.inputs.min(out.len()));
        match &self.dense {
            Some([_, kernel]) => {
                for (row, (centre, radius)) in self.kernel(params, kernel).zip(centres.iter_mut().zip(radii)) {
                    let own = row.get(label).copied().unwrap_or_else(T::nan);
                    for (&w, &slope) in row.iter().zip(slopes) {
                        *centre += scale * slope * (w - own);
                        *radius += scale * slope * (w - own).abs();
                    }
                }
            }
            None => {
                let others = slopes.iter().enumerate().filter(|(class, _)| *class != label);
                for (class, &slope) in others {
                    for (of, sign) in [(class, T::one()), (label, -T::one())] {
                        centres.iter_mut().skip(of).take(1).for_each(|x| *x += sign * scale * slope);
                        radii.iter_mut().skip(of).take(1).for_each(|x| *x += scale * slope);
                    }
                }
            }
        }
    }

    /// Adds the gradient with respect to the last dense layer's parameters.
    pub(super) fn add_gradient<T: Scalar>(
        &self,
        params: &[T],
        values: &[T],
        label: usize,
        slopes: &[T],
        gradient: &mut [T],
    ) {
        let Some([bias, kernel]) = &self.dense else { return };
        let others = || slopes.iter().enumerate().filter(|(class, _)| *class != label);
        let sums = gradient.get_mut(bias.clone()).unwrap_or_default();
        if sums.len() == self.classes {
            for (class, &slope) in others() {
                sums[class] += slope;
                sums[label] -= slope;
            }
        }
        let rows = gradient.get_mut(kernel.clone()).unwrap_or_default().chunks_exact_mut(self.classes.max(1));
        let halves = halves(values, self.inputs, self.scale);
        for ((sums, row), (centre, radius)) in rows.zip(self.kernel(params, kernel)).zip(halves) {
            let own = row.get(label).copied().unwrap_or_else(T::nan);
            let mut all = T::zero();
            for (class, &slope) in others() {
                let term = slope * (centre + sign(row[class] - own) * radius);
                sums[class] += term;
                all += term;
            }
            sums[label] -= all;
        }
    }
}

/// The value that the last layer reads, and the ranges of its biases and of its kernel, if it is a dense layer whose
/// output is the logits.
pub(super) fn merged(last: &Layer, output: usize) -> Option<(usize, [Range<usize>; 2])> {
    let &LayerOperation::Dense { inputs, outputs } = &last.operation else { return None };
    let biases = last.params.len().checked_sub(inputs * outputs)?;
    let [value] = last.inputs[..] else { return None };
    let kernel = last.params.start + biases..last.params.end;
    (!last.rectified && last.output == output).then_some((value, [last.params.start..kernel.start, kernel]))
}
