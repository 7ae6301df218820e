//! The Hessian of the mean loss.

use crate::objective::Part;
use crate::{CurvatureError, LinearOperator, Objective, SymmetricOperator};
use minima_autodiff::Scalar;
use ndarray::{Array2, ArrayView2};

/// The Hessian of the mean loss with respect to the parameters: forward over reverse (Pearlmutter 1994).
#[derive(Clone, Copy, Debug)]
pub struct Hessian<'o, 'a, T: Scalar>(&'o Objective<'a, T>);

impl<'o, 'a, T: Scalar> Hessian<'o, 'a, T> {
    /// The Hessian of the objective's loss.
    #[must_use]
    pub fn new(objective: &'o Objective<'a, T>) -> Self {
        Self(objective)
    }

    fn of_part(&self, part: &Part<'_, '_, T>, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let share = self.0.share();
        let loss = part.loss();
        // d/dt of the loss's gradient is its own Hessian times J v.
        let along = |image: usize, tangent: &[T], out: &mut [T]| {
            let (prediction, label) = part.image(image);
            loss.hessian_into(prediction, label, tangent, share, out);
        };
        Ok(part.at.vjp_along(v, part.residuals(share).view(), &along)?)
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
