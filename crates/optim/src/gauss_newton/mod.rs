//! Gauss-Newton, solved exactly and in function space.
//!
//! A step is `θ ← θ − η A⁻¹ g` with the gradient `g = Jᵀ r / B` of the mean loss and a damped curvature matrix
//! `A = λI + …` of size P × P. Since `A` is λI and a product with `Jᵀ` on its left and `J` on its right, the direction is
//! `A⁻¹ g = Jᵀ w`, and the cotangent `w` comes from a system with an equation for each image and class. Nothing of size
//! P × P, and no Jacobian, is ever formed. (Ren & Goldfarb 2019; Dangel, Tatzel & Hennig 2022; Korbit et al. 2024.)

mod block_diagonal;
mod generation;
mod published;
mod system;
pub mod tf32;

pub use generation::{Generation, SolvePrecision};
pub use tf32::Tf32GaussNewton;

use crate::{Batch, OptimError, Optimizer, StepReport};
use minima_autodiff::softmax_cross_entropy::{count_correct, mean_gradient, mean_loss};
use minima_autodiff::{Graph, Linearization, Scalar};
use ndarray::Array2;

/// Gauss-Newton with a fixed learning rate and damping.
///
/// The defaults are the paper's: learning rate 0.01, damping 0.01. The systems are ill-conditioned (those of `published` and
/// `sum` have eigenvalues from λ = 0.01 to some 10 000) and solved in double precision by default.
#[derive(Clone, Copy, Debug)]
pub struct GaussNewton {
    generation: Generation,
    learning_rate: f64,
    damping: f64,
    precision: SolvePrecision,
}

impl GaussNewton {
    /// Of any generation, with its defaults.
    #[must_use]
    pub fn new(generation: Generation) -> Self {
        Self { generation, learning_rate: 0.01, damping: 0.01, precision: SolvePrecision::Double }
    }

    /// With the Gauss-Newton matrix of the mean loss: the right one.
    #[must_use]
    pub fn mean() -> Self {
        Self::new(Generation::Mean)
    }

    /// With learning rate η.
    #[must_use]
    pub fn with_learning_rate(self, learning_rate: f64) -> Self {
        Self { learning_rate, ..self }
    }

    /// With damping λ.
    #[must_use]
    pub fn with_damping(self, damping: f64) -> Self {
        Self { damping, ..self }
    }

    /// With the system solved in this precision.
    #[must_use]
    pub fn with_precision(self, precision: SolvePrecision) -> Self {
        Self { precision, ..self }
    }

    /// The direction `A⁻¹ g` at `params`, and the batch's loss and accuracy there.
    ///
    /// # Errors
    /// When the batch or the parameters do not fit the network, λ is not positive, or the system cannot be solved.
    pub fn direction<T: Scalar>(
        &self,
        graph: &Graph,
        params: &[T],
        batch: &Batch<'_, T>,
    ) -> Result<(StepReport, Vec<T>), OptimError> {
        let at = Linearized::new(graph, params, batch, self.damping)?;
        let w = match self.precision {
            SolvePrecision::Network => self.cotangent::<T, T>(&at)?,
            SolvePrecision::Double => self.cotangent::<T, f64>(&at)?.mapv(T::from_f64),
        };
        Ok((at.report, at.jacobian.vjp(w.view())?))
    }

    fn cotangent<T: Scalar, R: Scalar>(&self, at: &Linearized<'_, T>) -> Result<Array2<R>, OptimError> {
        match self.generation {
            Generation::Mean => block_diagonal::cotangent(at, 1.0 / at.labels.len() as f64),
            Generation::Sum => block_diagonal::cotangent(at, 1.0),
            Generation::Published => published::cotangent(at),
        }
    }
}

impl<T: Scalar> Optimizer<T> for GaussNewton {
    fn step(&mut self, graph: &Graph, params: &mut [T], batch: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        let (report, direction) = self.direction(graph, params, batch)?;
        descend(params, self.learning_rate, direction);
        Ok(report)
    }
}

/// A batch at the current parameters: what all generations start from.
struct Linearized<'a, T: Scalar> {
    jacobian: Linearization<'a, T>,
    labels: Vec<usize>,
    damping: f64,
    report: StepReport,
}

impl<'a, T: Scalar> Linearized<'a, T> {
    fn new(graph: &'a Graph, params: &'a [T], batch: &Batch<'_, T>, damping: f64) -> Result<Self, OptimError> {
        check_damping(damping)?;
        let labels = batch.labels();
        let jacobian = graph.linearize(params, batch.images())?;
        let loss = mean_loss(jacobian.logits(), labels)?;
        let report = StepReport { loss, correct: count_correct(jacobian.logits(), labels) };
        Ok(Self { jacobian, labels: labels.to_vec(), damping, report })
    }

    /// The logits `(images, classes)` in another precision.
    fn logits<R: Scalar>(&self) -> Array2<R> {
        self.jacobian.logits().mapv(|a| R::from_f64(a.as_f64()))
    }

    /// `r / B`, the cotangent of the mean loss `(images, classes)`.
    fn residual<R: Scalar>(&self) -> Result<Array2<R>, OptimError> {
        Ok(mean_gradient(self.logits::<R>().view(), &self.labels)?)
    }
}

/// Fails where the damping λ is not positive.
fn check_damping(damping: f64) -> Result<(), OptimError> {
    if damping > 0.0 {
        return Ok(());
    }
    Err(OptimError::Option { option: "damping", found: damping, expected: "a positive number" })
}

/// `θ ← θ − η d`.
fn descend<T: Scalar>(params: &mut [T], learning_rate: f64, direction: impl IntoIterator<Item = T>) {
    let rate = T::from_f64(learning_rate);
    for (p, d) in params.iter_mut().zip(direction) {
        *p -= rate * d;
    }
}

/// `a · b` in eight partial sums: their order is fixed, and they fill a vector register.
fn dot<T: Scalar, R: Scalar>(a: &[T], b: &[R]) -> R {
    const PARTS: usize = 8;
    let b = b.get(..a.len()).unwrap_or(b);
    let (mut parts, (a_whole, a_rest), (b_whole, b_rest)) = ([R::zero(); PARTS], a.as_chunks(), b.as_chunks());
    for (a, b) in a_whole.iter().zip(b_whole) {
        let (a, b): (&[T; PARTS], &[R; PARTS]) = (a, b);
        for ((part, a), b) in parts.iter_mut().zip(a).zip(b) {
            *part += R::from_f64(a.as_f64()) * *b;
        }
    }
    let rest: R = a_rest.iter().zip(b_rest).map(|(a, b)| R::from_f64(a.as_f64()) * *b).sum();
    parts.into_iter().sum::<R>() + rest
}
