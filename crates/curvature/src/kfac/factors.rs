//! The two Kronecker factors of each layer's block.

use super::row_products::row_products;
use crate::CurvatureError;
use minima_autodiff::{LayerPairs, Linearization, Scalar};
use ndarray::{Array2, ArrayView2, ArrayView3};
use std::ops::Range;

/// The factors of one layer, both symmetric and dense.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFactors<T> {
    /// The range of the layer's parameters in the flat parameter vector.
    pub params: Range<usize>,
    /// `A = E[Σ_t ā āᵀ]`, `(1 + fan_in)²`, the bias first.
    pub input: Array2<T>,
    /// `G = E[Σ_t δ δᵀ] / |T|`, `outputs²`.
    pub output: Array2<T>,
}

/// The factors of all layers with parameters, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct KroneckerFactors<T> {
    /// The factors of each layer.
    pub layers: Vec<LayerFactors<T>>,
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
    pub fn estimate(at: &Linearization<'_, T>, cotangents: ArrayView3<'_, T>) -> Result<Self, CurvatureError> {
        let mut cotangents = cotangents.outer_iter();
        let Some(first) = cotangents.next() else {
            let (images, classes) = at.logits().dim();
            if classes != 1 {
                let (found, expected) = (vec![0, images, classes], vec![1, images, classes]);
                return Err(CurvatureError::Size { what: "cotangents", found, expected });
            }
            return Self::of_pairs(&at.layer_pairs(Array2::zeros((images, classes)).view())?);
        };
        let mut sum = Self::of_pairs(&at.layer_pairs(first)?)?;
        for w in cotangents {
            for (layer, pairs) in sum.layers.iter_mut().zip(&at.layer_pairs(w)?) {
                layer.output += &second_moment(pairs.cotangents.view(), pairs.cotangents.ncols())?;
            }
        }
        Ok(sum)
    }

    /// Computes the factors from the layers' inputs and cotangents, with one cotangent per image.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if a layer's inputs and cotangents differ in their number of columns.
    pub fn of_pairs(pairs: &[LayerPairs<T>]) -> Result<Self, CurvatureError> {
        let layers = pairs.iter().map(|layer| {
            let LayerPairs { params, places, inputs, cotangents } = layer;
            let (columns, expected) = (inputs.ncols(), cotangents.ncols());
            if columns != expected {
                return Err(CurvatureError::Size { what: "columns", found: vec![columns], expected: vec![expected] });
            }
            Ok(LayerFactors {
                params: params.clone(),
                input: second_moment(inputs.view(), columns / (*places).max(1))?,
                output: second_moment(cotangents.view(), columns)?,
            })
        });
        Ok(Self { layers: layers.collect::<Result<_, _>>()? })
    }

    /// The number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.params.end)
    }

    /// `self ← (1 − weight) · self + weight · newer`, factor by factor.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the sizes of the layers or their factors differ.
    pub fn mix(&mut self, newer: &Self, weight: f64) -> Result<(), CurvatureError> {
        let sizes = |of: &Self| of.layers.iter().flat_map(|l| [l.input.nrows(), l.output.nrows()]).collect::<Vec<_>>();
        if sizes(self) != sizes(newer) {
            let (found, expected) = (sizes(newer), sizes(self));
            return Err(CurvatureError::Size { what: "a set of factors", found, expected });
        }
        let (old, new) = (T::from_f64(1.0 - weight), T::from_f64(weight));
        for (layer, newer) in self.layers.iter_mut().zip(&newer.layers) {
            layer.input.zip_mut_with(&newer.input, |x, &y| *x = old * *x + new * y);
            layer.output.zip_mut_with(&newer.output, |x, &y| *x = old * *x + new * y);
        }
        Ok(())
    }
}

/// `x xᵀ / share`.
fn second_moment<T: Scalar>(x: ArrayView2<'_, T>, share: usize) -> Result<Array2<T>, CurvatureError> {
    let scale = T::one() / T::from_f64(share.max(1) as f64);
    Ok(row_products(x)?.mapv_into(|sum| scale * sum))
}
