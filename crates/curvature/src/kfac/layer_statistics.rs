//! What K-FAC and EKFAC observe of a batch, wherever it is computed.

use super::{DiagonalBlock, Eigenbasis, KroneckerFactors, WeightSharing};
use crate::CurvatureError;
use minima_autodiff::Scalar;
use ndarray::Array2;
use std::ops::Range;

/// What K-FAC and EKFAC observe of a batch with one cotangent per image.
pub trait LayerStatistics<T: Scalar> {
    /// The factors of all layers, and the diagonal blocks.
    ///
    /// # Errors
    /// Returns a [`CurvatureError`] if the statistics cannot be computed.
    fn factors(&self, sharing: WeightSharing) -> Result<KroneckerFactors<T>, CurvatureError>;

    /// The mean over images of the squares of `Q_Aᵀ gᵢ Q_G` for every layer, `(bias + fan_in, outputs)`, with the gradient gᵢ of
    /// an image; and the diagonal blocks.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the bases belong to another network.
    fn second_moments(&self, bases: &[PlacedBasis<'_, T>]) -> Result<SecondMoments<T>, CurvatureError>;
}

/// The basis of one layer's matrix.
#[derive(Debug)]
pub struct PlacedBasis<'b, T> {
    /// The range of the layer's parameters in the flat parameter vector.
    pub params: &'b Range<usize>,
    /// The columns of the layer's matrix: all, unless a convolution has groups.
    pub columns: &'b Range<usize>,
    /// The basis.
    pub basis: &'b Eigenbasis<T>,
}

/// The second moments of per-image gradients.
#[derive(Clone, Debug)]
pub struct SecondMoments<T> {
    /// Of each layer, in its basis.
    pub layers: Vec<Array2<T>>,
    /// Of the parameters that are not matrices.
    pub diagonals: Vec<DiagonalBlock<T>>,
}

/// Returns [`CurvatureError::Size`] unless layers, by the ends of their parameters and columns, are the layers of these bases.
///
/// # Errors
/// Returns [`CurvatureError::Size`] with both lists.
pub fn check_bases<T>(
    found: impl Iterator<Item = [usize; 2]>,
    bases: &[PlacedBasis<'_, T>],
) -> Result<(), CurvatureError> {
    let found: Vec<usize> = found.flatten().collect();
    let expected: Vec<usize> = bases.iter().flat_map(|layer| [layer.params.end, layer.columns.end]).collect();
    if found == expected {
        return Ok(());
    }
    Err(CurvatureError::Size { what: "a set of layers", found, expected })
}
