//! The damped inverse of K-FAC.

use super::parameter_matrix::{between, parameter_matrix, store};
use super::{FactoredDamping, KroneckerFactors};
use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_linalg::Cholesky;
use ndarray::Array2;
use rayon::prelude::*;
use std::ops::Range;

/// `(A + π√λ I)⁻¹ ⊗ (G + √λ/π I)⁻¹`, layer by layer: two small products each.
#[derive(Clone, Debug)]
pub struct KfacInverse<T> {
    layers: Vec<LayerInverse<T>>,
}

/// One layer's inverse factors.
#[derive(Clone, Debug)]
struct LayerInverse<T> {
    params: Range<usize>,
    input: Array2<T>,
    output: Array2<T>,
}

impl<T: Scalar> KfacInverse<T> {
    pub(super) fn of_factors(factors: &KroneckerFactors<T>, damping: f64) -> Result<Self, CurvatureError> {
        let layers = factors.layers.par_iter().map(|layer| {
            let damping = FactoredDamping::of(layer, damping)?;
            Ok(LayerInverse {
                params: layer.params.clone(),
                input: damped_inverse(&layer.input, damping.input)?,
                output: damped_inverse(&layer.output, damping.output)?,
            })
        });
        Ok(Self { layers: layers.collect::<Result<_, CurvatureError>>()? })
    }
}

/// `(factor + damping I)⁻¹`, by Cholesky.
fn damped_inverse<T: Scalar>(factor: &Array2<T>, damping: f64) -> Result<Array2<T>, CurvatureError> {
    let mut damped = factor.clone();
    damped.diag_mut().mapv_inplace(|d| d + T::from_f64(damping));
    Ok(Cholesky::factor(damped)?.solve(Array2::eye(factor.nrows()).view())?)
}

impl<T: Scalar> LinearOperator<T> for KfacInverse<T> {
    fn shape(&self) -> [usize; 2] {
        [self.layers.last().map_or(0, |layer| layer.params.end); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        let mut out = vec![T::zero(); v.len()];
        for layer in &self.layers {
            let v = parameter_matrix(v, &layer.params, (layer.input.nrows(), layer.output.nrows()))?;
            store(&between(layer.input.view(), v, layer.output.view())?, &layer.params, &mut out);
        }
        Ok(out)
    }
}

impl<T: Scalar> SymmetricOperator<T> for KfacInverse<T> {}
