//! The Hessian of the mean loss.

use crate::objective::Part;
use crate::{CurvatureError, LinearOperator, Objective, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::softmax;
use ndarray::{Array2, ArrayView2};

/// The Hessian of the mean loss with respect to the parameters: forward over reverse (Pearlmutter 1994).
#[derive(Clone, Copy, Debug)]
pub struct Hessian<'o, 'a, T: Scalar>(&'o Objective<'a, T>);

impl<'o, 'a, T: Scalar> Hessian<'o, 'a, T> {
    /// Of the objective's loss.
    #[must_use]
    pub fn new(objective: &'o Objective<'a, T>) -> Self {
        Self(objective)
    }

    fn of_part(&self, part: &Part<'_, '_, T>, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let (p, share) = (softmax(part.at.logits()), self.0.share());
        let residuals = self.0.residuals(part)?;
        // d/dt (p − onehot) = (diag(p) − p pᵀ) J v.
        let along = |image: usize, tangent: &[T], out: &mut [T]| {
            let p = p.row(image);
            let mean: T = p.iter().zip(tangent).map(|(&p, &t)| p * t).sum();
            for ((out, &p), &t) in out.iter_mut().zip(p).zip(tangent) {
                *out = share * p * (t - mean);
            }
        };
        Ok(part.at.vjp_along(v, residuals.view(), &along)?)
    }
}

impl<T: Scalar> LinearOperator<T> for Hessian<'_, '_, T> {
    fn shape(&self) -> [usize; 2] {
        [self.0.parameter_count(); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        self.0.sum(|part| self.of_part(part, v))
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        self.0.sum_columns(v, |part, v| self.of_part(part, v))
    }
}

impl<T: Scalar> SymmetricOperator<T> for Hessian<'_, '_, T> {}
