//! The eigenvectors of a layer's factors: the basis in which EKFAC is diagonal.

use super::LayerFactors;
use super::parameter_matrix::{between, product};
use crate::CurvatureError;
use minima_autodiff::Scalar;
use minima_linalg::symmetric_eigen;
use ndarray::{ArcArray2, Array2, ArrayView2};

/// Eigenvectors of `A` and of `G`, as columns. A clone shares their memory.
#[derive(Clone, Debug)]
pub struct Eigenbasis<T> {
    /// `(bias + fan_in)²`.
    pub input: ArcArray2<T>,
    /// `outputs²`.
    pub output: ArcArray2<T>,
}

impl<T: Scalar> Eigenbasis<T> {
    /// Computes a layer's basis and the eigenvalues of `A ⊗ G`, the products of the factors' eigenvalues,
    /// `(bias + fan_in, outputs)`.
    pub(super) fn of(factors: &LayerFactors<T>) -> Result<(Self, Array2<T>), CurvatureError> {
        let (inputs, input) = symmetric_eigen(factors.input.view())?;
        let (outputs, output) = symmetric_eigen(factors.output.view())?;
        // Rounding can make zero eigenvalues slightly negative.
        let values = Array2::from_shape_fn((inputs.len(), outputs.len()), |(i, j)| {
            inputs[i].max(T::zero()) * outputs[j].max(T::zero())
        });
        Ok((Self { input: input.into_shared(), output: output.into_shared() }, values))
    }

    /// Transforms a parameter matrix to this basis: `Q_Aᵀ v Q_G`.
    pub(super) fn enter(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        between(self.input.t(), v, self.output.view())
    }

    /// Transforms back from this basis: `Q_A v Q_Gᵀ`.
    pub(super) fn leave(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        between(self.input.view(), v, self.output.t())
    }

    /// The diagonal, in this basis, of the matrix that is diagonal in `other` with entries `values`.
    pub(super) fn carry(&self, other: &Self, values: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        // With R = Q_otherᵀ Q: entry (i, j) is Σ R_A[a, i]² values[a, b] R_G[b, j]².
        let squares =
            |from: &ArcArray2<T>, to: &ArcArray2<T>| product(from.t(), to.view()).map(|r| r.mapv_into(|x| x * x));
        let (input, output) = (squares(&other.input, &self.input)?, squares(&other.output, &self.output)?);
        between(input.t(), values, output.view())
    }
}
