//! Gauss-Newton in the arithmetic of a GPU: the factors of products are rounded to a short mantissa.
//!
//! The matrix is formed from a full Jacobian, as in the paper's code. Let `t` be the rounding, `H` the loss's curvature
//! with respect to the logits (of the whole batch for `published`, of each image otherwise), and α as in
//! [`GgnVariant`]. Then `A = α L t(J) + λI` and `L = t(t(Jᵀ) · t(H))`, with sums in single precision. `A` is no longer
//! symmetric. Its inverse comes from the low-rank identity `A⁻¹ g = (g − α L (λI + α t(J) L)⁻¹ t(J) g) / λ`. The small
//! matrix is formed and solved in double precision, so the emulated rounding is the only one. (In `f64` a product of
//! two `f32` is exact.) On its GPU the paper inverts in single precision, whose rounding is smaller than the rounding
//! of TF32 by 2¹³.
//!
//! Nearly all of the work is `t(J) L`. If the unit behind a rectifier is inactive for an image, the image's derivatives
//! with respect to the unit's parameters are zero, and both factors omit them (`strips`). For the paper's network and
//! batches, `published` takes 45 GFLOP per step with these zeros, in the order of its recorded results, and about 22
//! without them. `sum` and `mean`, whose `L` has the same zeros as `J`, take 10 to 15.

use super::Arithmetic;
use super::logit_curvature::LogitCurvature;
use super::strips::ColumnOrder;
use crate::batch_gradient::batch_gradient;
use crate::learning_rate::LearningRate;
use crate::range::{POSITIVE, check};
use crate::{OptimError, Optimizer, OptimizerState};
use minima_autodiff::softmax_cross_entropy::softmax;
use minima_autodiff::{Batch, Graph, Scalar, StepReport, mixed_dot};
use minima_curvature::GgnVariant;
use minima_linalg::{LinalgError, matmul, solve_general};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// Gauss-Newton with rounded products; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct EmulatedGaussNewton {
    variant: GgnVariant,
    arithmetic: Arithmetic,
    learning_rate: LearningRate,
    damping: f64,
    natural_order: bool,
}

/// The factor `L` of a strip, rounded.
struct LeftFactor {
    /// `(columns, rows)`.
    numbers: Array2<f32>,
    /// The columns of the Jacobian, as positions in the order.
    columns: Vec<usize>,
    /// The rows of the Jacobian.
    rows: Vec<usize>,
}

/// `λI + α t(J) L`, its right side, and the left factors that map its solution to the parameters.
struct System {
    small: Array2<f64>,
    along: Array1<f64>,
    left: Vec<LeftFactor>,
}

impl EmulatedGaussNewton {
    /// Emulated Gauss-Newton with learning rate 0.01 and damping 0.01.
    #[must_use]
    pub fn new(variant: GgnVariant, arithmetic: Arithmetic) -> Self {
        Self { variant, arithmetic, learning_rate: LearningRate::new(0.01), damping: 0.01, natural_order: false }
    }

    /// Sets the learning rate η.
    #[must_use]
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate.set(learning_rate);
        self
    }

    /// Sets the damping λ.
    #[must_use]
    pub fn with_damping(self, damping: f64) -> Self {
        Self { damping, ..self }
    }

    /// Sums over parameters and images in their natural order, zeros included. This takes twice the time and changes
    /// the last bits to recorded results.
    #[must_use]
    pub fn in_natural_order(self) -> Self {
        Self { natural_order: true, ..self }
    }

    /// Returns the direction `A⁻¹ g` at `params`, and the batch's loss and accuracy there.
    ///
    /// # Errors
    /// Returns [`OptimError::Autodiff`] if the batch or the parameters do not fit the network or if the loss is not
    /// softmax cross-entropy without smoothing and weights, [`OptimError::Option`] if λ is not positive, and [`OptimError::EmulatedSolve`] if the system is singular or not finite.
    pub fn direction(
        &self,
        graph: &Graph,
        params: &[f32],
        batch: &Batch<'_, f32>,
    ) -> Result<(StepReport, Vec<f32>), OptimError> {
        self.check_damping()?;
        batch.loss().must_be_plain_cross_entropy("Gauss-Newton with rounded products")?;
        let at = graph.linearize(params, batch.images())?;
        let (report, gradient) = batch_gradient(&at, batch)?;
        let order = if self.natural_order { ColumnOrder::natural(graph) } else { ColumnOrder::by_output(graph) };
        let gradient: Array1<f64> =
            order.parameters.iter().map(|&p| gradient.get(p).map_or(0.0, |&g| f64::from(g))).collect();
        let jacobian = at.transposed_jacobian()?;
        let curvature = LogitCurvature::new(softmax(at.logits()).view(), self.variant, self.arithmetic);
        let scale = match self.variant {
            GgnVariant::Coupled | GgnVariant::Sum => 1.0,
            GgnVariant::Mean => 1.0 / batch.labels().len() as f64,
        };
        let failed = |source| self.failed(source);
        let system =
            self.system(jacobian.view(), &order, &curvature, &gradient, batch.labels().len()).map_err(failed)?;
        let reordered = self.solve(system, scale, &gradient).map_err(failed)?;
        let mut direction = vec![0.0; params.len()];
        for (&parameter, d) in order.parameters.iter().zip(reordered) {
            if let Some(to) = direction.get_mut(parameter) {
                *to = d as f32;
            }
        }
        Ok((report, direction))
    }

    /// Computes `t(J) L`, `t(J) g` and `L`, one strip after the other.
    fn system(
        &self,
        jacobian: ArrayView2<'_, f32>,
        order: &ColumnOrder,
        curvature: &LogitCurvature,
        gradient: &Array1<f64>,
        images: usize,
    ) -> Result<System, LinalgError> {
        let rows = jacobian.ncols();
        let mut small = Array2::<f64>::zeros((rows, rows));
        let mut along = Array1::<f64>::zeros(rows);
        let mut left = Vec::with_capacity(order.strips.len());
        for places in &order.strips {
            let strip = order.strip(places, jacobian, images, self.arithmetic);
            let mut numbers = curvature.left_factor(&strip)?;
            numbers.par_mapv_inplace(|x| self.arithmetic.round(x));
            let wide = (strip.transposed.mapv(f64::from), numbers.mapv(f64::from));
            let gradient = gradient.select(Axis(0), &strip.columns);
            if self.natural_order {
                // Sums in the same eight parts as for a contiguous row.
                along += &wide.0.t().as_standard_layout().dot(&gradient);
            } else {
                for (&g, j) in gradient.iter().zip(wide.0.outer_iter()) {
                    strip.rows.iter().zip(j).for_each(|(&row, j)| along[row] += g * j);
                }
            }
            if strip.rows.len() == rows {
                matmul(1.0, wide.0.t(), wide.1.view(), 1.0, small.view_mut())?;
                left.push(LeftFactor { numbers, columns: strip.columns, rows: strip.rows });
                continue;
            }
            let mut part = Array2::zeros((strip.rows.len(), wide.1.ncols()));
            matmul(1.0, wide.0.t(), wide.1.view(), 0.0, part.view_mut())?;
            let onto = if curvature.couples() { (0..rows).collect() } else { strip.rows.clone() };
            for (&row, part) in strip.rows.iter().zip(part.outer_iter()) {
                let mut small = small.row_mut(row);
                onto.iter().zip(part).for_each(|(&column, x)| small[column] += x);
            }
            left.push(LeftFactor { numbers, columns: strip.columns, rows: onto });
        }
        Ok(System { small, along, left })
    }

    /// Computes `(λI + α L t(J))⁻¹ g`, in the order of the strips.
    fn solve(&self, system: System, scale: f64, gradient: &Array1<f64>) -> Result<Array1<f64>, LinalgError> {
        let System { mut small, along, left } = system;
        small.mapv_inplace(|x| scale * x);
        small.diag_mut().mapv_inplace(|d| d + self.damping);
        let solved = solve_general(small, along.insert_axis(Axis(1)).view())?.into_flat();
        let mut direction = gradient / self.damping;
        for LeftFactor { numbers, columns, rows } in &left {
            let solved: Vec<f64> = rows.iter().map(|&row| scale * solved[row]).collect();
            let curved = numbers.outer_iter().into_par_iter().zip(columns.par_iter()).map(|(left, &column)| {
                let left = left.as_standard_layout();
                (gradient[column] - mixed_dot(left.as_slice().unwrap_or_default(), &solved)) / self.damping
            });
            for (&column, d) in columns.iter().zip(curved.collect::<Vec<f64>>()) {
                direction[column] = d;
            }
        }
        Ok(direction)
    }

    /// The damping is used in double precision.
    fn check_damping(&self) -> Result<(), OptimError> {
        check::<f64>("damping", self.damping, POSITIVE)
    }

    fn failed(&self, source: LinalgError) -> OptimError {
        OptimError::EmulatedSolve { arithmetic: self.arithmetic.name(), damping: self.damping, source }
    }
}

impl<T: Scalar> Optimizer<T> for EmulatedGaussNewton {
    /// The direction is computed in `f32`, in any precision of the parameters.
    fn step(&mut self, graph: &Graph, params: &mut Vec<T>, batch: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        Optimizer::<T>::check(self)?;
        let single = |x: &T| x.as_f64() as f32;
        let at: Vec<f32> = params.iter().map(single).collect();
        let images = batch.images().map(single);
        let single = Batch::with_loss(images.view(), batch.labels(), batch.loss())?;
        let (report, direction) = self.direction(graph, &at, &single)?;
        let rate = T::from_f64(self.learning_rate.now());
        for (p, d) in params.iter_mut().zip(direction) {
            *p -= rate * T::from_f64(f64::from(d));
        }
        Ok(report)
    }

    fn check(&self) -> Result<(), OptimError> {
        self.learning_rate.check::<T>()?;
        self.check_damping()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.learning_rate.set_factor(factor);
    }

    /// An empty state: each step depends on its batch alone.
    fn state(&self, _graph: &Graph) -> Result<OptimizerState, OptimError> {
        Ok(OptimizerState::default())
    }

    fn restore(&mut self, _graph: &Graph, _state: &OptimizerState) -> Result<(), OptimError> {
        Ok(())
    }
}
