//! The gradients of one batch, layer by layer.

use super::DiagonalBlock;
use crate::CurvatureError;
use minima_autodiff::{LayerPairs, Linearization, Scalar};
use ndarray::ArrayView2;

/// What K-FAC and EKFAC observe of a batch with one cotangent per image.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerGradients<T> {
    /// The inputs and cotangents of the layers whose parameters are matrices.
    pub pairs: Vec<LayerPairs<T>>,
    /// The mean square of each image's gradient, for all other parameters.
    pub diagonals: Vec<DiagonalBlock<T>>,
}

impl<T: Scalar> LayerGradients<T> {
    /// Computes them at a linearization, for cotangents `w` `(images, classes)` of the logits.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the shape of the cotangents differs from the shape of the logits.
    pub fn of(at: &Linearization<'_, T>, w: ArrayView2<'_, T>) -> Result<Self, CurvatureError> {
        let pairs = at.layer_pairs(w)?;
        let share = T::one() / T::from_f64(at.images().max(1) as f64);
        let diagonals = at.elementwise_squared_gradients(w)?.into_iter().map(|(params, mut entries)| {
            entries.iter_mut().for_each(|sum| *sum *= share);
            DiagonalBlock { params, entries }
        });
        Ok(Self { pairs, diagonals: diagonals.collect() })
    }
}
