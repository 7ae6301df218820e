//! The Jacobian of the logits with respect to the parameters, and its transpose.

use crate::{CurvatureError, LinearOperator, Objective};
use minima_autodiff::Scalar;
use ndarray::{ArrayView2, Axis, Slice};

/// The Jacobian `J`, `(images · classes, parameters)`, computed in forward mode.
#[derive(Clone, Copy, Debug)]
pub struct Jacobian<'o, 'a, T: Scalar>(&'o Objective<'a, T>);

/// The transposed Jacobian `Jᵀ`, `(parameters, images · classes)`, computed in reverse mode.
#[derive(Clone, Copy, Debug)]
pub struct TransposedJacobian<'o, 'a, T: Scalar>(&'o Objective<'a, T>);

impl<'o, 'a, T: Scalar> Jacobian<'o, 'a, T> {
    /// The Jacobian of the network at the objective's images.
    #[must_use]
    pub fn new(objective: &'o Objective<'a, T>) -> Self {
        Self(objective)
    }

    /// The transpose `Jᵀ`.
    #[must_use]
    pub fn transposed(&self) -> TransposedJacobian<'o, 'a, T> {
        TransposedJacobian(self.0)
    }
}

fn logits<T: Scalar>(objective: &Objective<'_, T>) -> usize {
    objective.images() * objective.graph().classes()
}

impl<T: Scalar> LinearOperator<T> for Jacobian<'_, '_, T> {
    fn shape(&self) -> [usize; 2] {
        [logits(self.0), self.0.parameter_count()]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        let mut product = Vec::with_capacity(self.shape()[0]);
        self.0.for_each_part(|part| {
            product.extend(part.at.jvp(Some(v), None)?);
            Ok(())
        })?;
        Ok(product)
    }
}

impl<T: Scalar> LinearOperator<T> for TransposedJacobian<'_, '_, T> {
    fn shape(&self) -> [usize; 2] {
        [self.0.parameter_count(), logits(self.0)]
    }

    fn apply(&self, w: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(w)?;
        let size = (self.0.images(), self.0.graph().classes());
        let w = ArrayView2::from_shape(size, w).map_err(|_| CurvatureError::Size {
            what: "the cotangents",
            found: vec![w.len()],
            expected: vec![size.0, size.1],
        })?;
        self.0.sum(|part| {
            let rows = Slice::from(part.first..part.first + part.labels.len());
            Ok(part.at.vjp(w.slice_axis(Axis(0), rows))?)
        })
    }
}
