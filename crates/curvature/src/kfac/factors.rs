//! The two Kronecker factors of each layer's block.

use super::diagonal_block::check_same;
use super::layer_gradients::Matrices;
use super::{DiagonalBlock, LayerGradients, WeightSharing};
use crate::CurvatureError;
use minima_autodiff::{LayerPairs, Linearization, MatrixLayer, Scalar};
use ndarray::{ArcArray2, Array2, ArrayView2, ArrayView3};
use std::ops::Range;

/// The factors of one layer, both symmetric and dense. A clone shares their memory until one of the two is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFactors<T> {
    /// The range of the layer's parameters in the flat parameter vector.
    pub params: Range<usize>,
    /// The columns of the layer's matrix that the factors belong to: all, unless a convolution has groups.
    pub columns: Range<usize>,
    /// `A`, `(bias + fan_in)²`, the bias first: the second moment of the layer's inputs, see [`WeightSharing`].
    pub input: ArcArray2<T>,
    /// `G`, `outputs²`: the second moment of the cotangents of its outputs.
    pub output: ArcArray2<T>,
}

impl<T: Scalar> LayerFactors<T> {
    /// Computes the factors of one layer of a batch.
    fn of_pairs(pairs: &LayerPairs<T>, sharing: WeightSharing) -> Result<Self, CurvatureError> {
        let (found, expected) = (pairs.inputs.ncols(), pairs.cotangents.ncols());
        if found != expected {
            return Err(CurvatureError::Size { what: "columns", found: vec![found], expected: vec![expected] });
        }
        Ok(Self {
            params: pairs.params.clone(),
            columns: pairs.columns.clone(),
            input: sharing.input_factor(pairs)?.into_shared(),
            output: sharing.output_factor(pairs)?.into_shared(),
        })
    }
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
            for (layer, output) in sum.layers.iter_mut().zip(output_factors(at, w, sharing)?) {
                layer.output += &output;
            }
            for (block, newer) in sum.diagonals.iter_mut().zip(gradients.diagonals()) {
                block.mix(T::one(), newer, T::one());
            }
        }
        Ok(sum)
    }

    /// Computes the factors of a batch with one cotangent per image.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if a layer's inputs and cotangents differ in their number of columns.
    pub fn of_gradients(gradients: &LayerGradients<'_, T>, sharing: WeightSharing) -> Result<Self, CurvatureError> {
        let layers = match &gradients.matrices {
            Matrices::Pairs(pairs) => {
                pairs.iter().map(|pairs| LayerFactors::of_pairs(pairs, sharing)).collect::<Result<_, _>>()?
            }
            Matrices::At { at, w } => {
                let factors = input_factors(at, sharing)?.into_iter().zip(output_factors(at, *w, sharing)?);
                let layers = at.graph().matrix_layers()?.into_iter().zip(factors);
                let layers = layers.map(|(MatrixLayer { params, columns, .. }, (input, output))| LayerFactors {
                    params,
                    columns,
                    input: input.into_shared(),
                    output: output.into_shared(),
                });
                layers.collect()
            }
        };
        Ok(Self { layers, diagonals: gradients.diagonals().to_vec() })
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
        newer.check_fits(self)?;
        let (old, new) = (T::from_f64(1.0 - weight), T::from_f64(weight));
        for (layer, newer) in self.layers.iter_mut().zip(&newer.layers) {
            layer.input.zip_mut_with(&newer.input, |x, &y| *x = old * *x + new * y);
            layer.output.zip_mut_with(&newer.output, |x, &y| *x = old * *x + new * y);
        }
        self.diagonals.iter_mut().zip(&newer.diagonals).for_each(|(block, newer)| block.mix(old, newer, new));
        Ok(())
    }

    /// `self ← (1 − weight) · older + weight · self`: the numbers of [`mix`](Self::mix), in the memory of the newer
    /// factors.
    pub(super) fn mix_with_older(&mut self, older: &Self, weight: f64) -> Result<(), CurvatureError> {
        self.check_fits(older)?;
        let (old, new) = (T::from_f64(1.0 - weight), T::from_f64(weight));
        for (layer, older) in self.layers.iter_mut().zip(&older.layers) {
            layer.input.zip_mut_with(&older.input, |y, &x| *y = old * x + new * *y);
            layer.output.zip_mut_with(&older.output, |y, &x| *y = old * x + new * *y);
        }
        for (block, older) in self.diagonals.iter_mut().zip(&older.diagonals) {
            block.entries.iter_mut().zip(&older.entries).for_each(|(y, &x)| *y = old * x + new * *y);
        }
        Ok(())
    }

    /// Returns [`CurvatureError::Size`] if the sizes of the layers, their factors or the diagonal blocks differ.
    fn check_fits(&self, older: &Self) -> Result<(), CurvatureError> {
        let sizes = |of: &Self| of.layers.iter().flat_map(|l| [l.input.nrows(), l.output.nrows()]).collect::<Vec<_>>();
        if sizes(older) != sizes(self) {
            let (found, expected) = (sizes(self), sizes(older));
            return Err(CurvatureError::Size { what: "a set of factors", found, expected });
        }
        check_same(&self.diagonals, &older.diagonals)
    }
}

/// The factors `A` of all layers.
fn input_factors<T: Scalar>(
    at: &Linearization<'_, T>,
    sharing: WeightSharing,
) -> Result<Vec<Array2<T>>, CurvatureError> {
    let (layers, moments) = (at.graph().matrix_layers()?, at.input_moments(sharing.terms())?);
    let factors = layers.iter().zip(moments);
    Ok(factors.map(|(layer, moments)| sharing.input_of_moments(moments, at.images(), layer.places)).collect())
}

/// The factors `G` of all layers, for one cotangent per image.
fn output_factors<T: Scalar>(
    at: &Linearization<'_, T>,
    w: ArrayView2<'_, T>,
    sharing: WeightSharing,
) -> Result<Vec<Array2<T>>, CurvatureError> {
    let (layers, moments) = (at.graph().matrix_layers()?, at.cotangent_moments(w, sharing.terms())?);
    let factors = layers.iter().zip(moments);
    Ok(factors.map(|(layer, moments)| sharing.output_of_moments(moments, at.images(), layer.places)).collect())
}
