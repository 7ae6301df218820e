//! K-FAC as an operator.

use super::KroneckerFactors;
use super::parameter_matrix::{between, parameter_matrix, store};
use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;

/// The block-diagonal matrix `A ⊗ G`, layer by layer.
#[derive(Clone, Debug)]
pub struct Kfac<T> {
    factors: KroneckerFactors<T>,
}

impl<T: Scalar> Kfac<T> {
    /// Creates the operator from its factors.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if a factor is not square, or if a layer's number of parameters does not fit
    /// its factors.
    pub fn new(factors: KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        let mut end = 0;
        for layer in &factors.layers {
            for factor in [&layer.input, &layer.output] {
                if !factor.is_square() {
                    let (found, expected) = (factor.shape().to_vec(), vec![factor.nrows(), factor.nrows()]);
                    return Err(CurvatureError::Size { what: "a factor", found, expected });
                }
            }
            let next = end + layer.input.nrows() * layer.output.nrows();
            if layer.params != (end..next) {
                let (found, expected) = (vec![layer.params.start, layer.params.end], vec![end, next]);
                return Err(CurvatureError::Size { what: "the position of a layer's parameters", found, expected });
            }
            end = next;
        }
        Ok(Self { factors })
    }

    /// The factors.
    #[must_use]
    pub fn factors(&self) -> &KroneckerFactors<T> {
        &self.factors
    }
}

impl<T: Scalar> LinearOperator<T> for Kfac<T> {
    fn shape(&self) -> [usize; 2] {
        [self.factors.parameter_count(); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        let mut out = vec![T::zero(); v.len()];
        for layer in &self.factors.layers {
            let v = parameter_matrix(v, &layer.params, (layer.input.nrows(), layer.output.nrows()))?;
            store(&between(layer.input.view(), v, layer.output.view())?, &layer.params, &mut out);
        }
        Ok(out)
    }
}

impl<T: Scalar> SymmetricOperator<T> for Kfac<T> {}
