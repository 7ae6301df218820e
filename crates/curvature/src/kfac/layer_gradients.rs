//! The gradients of one batch, layer by layer.

use super::DiagonalBlock;
use crate::CurvatureError;
use minima_autodiff::{LayerPairs, Linearization, Scalar};
use ndarray::ArrayView2;

/// What K-FAC and EKFAC observe of a batch with one cotangent per image.
#[derive(Clone, Debug)]
pub struct LayerGradients<'a, T: Scalar> {
    pub(super) matrices: Matrices<'a, T>,
    diagonals: Vec<DiagonalBlock<T>>,
}

/// The layers whose parameters are matrices.
#[derive(Clone, Debug)]
pub(super) enum Matrices<'a, T: Scalar> {
    /// Their inputs and cotangents, given.
    Pairs(Vec<LayerPairs<T>>),
    /// A linearization with the cotangents of its logits. Inputs and cotangents of all layers would take gigabytes, so moments are
    /// computed from the values of the network.
    At { at: &'a Linearization<'a, T>, w: ArrayView2<'a, T> },
}

impl<'a, T: Scalar> LayerGradients<'a, T> {
    /// Computes them at a linearization, for cotangents `w` `(images, classes)` of the logits.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] if the shape of the cotangents differs from the shape of the logits.
    pub fn of(at: &'a Linearization<'_, T>, w: ArrayView2<'a, T>) -> Result<Self, CurvatureError> {
        let share = T::one() / T::from_f64(at.images().max(1) as f64);
        let diagonals = at.elementwise_squared_gradients(w)?.into_iter().map(|(params, mut entries)| {
            entries.iter_mut().for_each(|sum| *sum *= share);
            DiagonalBlock { params, entries }
        });
        Ok(Self::with_diagonals(at, w, diagonals.collect()))
    }

    /// The layers of a linearization, with these diagonal blocks.
    pub(super) fn with_diagonals(
        at: &'a Linearization<'_, T>,
        w: ArrayView2<'a, T>,
        diagonals: Vec<DiagonalBlock<T>>,
    ) -> Self {
        Self { matrices: Matrices::At { at, w }, diagonals }
    }

    /// Gradients from given parts: the inputs and cotangents of the layers whose parameters are matrices, and the mean
    /// square of each image's gradient for all other parameters.
    #[must_use]
    pub fn of_parts(pairs: Vec<LayerPairs<T>>, diagonals: Vec<DiagonalBlock<T>>) -> Self {
        Self { matrices: Matrices::Pairs(pairs), diagonals }
    }

    /// The mean square of each image's gradient, for the parameters that are not matrices.
    #[must_use]
    pub fn diagonals(&self) -> &[DiagonalBlock<T>] {
        &self.diagonals
    }
}
