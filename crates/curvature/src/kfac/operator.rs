//! K-FAC as an operator.

use super::KroneckerFactors;
use super::cover::{Place, check_cover};
use super::parameter_matrix::{between, parameter_matrix, store};
use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;

/// The block-diagonal matrix of `A ⊗ G`, layer by layer, and of the diagonal blocks of all other parameters.
#[derive(Clone, Debug)]
pub struct Kfac<T> {
    factors: KroneckerFactors<T>,
}

impl<T: Scalar> Kfac<T> {
    /// Creates the operator from its factors.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if a factor is not square, if a layer's number of parameters does not fit its
    /// factors, or if the blocks do not cover the parameters.
    pub fn new(factors: KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        Self::check(&factors)?;
        Ok(Self { factors })
    }

    /// Fails unless [`new`](Self::new) takes these factors.
    pub(super) fn check(factors: &KroneckerFactors<T>) -> Result<(), CurvatureError> {
        for layer in &factors.layers {
            for factor in [&layer.input, &layer.output] {
                if !factor.is_square() {
                    let (found, expected) = (factor.shape().to_vec(), vec![factor.nrows(), factor.nrows()]);
                    return Err(CurvatureError::Size { what: "a factor", found, expected });
                }
            }
        }
        let places = factors.layers.iter().map(|layer| Place {
            params: layer.params.clone(),
            columns: layer.columns.clone(),
            dim: (layer.input.nrows(), layer.output.nrows()),
        });
        check_cover(places, &factors.diagonals).map(drop)
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
            let v = parameter_matrix(v, &layer.params, &layer.columns, layer.input.nrows())?;
            store(&between(layer.input.view(), v, layer.output.view())?, &layer.params, &layer.columns, &mut out)?;
        }
        self.factors.diagonals.iter().for_each(|block| block.apply(v, &mut out));
        Ok(out)
    }
}

impl<T: Scalar> SymmetricOperator<T> for Kfac<T> {}
