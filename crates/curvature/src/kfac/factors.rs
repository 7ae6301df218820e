//! The two Kronecker factors of each layer's block.

use super::diagonal_block::check_same;
use super::{DiagonalBlock, LayerGradients, WeightSharing};
use crate::CurvatureError;
use minima_autodiff::{Linearization, Scalar};
use ndarray::{Array2, ArrayView3};
use std::ops::Range;

/// The factors of one layer, both symmetric and dense.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFactors<T> {
    /// The range of the layer's parameters in the flat parameter vector.
    pub params: Range<usize>,
    /// The columns of the layer's matrix that the factors belong to: all, unless a convolution has groups.
    pub columns: Range<usize>,
    /// `A`, `(bias + fan_in)²`, the bias first: the second moment of the layer's inputs, see [`WeightSharing`].
    pub input: Array2<T>,
    /// `G`, `outputs²`: the second moment of the cotangents of its outputs.
    pub output: Array2<T>,
}

/// The factors of all layers whose parameters are matrices, in order, and the diagonal blocks of all other parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct KroneckerFactors<T> {
    /// The factors of each layer; of each group, for a convolution in groups.
    pub layers: Vec<LayerFactors<T>>,
    /// The blocks of scales, shifts and embeddings.
    pub diagonals: Vec<DiagonalBlock<T>>,
}

impl<T: Scalar> KroneckerFactors<T> {
    /// Estimates the factors at a linearization, from cotangents `(count, images, classes)` of the logits. The outer
    /// products of the cotangents, summed over the first axis, are each image's Fisher matrix with respect to the
    /// logits. They are not divided by the number of images.
    ///
    /// A network with one class has a Fisher matrix of zero and may have no cotangents: every `G` is then zero.
    ///
    /// # Errors
    /// Returns an error if the shape of the cotangents differs from the shape of the logits, or if there are no
    /// cotangents for several classes.
    pub fn estimate(
        at: &Linearization<'_, T>,
        cotangents: ArrayView3<'_, T>,
        sharing: WeightSharing,
    ) -> Result<Self, CurvatureError> {
        let mut cotangents = cotangents.outer_iter();
        let Some(first) = cotangents.next() else {
            let (images, classes) = at.logits().dim();
            if classes != 1 {
                let (found, expected) = (vec![0, images, classes], vec![1, images, classes]);
                return Err(CurvatureError::Size { what: "cotangents", found, expected });
            }
            let none = Array2::zeros((images, classes));
            return Self::of_gradients(&LayerGradients::of(at, none.view())?, sharing);
        };
        let mut sum = Self::of_gradients(&LayerGradients::of(at, first)?, sharing)?;
        for w in cotangents {
            let gradients = LayerGradients::of(at, w)?;
            for (layer, pairs) in sum.layers.iter_mut().zip(&gradients.pairs) {
                layer.output += &sharing.output_factor(pairs)?;
            }
            for (block, newer) in sum.diagonals.iter_mut().zip(&gradients.diagonals) {
                block.mix(T::one(), newer, T::one());
            }
        }
        Ok(sum)
    }

    /// Computes the factors of a batch with one cotangent per image.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if a layer's inputs and cotangents differ in their number of columns.
    pub fn of_gradients(gradients: &LayerGradients<T>, sharing: WeightSharing) -> Result<Self, CurvatureError> {
        let layers = gradients.pairs.iter().map(|pairs| {
            let (found, expected) = (pairs.inputs.ncols(), pairs.cotangents.ncols());
            if found != expected {
                return Err(CurvatureError::Size { what: "columns", found: vec![found], expected: vec![expected] });
            }
            Ok(LayerFactors {
                params: pairs.params.clone(),
                columns: pairs.columns.clone(),
                input: sharing.input_factor(pairs)?,
                output: sharing.output_factor(pairs)?,
            })
        });
        Ok(Self { layers: layers.collect::<Result<_, _>>()?, diagonals: gradients.diagonals.clone() })
    }

    /// The number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        let of_layers = self.layers.last().map_or(0, |layer| layer.params.end);
        self.diagonals.last().map_or(0, |block| block.params.end).max(of_layers)
    }

    /// `self ← (1 − weight) · self + weight · newer`, factor by factor.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the sizes of the layers, their factors or the diagonal blocks differ.
    pub fn mix(&mut self, newer: &Self, weight: f64) -> Result<(), CurvatureError> {
        let sizes = |of: &Self| of.layers.iter().flat_map(|l| [l.input.nrows(), l.output.nrows()]).collect::<Vec<_>>();
        if sizes(self) != sizes(newer) {
            let (found, expected) = (sizes(newer), sizes(self));
            return Err(CurvatureError::Size { what: "a set of factors", found, expected });
        }
        check_same(&newer.diagonals, &self.diagonals)?;
        let (old, new) = (T::from_f64(1.0 - weight), T::from_f64(weight));
        for (layer, newer) in self.layers.iter_mut().zip(&newer.layers) {
            layer.input.zip_mut_with(&newer.input, |x, &y| *x = old * *x + new * y);
            layer.output.zip_mut_with(&newer.output, |x, &y| *x = old * *x + new * y);
        }
        self.diagonals.iter_mut().zip(&newer.diagonals).for_each(|(block, newer)| block.mix(old, newer, new));
        Ok(())
    }
}
