//! The damped inverse of K-FAC.

use super::{FactoredDamping, Kfac, KroneckerFactors, LayerFactors};
use crate::arguments::non_negative;
use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_linalg::Cholesky;
use ndarray::ArcArray2;
use rayon::prelude::*;

/// `(A + π√λ I)⁻¹ ⊗ (G + √λ/π I)⁻¹`, layer by layer, with two small products per layer. A diagonal block d becomes
/// `1 / (d + λ)`.
#[derive(Clone, Debug)]
pub struct KfacInverse<T>(Kfac<T>);

impl<T: Scalar> KfacInverse<T> {
    /// Creates the inverse from the result of [`factors`](Self::factors).
    ///
    /// # Errors
    /// Returns the errors of [`Kfac::new`].
    pub fn new(inverse_factors: KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        Kfac::new(inverse_factors).map(Self)
    }

    /// The inverses of the damped factors and diagonal blocks.
    #[must_use]
    pub fn factors(&self) -> &KroneckerFactors<T> {
        self.0.factors()
    }

    /// Computes the inverse of K-FAC with these factors and with factored damping λ; see [`FactoredDamping`].
    ///
    /// # Errors
    /// Returns the errors of [`Kfac::new`] and [`Kfac::inverse`].
    pub fn of_factors(factors: &KroneckerFactors<T>, damping: f64) -> Result<Self, CurvatureError> {
        Kfac::check(factors)?;
        non_negative("damping", damping)?;
        let diagonals = factors.diagonals.iter().map(|block| block.inverse(T::from_f64(damping)));
        let diagonals = diagonals.collect::<Result<_, _>>()?;
        let layers = factors.layers.par_iter().map(|layer| {
            let damping = FactoredDamping::of(layer, damping)?;
            Ok(LayerFactors {
                params: layer.params.clone(),
                columns: layer.columns.clone(),
                input: damped_inverse(&layer.input, damping.input)?,
                output: damped_inverse(&layer.output, damping.output)?,
            })
        });
        Self::new(KroneckerFactors { layers: layers.collect::<Result<_, CurvatureError>>()?, diagonals })
    }
}

impl<T: Scalar> Kfac<T> {
    /// Computes the inverse with factored damping λ; see [`FactoredDamping`].
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if λ is negative or not finite, [`CurvatureError::Linalg`] if a damped factor
    /// is not positive definite, and [`CurvatureError::NotFinite`] if λ and an entry of a diagonal block are both zero.
    pub fn inverse(&self, damping: f64) -> Result<KfacInverse<T>, CurvatureError> {
        KfacInverse::of_factors(self.factors(), damping)
    }
}

/// Computes `(factor + damping I)⁻¹` by Cholesky factorization.
fn damped_inverse<T: Scalar>(factor: &ArcArray2<T>, damping: f64) -> Result<ArcArray2<T>, CurvatureError> {
    let mut damped = factor.to_owned();
    damped.diag_mut().mapv_inplace(|d| d + T::from_f64(damping));
    Ok(Cholesky::factor(damped)?.into_inverse()?.into_shared())
}

impl<T: Scalar> LinearOperator<T> for KfacInverse<T> {
    fn shape(&self) -> [usize; 2] {
        self.0.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.0.apply(v)
    }
}

impl<T: Scalar> SymmetricOperator<T> for KfacInverse<T> {}
