//! The gradients of one batch, layer by layer.

use super::DiagonalBlock;
use crate::CurvatureError;
use minima_autodiff::{LAYER_GROUP_BYTES, LayerPairs, Linearization, Scalar};
use ndarray::ArrayView2;
use std::ops::Range;

/// What K-FAC and EKFAC observe of a batch with one cotangent per image.
///
/// The inputs and cotangents of all layers can take gigabytes. Inputs and cotangents of a linearization are computed each time that they
/// are visited, a group of layers at a time.
#[derive(Clone, Debug)]
pub struct LayerGradients<'a, T: Scalar> {
    pairs: Pairs<'a, T>,
    diagonals: Vec<DiagonalBlock<T>>,
}

/// The inputs and cotangents of the layers whose parameters are matrices.
#[derive(Clone, Debug)]
enum Pairs<'a, T: Scalar> {
    Given(Vec<LayerPairs<T>>),
    At { at: &'a Linearization<'a, T>, w: ArrayView2<'a, T>, group_bytes: usize },
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
        Self { pairs: Pairs::At { at, w, group_bytes: LAYER_GROUP_BYTES }, diagonals }
    }

    /// Gradients from given parts: the inputs and cotangents of the layers whose parameters are matrices, and the mean
    /// square of each image's gradient for all other parameters.
    #[must_use]
    pub fn of_parts(pairs: Vec<LayerPairs<T>>, diagonals: Vec<DiagonalBlock<T>>) -> Self {
        Self { pairs: Pairs::Given(pairs), diagonals }
    }

    /// Sets the memory at which a group of layers ends, in bytes: [`LAYER_GROUP_BYTES`] by default. The numbers do not
    /// depend on it. Given pairs are one group.
    #[must_use]
    pub fn in_groups_of(mut self, bytes: usize) -> Self {
        if let Pairs::At { group_bytes, .. } = &mut self.pairs {
            *group_bytes = bytes;
        }
        self
    }

    /// The mean square of each image's gradient, for the parameters that are not matrices.
    #[must_use]
    pub fn diagonals(&self) -> &[DiagonalBlock<T>] {
        &self.diagonals
    }

    /// Calls `visit` with groups of consecutive layers, the last group first, and with their place among all layers.
    /// Every layer is in one group.
    ///
    /// # Errors
    /// Returns the errors of [`Linearization::visit_layer_pairs`], and the first error of `visit`.
    pub fn visit(
        &self,
        mut visit: impl FnMut(Range<usize>, &[LayerPairs<T>]) -> Result<(), CurvatureError>,
    ) -> Result<(), CurvatureError> {
        match &self.pairs {
            Pairs::Given(pairs) => visit(0..pairs.len(), pairs),
            Pairs::At { at, w, group_bytes } => {
                at.visit_layer_pairs(*w, *group_bytes, &mut |places, pairs| visit(places, &pairs))
            }
        }
    }
}
