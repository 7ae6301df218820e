//! The published Gauss-Newton in the arithmetic of the paper's GPU: products of numbers with a 10-bit mantissa (TF32).
//!
//! Formed as the paper's code forms it, from a full Jacobian: with `t` the rounding to TF32 and `H = diag(p) − p pᵀ` over
//! the whole batch, `A = L t(J) + λI`, `L = t(t(Jᵀ) · t(H))`, sums in single precision. `A` is no longer symmetric. Its
//! inverse comes from the low-rank identity `A⁻¹ g = (g − L (λI + t(J) L)⁻¹ t(J) g) / λ`, whose small matrix is formed and
//! solved in double precision, so that no rounding is added but the one that is emulated.

use crate::batch_gradient::batch_gradient;
use crate::range::{POSITIVE, check};
use crate::{OptimError, Optimizer};
use minima_autodiff::softmax_cross_entropy::softmax;
use minima_autodiff::{Batch, Graph, Scalar, StepReport, mixed_dot};
use minima_linalg::{LinalgError, matmul, solve_general};
use ndarray::{Array1, Array2, Axis, Slice};
use rayon::prelude::*;

/// `x` with its mantissa rounded to 10 bits, to the nearest and ties to even, as TF32 units round their operands.
#[must_use]
pub fn round_to_tf32(x: f32) -> f32 {
    if !x.is_finite() {
        return x;
    }
    let bits = x.to_bits();
    let last = (bits >> 13) & 1;
    f32::from_bits((bits + 0xfff + last) & !0x1fff)
}

/// The published Gauss-Newton with TF32 products; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Tf32GaussNewton {
    learning_rate: f64,
    damping: f64,
}

impl Tf32GaussNewton {
    /// With learning rate η and damping λ.
    #[must_use]
    pub fn new(learning_rate: f64, damping: f64) -> Self {
        Self { learning_rate, damping }
    }

    /// The direction `A⁻¹ g` at `params`, and the batch's loss and accuracy there.
    ///
    /// # Errors
    /// When the batch or the parameters do not fit the network, λ is not positive, or the system cannot be solved.
    pub fn direction(
        &self,
        graph: &Graph,
        params: &[f32],
        batch: &Batch<'_, f32>,
    ) -> Result<(StepReport, Vec<f32>), OptimError> {
        check("damping", self.damping, POSITIVE)?;
        let at = graph.linearize(params, batch.images())?;
        let (report, gradient) = batch_gradient(&at, batch.labels())?;
        let gradient = Array1::from(gradient);
        let p = softmax(at.logits());

        // Rows run over images within a class, for the Jacobian and for H alike.
        let rows = p.len();
        let mut jacobian =
            at.jacobian()?.into_shape_with_order((rows, params.len())).map_err(|_| OptimError::Option {
                option: "parameters",
                found: params.len() as f64,
                expected: "a count that fits in memory",
            })?;
        jacobian.par_mapv_inplace(round_to_tf32);
        let p = p.t().to_owned().into_flat();
        let hessian =
            Array2::from_shape_fn((rows, rows), |(i, j)| round_to_tf32(if i == j { p[i] } else { 0.0 } - p[i] * p[j]));
        let mut left = Array2::zeros((params.len(), rows));
        matmul(1.0, jacobian.t(), hessian.view(), 0.0, left.view_mut()).map_err(|e| self.failed(e))?;
        left.par_mapv_inplace(round_to_tf32);
        Ok((report, self.solve(&jacobian, &left, &gradient)?))
    }

    /// `(λI + left · jacobian)⁻¹ g`.
    fn solve(
        &self,
        jacobian: &Array2<f32>,
        left: &Array2<f32>,
        gradient: &Array1<f32>,
    ) -> Result<Vec<f32>, OptimError> {
        // Parameters that are widened at a time: both strips then fit in cache, and no whole matrix is copied.
        const STRIP: usize = 512;
        let rows = jacobian.nrows();
        let failed = |e| self.failed(e);
        let gradient = gradient.mapv(f64::from);
        let mut small = Array2::<f64>::zeros((rows, rows));
        let mut along = Array1::<f64>::zeros(rows);
        for start in (0..gradient.len()).step_by(STRIP) {
            let strip = Slice::from(start..gradient.len().min(start + STRIP));
            let jacobian = jacobian.slice_axis(Axis(1), strip).mapv(f64::from);
            let left = left.slice_axis(Axis(0), strip).mapv(f64::from);
            matmul(1.0, jacobian.view(), left.view(), 1.0, small.view_mut()).map_err(failed)?;
            along += &jacobian.dot(&gradient.slice_axis(Axis(0), strip));
        }
        small.diag_mut().mapv_inplace(|d| d + self.damping);
        let solved = solve_general(small, along.insert_axis(Axis(1)).view()).map_err(failed)?;
        let solved = solved.into_flat().to_vec();
        let mut direction = vec![0.0; gradient.len()];
        direction.par_iter_mut().zip(left.outer_iter().into_par_iter()).zip(gradient.to_vec()).for_each(
            |((d, left), g)| *d = ((g - mixed_dot(left.as_slice().unwrap_or_default(), &solved)) / self.damping) as f32,
        );
        Ok(direction)
    }

    fn failed(&self, source: LinalgError) -> OptimError {
        OptimError::Solve { damping: self.damping, source }
    }
}

impl<T: Scalar> Optimizer<T> for Tf32GaussNewton {
    /// The direction is formed in `f32`, whatever the precision of the parameters.
    fn step(&mut self, graph: &Graph, params: &mut Vec<T>, batch: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        let single = |x: &T| x.as_f64() as f32;
        let at: Vec<f32> = params.iter().map(single).collect();
        let images = batch.images().map(single);
        let (report, direction) = self.direction(graph, &at, &Batch::new(images.view(), batch.labels())?)?;
        let rate = T::from_f64(self.learning_rate);
        for (p, d) in params.iter_mut().zip(direction) {
            *p -= rate * T::from_f64(f64::from(d));
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::{Tf32GaussNewton, round_to_tf32};
    use crate::{Batch, GaussNewton, Generation};
    use minima_autodiff::softmax_cross_entropy::{mean_gradient, softmax};
    use minima_autodiff::{Conv2dSpec, GraphBuilder};
    use minima_linalg::{matmul, solve_general};
    use ndarray::{Array1, Array2, Axis};

    /// Numbers between −1 and 1 in no order.
    fn scattered(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * i * 31 + i * 17 + 5) % 199) as f32 / 99.5 - 1.0).collect()
    }

    #[test]
    fn the_direction_is_that_of_the_full_matrix() {
        let mut g = GraphBuilder::new(&[5, 4, 2]);
        let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
        let x = g.relu(x);
        let x = g.flatten(x);
        let x = g.dense(x, "Dense_0", 3).unwrap();
        let graph = g.finish(x).unwrap();
        let count = graph.parameter_count();
        assert_eq!(count, 57 + 183);
        let params: Vec<f32> = scattered(count).iter().map(|x| 0.3 * x).collect();
        let (size, classes) = (9, 3);
        let images = Array2::from_shape_vec((size, 40), scattered(size * 40)).unwrap();
        let labels: Vec<usize> = (0..size).map(|i| i % classes).collect();

        let at = graph.linearize(&params, images.view()).unwrap();
        let (by_class, p) = (at.jacobian().unwrap(), softmax(at.logits()));
        let rows = size * classes;
        let place = |row: usize| (row % size, row / size);
        let jacobian = Array2::from_shape_fn((rows, count), |(row, j)| {
            let (i, c) = place(row);
            round_to_tf32(by_class[[c, i, j]])
        });
        let hessian = Array2::from_shape_fn((rows, rows), |(a, b)| {
            let diagonal = if a == b { p[place(a)] } else { 0.0 };
            round_to_tf32(diagonal - p[place(a)] * p[place(b)])
        });
        // By the same sums in single precision: others could round an entry to another neighbour of 10 bits.
        let mut left = Array2::zeros((count, rows));
        matmul(1.0, jacobian.t(), hessian.view(), 0.0, left.view_mut()).unwrap();
        let left = left.mapv(|x| f64::from(round_to_tf32(x)));
        let curvature = left.dot(&jacobian.mapv(f64::from)) + Array2::<f64>::eye(count) * 0.1;
        let residual = mean_gradient(at.logits(), &labels).unwrap();
        let gradient = Array1::from(at.vjp(residual.view()).unwrap()).mapv(f64::from);
        let expected = solve_general(curvature, gradient.insert_axis(Axis(1)).view()).unwrap();

        let batch = Batch::new(images.view(), &labels).unwrap();
        let (_, found) = Tf32GaussNewton::new(0.01, 0.1).direction(&graph, &params, &batch).unwrap();
        let from_expected = |direction: &[f32]| {
            let apart: f64 = direction.iter().zip(&expected).map(|(&d, e)| (f64::from(d) - e).powi(2)).sum();
            (apart / expected.iter().map(|e| e * e).sum::<f64>()).sqrt()
        };
        // The direction is rounded to single precision at last, by 2⁻²⁴ or less; what comes before is in double precision,
        // 1e-16 times a condition below 1e4.
        let error = from_expected(&found);
        assert!(error < 2.0_f64.powi(-24) + 1e-10, "{error:e}");
        // And the rounding to 10 bits is seen, well above that.
        let published = GaussNewton::new(Generation::Published).with_damping(0.1);
        let unrounded = from_expected(&published.direction(&graph, &params, &batch).unwrap().1);
        assert!(unrounded > 1e-4, "{unrounded:e}");
    }

    #[test]
    fn rounding_is_to_the_nearest_and_ties_go_to_even() {
        let ulp = 2.0_f32.powi(-10);
        assert_eq!(round_to_tf32(1.0 + 0.49 * ulp), 1.0);
        assert_eq!(round_to_tf32(1.0 + 0.5 * ulp), 1.0);
        assert_eq!(round_to_tf32(1.0 + 0.51 * ulp), 1.0 + ulp);
        assert_eq!(round_to_tf32(1.0 + 1.5 * ulp), 1.0 + 2.0 * ulp);
        assert_eq!(round_to_tf32(-1.0 - 1.5 * ulp), -1.0 - 2.0 * ulp);
        assert_eq!(round_to_tf32(2.0 - ulp / 4.0), 2.0);
        assert_eq!(round_to_tf32(0.0), 0.0);
        assert!(round_to_tf32(f32::NAN).is_nan());
    }
}
