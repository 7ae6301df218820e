//! Second moments of per-image gradients in a layer's eigenbasis.

use super::eigenbasis::Eigenbasis;
use super::parameter_matrix::product;
use crate::CurvatureError;
use minima_autodiff::{LayerPairs, Scalar};
use ndarray::{Array2, Array3};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// Computes `E[(Q_Aᵀ gᵢ Q_G)²]`, entry by entry: `(bias + fan_in, outputs)`.
pub(super) fn second_moments<T: Scalar>(
    basis: &Eigenbasis<T>,
    pairs: &LayerPairs<T>,
) -> Result<Array2<T>, CurvatureError> {
    let images = pairs.inputs.ncols() / pairs.places.max(1);
    let mut moments = match pairs.places {
        1 => {
            // The gradient is ā δᵀ: the squares of its entries are products of squares.
            let inputs = product(basis.input.t(), pairs.inputs.view())?.mapv_into(|x| x * x);
            let cotangents = product(basis.output.t(), pairs.cotangents.view())?.mapv_into(|x| x * x);
            product(inputs.view(), cotangents.t())?
        }
        _ => {
            let (rows, outputs) = (basis.input.nrows(), basis.output.nrows());
            let gradients = image_gradients(pairs);
            let flat = gradients.view().into_shape_with_order((rows, outputs * images));
            let rotated = product(basis.input.t(), flat.map_err(|_| size(pairs))?)?;
            let rotated = rotated.into_shape_with_order((rows, outputs, images)).map_err(|_| size(pairs))?;
            let mut moments = Array2::zeros((rows, outputs));
            for (mut moments, gradients) in moments.outer_iter_mut().zip(rotated.outer_iter()) {
                let gradients = product(basis.output.t(), gradients)?;
                for (to, gradients) in moments.iter_mut().zip(gradients.outer_iter()) {
                    *to = gradients.iter().map(|&g| g * g).sum();
                }
            }
            moments
        }
    };
    let share = T::one() / T::from_f64(images.max(1) as f64);
    moments.mapv_inplace(|m| share * m);
    Ok(moments)
}

fn size<T>(pairs: &LayerPairs<T>) -> CurvatureError {
    let (found, expected) = (pairs.inputs.shape().to_vec(), vec![pairs.inputs.nrows(), pairs.places]);
    CurvatureError::Size { what: "a layer's inputs", found, expected }
}

/// The gradient `Σ_t ā δᵀ` of every image: `(bias + fan_in, outputs, images)`.
fn image_gradients<T: Scalar>(pairs: &LayerPairs<T>) -> Array3<T> {
    let images = pairs.inputs.ncols() / pairs.places.max(1);
    let mut gradients = Array3::zeros((pairs.inputs.nrows(), pairs.cotangents.nrows(), images));
    let (inputs, cotangents) = (pairs.inputs.as_standard_layout(), pairs.cotangents.as_standard_layout());
    let rows = inputs.outer_iter().into_par_iter();
    gradients.outer_iter_mut().into_par_iter().zip(rows).for_each(|(mut gradients, input)| {
        for (mut gradient, cotangent) in gradients.outer_iter_mut().zip(cotangents.outer_iter()) {
            let rows = (gradient.as_slice_mut(), input.as_slice(), cotangent.as_slice());
            if let (Some(to), Some(input), Some(cotangent)) = rows {
                Arch::new().dispatch(SumOverPlaces { to, input, cotangent });
            }
        }
    });
    gradients
}

/// `to ← Σ_t input ∘ cotangent`, with a block of rows as long as `to` for each position; compiled for each instruction
/// set.
struct SumOverPlaces<'a, T> {
    to: &'a mut [T],
    input: &'a [T],
    cotangent: &'a [T],
}

impl<T: Scalar> NullaryFnOnce for SumOverPlaces<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let images = self.to.len().max(1);
        for (input, cotangent) in self.input.chunks_exact(images).zip(self.cotangent.chunks_exact(images)) {
            for ((to, &a), &d) in self.to.iter_mut().zip(input).zip(cotangent) {
                *to += a * d;
            }
        }
    }
}
