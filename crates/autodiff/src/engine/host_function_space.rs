//! The linear algebra of a Gauss-Newton step on the CPU.

use super::{Batch, FunctionSpace, PublishedColumns, StepReport};
use crate::loss::Loss;
use crate::softmax_cross_entropy::count_correct;
use crate::{AutodiffError, Graph, Linearization, Scalar, SystemSize, WorkMatrix, mixed_dot};
use minima_faults::{Fault, planted};
use minima_linalg::{Cholesky, LinalgError};
use ndarray::{Array2, Array3, Axis};
use rayon::prelude::*;

/// A network linearized at a batch, with the batch's labels and loss.
#[derive(Debug)]
pub struct HostPoint<'a, T: Scalar> {
    jacobian: Linearization<'a, T>,
    labels: &'a [usize],
    loss: &'a dyn Loss,
}

impl<T: Scalar> HostPoint<'_, T> {
    /// The logits `(images, classes)` in another precision.
    fn logits<R: Scalar>(&self) -> Array2<R> {
        self.jacobian.logits().mapv(|a| R::from_f64(a.as_f64()))
    }

    /// The predictions for the factors, which are rounded to the network's precision for the Gram matrix.
    fn bounded_predictions<R: Scalar>(&self) -> Array2<R> {
        let of = self.loss.of::<R>();
        of.bounded(of.predictions(self.logits::<R>().view()), R::from_f64(T::min_positive_value().as_f64()))
    }

    /// The total weight of the labels.
    fn weight(&self) -> f64 {
        self.loss.total_weight(self.labels)
    }

    /// √α.
    fn root_alpha<R: Scalar>(&self, mean: bool) -> R {
        R::from_f64(if mean && !planted(Fault::BatchShareMissing) { (1.0 / self.weight()).sqrt() } else { 1.0 })
    }
}

/// `(images, classes)` as a column, in which images run fastest.
fn column<R: Scalar>(of_images: &Array2<R>) -> Array2<R> {
    let (images, classes) = of_images.dim();
    Array2::from_shape_fn((images * classes, 1), |(row, _)| of_images[[row % images, row / images]])
}

impl<T: Scalar, R: Scalar> FunctionSpace<T, R> for Graph {
    type Point<'a> = HostPoint<'a, T>;
    type Factors = Array3<R>;
    type System = WorkMatrix<R>;
    type Kernel = WorkMatrix<T>;
    type Columns = Array2<R>;
    type Cotangent = Array2<T>;

    fn linearize<'a, 'b: 'a>(
        &'a self,
        params: &'a Vec<T>,
        batch: &Batch<'b, T>,
    ) -> Result<(StepReport, HostPoint<'a, T>), AutodiffError> {
        let (loss, labels) = (batch.loss(), batch.labels());
        let jacobian = Graph::linearize(self, params, batch.images())?;
        let mean = loss.mean(jacobian.logits(), labels)?;
        let report = StepReport { loss: mean, correct: count_correct(jacobian.logits(), labels) };
        Ok((report, HostPoint { jacobian, labels, loss }))
    }

    fn factors(&self, at: &HostPoint<'_, T>, mean: bool) -> Result<Array3<R>, AutodiffError> {
        let root: R = at.root_alpha(mean);
        let predictions = at.bounded_predictions::<R>();
        Ok(at.loss.of::<R>().factors(predictions.view(), at.labels).mapv_into(|c| c * root))
    }

    fn residual_in_factors(&self, at: &HostPoint<'_, T>, mean: bool) -> Result<Array2<R>, AutodiffError> {
        let share = R::one() / (at.root_alpha::<R>(mean) * R::from_f64(at.weight()));
        let predictions = at.bounded_predictions::<R>();
        let coefficients = at.loss.of::<R>().residual_in_factors(predictions.view(), at.labels)?;
        let coefficients = coefficients.mapv_into(|c| c * share);
        Ok(coefficients.into_flat().insert_axis(Axis(1)))
    }

    fn damped_gram(
        &self,
        at: &HostPoint<'_, T>,
        factors: &Array3<R>,
        damping: f64,
    ) -> Result<WorkMatrix<R>, AutodiffError> {
        let mut gram = at.jacobian.gram_as(factors.mapv(|c| T::from_f64(c.as_f64())).view())?;
        gram.diag_mut().mapv_inplace(|d: R| d + R::from_f64(damping));
        Ok(gram)
    }

    fn in_logits(
        &self,
        _at: &HostPoint<'_, T>,
        factors: &Array3<R>,
        y: &Array2<R>,
    ) -> Result<Array2<T>, AutodiffError> {
        let (count, images, classes) = factors.dim();
        self.check("solution", y.shape(), &[count * images, 1])?;
        Ok(Array2::from_shape_fn((images, classes), |(i, c)| {
            let sum: R = (0..count).map(|k| factors[[k, i, c]] * y[[k * images + i, 0]]).sum();
            T::from_f64(sum.as_f64())
        }))
    }

    fn system_size(&self, at: &HostPoint<'_, T>, published: bool) -> Option<SystemSize> {
        let images = at.labels.len();
        if !published {
            return Some(Graph::system_size::<T, R>(self, images, at.loss.rank(self.classes())));
        }
        // The kernel in the network's precision, and the system.
        let kernel = Graph::system_size::<T, T>(self, images, self.classes());
        let system = kernel.order.saturating_mul(kernel.order).saturating_mul(size_of::<R>() as u64);
        Some(SystemSize { bytes: kernel.bytes.saturating_add(system), ..kernel })
    }

    fn kernel(&self, at: &HostPoint<'_, T>) -> Result<WorkMatrix<T>, AutodiffError> {
        at.jacobian.kernel_as()
    }

    fn root_probabilities(&self, at: &HostPoint<'_, T>) -> Result<Array2<R>, AutodiffError> {
        at.loss.must_be_plain_cross_entropy("the published Gauss-Newton matrix")?;
        Ok(column(&at.loss.of::<R>().predictions(at.logits::<R>().view()).mapv_into(R::sqrt)))
    }

    fn residual(&self, at: &HostPoint<'_, T>) -> Result<Array2<R>, AutodiffError> {
        Ok(column(&at.loss.mean_gradient(at.logits::<R>().view(), at.labels)?))
    }

    fn scaled_product(&self, s: &Array2<R>, kernel: &WorkMatrix<T>, v: &Array2<R>) -> Result<Array2<R>, AutodiffError> {
        let order = kernel.nrows();
        self.check("scale", s.shape(), &[order, 1])?;
        self.check("vector", v.shape(), &[order, 1])?;
        let v = v.iter().copied().collect::<Vec<R>>();
        let along = (0..order).into_par_iter().zip(s.as_slice().unwrap_or_default()).map(|(row, &s)| {
            let kernel = kernel.row(row);
            s * mixed_dot(kernel.as_slice().unwrap_or_default(), &v)
        });
        let along: Vec<R> = along.collect();
        Ok(ndarray::Array1::from(along).insert_axis(Axis(1)))
    }

    fn damped_scaled_kernel(
        &self,
        s: &Array2<R>,
        kernel: &WorkMatrix<T>,
        damping: f64,
    ) -> Result<WorkMatrix<R>, AutodiffError> {
        let order = kernel.nrows();
        self.check("scale", s.shape(), &[order, 1])?;
        let mut system = WorkMatrix::take(order, order);
        system.outer_iter_mut().into_par_iter().enumerate().for_each(|(a, mut row)| {
            // The solver reads the lower triangle only.
            for ((m, &k), &s_b) in row.iter_mut().zip(kernel.row(a)).zip(s).take(a + 1) {
                *m = R::from_f64(k.as_f64()) * s[[a, 0]] * s_b;
            }
            row[a] += R::from_f64(damping);
        });
        Ok(system)
    }

    fn solve(&self, system: WorkMatrix<R>, right: &[&Array2<R>]) -> Result<Array2<R>, AutodiffError> {
        let mut sides = Array2::zeros((system.nrows(), right.len()));
        for (mut to, from) in sides.columns_mut().into_iter().zip(right) {
            self.check("right side", from.shape(), &[to.len(), 1])?;
            to.assign(&from.column(0));
        }
        let factored = Cholesky::factor(system.into_inner())?;
        let solved = factored.solve(sides.view());
        drop(WorkMatrix::adopt(factored.into_factor()));
        Ok(solved?)
    }

    fn published_cotangent(
        &self,
        at: &HostPoint<'_, T>,
        columns: PublishedColumns<'_, Array2<R>>,
        damping: f64,
    ) -> Result<Array2<T>, AutodiffError> {
        let (images, classes) = at.jacobian.logits().dim();
        let order = images * classes;
        let PublishedColumns { residual, s, along, solved } = columns;
        for column in [residual, s, along] {
            self.check("column", column.shape(), &[order, 1])?;
        }
        self.check("solutions", solved.shape(), &[order, 2])?;
        let (residual, s, along) = (residual.column(0), s.column(0), along.column(0));
        let (y, x) = (solved.column(0), solved.column(1));
        let damping = R::from_f64(damping);
        // About 1 − B: the matrix has one negative eigenvalue, except for one λ, for which it has none and is singular.
        let (norm, remaining) = (s.dot(&s), R::one() - s.dot(&s) + damping * s.dot(&x));
        LinalgError::check_update(remaining.as_f64(), 1.0 + norm.as_f64(), R::epsilon().as_f64())?;
        let share = x.dot(&along) / remaining;
        Ok(Array2::from_shape_fn((images, classes), |(i, c)| {
            let row = c * images + i;
            let w = (residual[row] - s[row] * y[row]) / damping + s[row] * x[row] * share;
            T::from_f64(w.as_f64())
        }))
    }

    fn vjp(&self, at: &HostPoint<'_, T>, w: &Array2<T>) -> Result<Vec<T>, AutodiffError> {
        at.jacobian.vjp(w.view())
    }
}
