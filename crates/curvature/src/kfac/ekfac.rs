//! EKFAC: K-FAC's eigenvectors with exact second moments along them (George et al. 2018).

use super::eigenbasis::Eigenbasis;
use super::parameter_matrix::{parameter_matrix, store};
use super::second_moments::second_moments;
use super::{Kfac, KroneckerFactors};
use crate::arguments::non_negative;
use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::{LayerPairs, Linearization, Scalar};
use ndarray::{Array2, ArrayView3};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// `(Q_A ⊗ Q_G) diag(s) (Q_A ⊗ Q_G)ᵀ`, layer by layer. `Q_A` and `Q_G` are the eigenvectors of K-FAC's factors, and `s`
/// holds the second moments of per-image gradients along them.
///
/// Among all diagonals, this `s` is closest to the layer's Fisher block in the Frobenius norm. The diagonal of K-FAC
/// consists of the products of its factors' eigenvalues.
#[derive(Clone, Debug)]
pub struct Ekfac<T> {
    layers: Vec<Layer<T>>,
}

/// The data of one layer of an [`Ekfac`].
#[derive(Clone, Debug, PartialEq)]
pub struct EkfacLayer<T> {
    /// The range of the layer's parameters in the flat parameter vector.
    pub params: Range<usize>,
    /// The eigenvectors of `A`, as columns, `(1 + fan_in)²`.
    pub input: Array2<T>,
    /// The eigenvectors of `G`, as columns, `outputs²`.
    pub output: Array2<T>,
    /// The second moments along the eigenvectors, `(1 + fan_in, outputs)`.
    pub moments: Array2<T>,
}

/// One layer: a matrix that is diagonal in its basis.
#[derive(Clone, Debug)]
struct Layer<T> {
    params: Range<usize>,
    basis: Arc<Eigenbasis<T>>,
    diagonal: Array2<T>,
}

impl<T: Scalar> Ekfac<T> {
    /// Estimates EKFAC at a linearization, from cotangents as for [`KroneckerFactors::estimate`].
    ///
    /// # Errors
    /// Returns the errors of [`KroneckerFactors::estimate`], and [`CurvatureError::Linalg`] if an eigenvalue problem cannot
    /// be solved.
    pub fn estimate(at: &Linearization<'_, T>, cotangents: ArrayView3<'_, T>) -> Result<Self, CurvatureError> {
        let mut ekfac = Self::of_factors(KroneckerFactors::estimate(at, cotangents)?)?;
        ekfac.layers.iter_mut().for_each(|layer| layer.diagonal.fill(T::zero()));
        for w in cotangents.outer_iter() {
            let moments = ekfac.moments_of(&at.layer_pairs(w)?)?;
            ekfac.layers.iter_mut().zip(moments).for_each(|(layer, moments)| layer.diagonal += &moments);
        }
        Ok(ekfac)
    }

    /// K-FAC itself in its eigenbasis, before any second moment is observed.
    ///
    /// # Errors
    /// Returns the errors of [`Kfac::new`], and [`CurvatureError::Linalg`] if an eigenvalue problem cannot be solved.
    pub fn of_factors(factors: KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        let kfac = Kfac::new(factors)?;
        let layers = kfac.factors().layers.par_iter().map(|factors| {
            let (basis, diagonal) = Eigenbasis::of(factors)?;
            Ok(Layer { params: factors.params.clone(), basis: Arc::new(basis), diagonal })
        });
        Ok(Self { layers: layers.collect::<Result<_, CurvatureError>>()? })
    }

    /// Creates the matrix from the result of [`layers`](Self::layers).
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if a basis is not square, if the shape of a layer's moments does not fit its
    /// bases, or if the range of its parameters does not fit.
    pub fn of_layers(layers: Vec<EkfacLayer<T>>) -> Result<Self, CurvatureError> {
        let mut end = 0;
        let layers = layers.into_iter().map(|EkfacLayer { params, input, output, moments }| {
            let (rows, columns) = moments.dim();
            for (basis, order) in [(&input, rows), (&output, columns)] {
                if basis.dim() != (order, order) {
                    let (found, expected) = (basis.shape().to_vec(), vec![order, order]);
                    return Err(CurvatureError::Size { what: "a basis", found, expected });
                }
            }
            let place = end..end + rows * columns;
            if params != place {
                let (found, expected) = (vec![params.start, params.end], vec![place.start, place.end]);
                return Err(CurvatureError::Size { what: "the position of a layer's parameters", found, expected });
            }
            end = place.end;
            Ok(Layer { params, basis: Arc::new(Eigenbasis { input, output }), diagonal: moments })
        });
        Ok(Self { layers: layers.collect::<Result<_, CurvatureError>>()? })
    }

    /// The data of each layer.
    #[must_use]
    pub fn layers(&self) -> Vec<EkfacLayer<T>> {
        let layers = self.layers.iter().map(|Layer { params, basis, diagonal }| EkfacLayer {
            params: params.clone(),
            input: basis.input.clone(),
            output: basis.output.clone(),
            moments: diagonal.clone(),
        });
        layers.collect()
    }

    /// `s ← (1 − weight) · s + weight · s(pairs)`, with the second moments of one batch's layers and one cotangent per
    /// image.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the layers do not fit.
    pub fn observe(&mut self, pairs: &[LayerPairs<T>], weight: f64) -> Result<(), CurvatureError> {
        let moments = self.moments_of(pairs)?;
        let (old, new) = (T::from_f64(1.0 - weight), T::from_f64(weight));
        for (layer, moments) in self.layers.iter_mut().zip(moments) {
            layer.diagonal.zip_mut_with(&moments, |s, &m| *s = old * *s + new * m);
        }
        Ok(())
    }

    /// Transfers the matrix to the eigenbasis of newer factors and keeps its diagonal there.
    ///
    /// # Errors
    /// Returns the errors of [`Self::of_factors`], and [`CurvatureError::Size`] if the factors belong to another
    /// network.
    pub fn rebased(&self, factors: KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        let mut newer = Self::of_factors(factors)?;
        self.check_layers(newer.layers.iter().map(|layer| layer.params.clone()))?;
        for (newer, older) in newer.layers.iter_mut().zip(&self.layers) {
            newer.diagonal = newer.basis.carry(&older.basis, older.diagonal.view())?;
        }
        Ok(newer)
    }

    /// Computes `(s + λ)⁻¹` in the same basis.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if λ is negative or not finite, and [`CurvatureError::NotFinite`] if λ and a
    /// second moment are both zero.
    pub fn inverse(&self, damping: f64) -> Result<EkfacInverse<T>, CurvatureError> {
        non_negative("damping", damping)?;
        let damping = T::from_f64(damping);
        let layers = self.layers.iter().map(|layer| {
            let diagonal = layer.diagonal.mapv(|s| T::one() / (s + damping));
            if let Some(x) = diagonal.iter().find(|x| !x.is_finite()) {
                return Err(CurvatureError::NotFinite { what: "an inverse second moment", found: x.as_f64() });
            }
            Ok(Layer { params: layer.params.clone(), basis: Arc::clone(&layer.basis), diagonal })
        });
        Ok(EkfacInverse(Self { layers: layers.collect::<Result<_, _>>()? }))
    }

    fn moments_of(&self, pairs: &[LayerPairs<T>]) -> Result<Vec<Array2<T>>, CurvatureError> {
        self.check_layers(pairs.iter().map(|layer| layer.params.clone()))?;
        self.layers.par_iter().zip(pairs).map(|(layer, pairs)| second_moments(&layer.basis, pairs)).collect()
    }

    /// Returns [`CurvatureError::Size`] if the parameter ranges of the layers differ.
    fn check_layers(&self, places: impl Iterator<Item = Range<usize>>) -> Result<(), CurvatureError> {
        let found: Vec<usize> = places.map(|params| params.end).collect();
        let expected: Vec<usize> = self.layers.iter().map(|layer| layer.params.end).collect();
        if found == expected {
            return Ok(());
        }
        Err(CurvatureError::Size { what: "a set of layers", found, expected })
    }
}

impl<T: Scalar> LinearOperator<T> for Ekfac<T> {
    fn shape(&self) -> [usize; 2] {
        [self.layers.last().map_or(0, |layer| layer.params.end); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        let mut out = vec![T::zero(); v.len()];
        for Layer { params, basis, diagonal } in &self.layers {
            let inside = basis.enter(parameter_matrix(v, params, basis.dim())?)? * diagonal;
            store(&basis.leave(inside.view())?, params, &mut out);
        }
        Ok(out)
    }
}

impl<T: Scalar> SymmetricOperator<T> for Ekfac<T> {}

/// The damped inverse `(Q_A ⊗ Q_G) diag(1 / (s + λ)) (Q_A ⊗ Q_G)ᵀ`.
#[derive(Clone, Debug)]
pub struct EkfacInverse<T>(Ekfac<T>);

impl<T: Scalar> LinearOperator<T> for EkfacInverse<T> {
    fn shape(&self) -> [usize; 2] {
        self.0.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.0.apply(v)
    }
}

impl<T: Scalar> SymmetricOperator<T> for EkfacInverse<T> {}
