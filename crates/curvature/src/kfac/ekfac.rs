//! EKFAC: K-FAC's eigenvectors with the right second moments along them (George et al. 2018).

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

/// `(Q_A ⊗ Q_G) diag(s) (Q_A ⊗ Q_G)ᵀ`, layer by layer: `Q_A` and `Q_G` are the eigenvectors of K-FAC's factors, and `s` the
/// second moments of single images' gradients along them.
///
/// Of all diagonals this `s` comes closest to the layer's Fisher block in the Frobenius norm; K-FAC's own is the products of its
/// factors' eigenvalues.
#[derive(Clone, Debug)]
pub struct Ekfac<T> {
    layers: Vec<Layer<T>>,
}

/// What an [`Ekfac`] knows of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct EkfacLayer<T> {
    /// The layer's place in the flat parameter vector.
    pub params: Range<usize>,
    /// The eigenvectors of `A`, as columns, `(1 + fan_in)²`.
    pub input: Array2<T>,
    /// The eigenvectors of `G`, as columns, `outputs²`.
    pub output: Array2<T>,
    /// The second moments along them, `(1 + fan_in, outputs)`.
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
    /// At a linearization, from cotangents as those of [`KroneckerFactors::estimate`].
    ///
    /// # Errors
    /// When the cotangents do not fit, or an eigenvalue problem cannot be solved.
    pub fn estimate(at: &Linearization<'_, T>, cotangents: ArrayView3<'_, T>) -> Result<Self, CurvatureError> {
        let mut ekfac = Self::of_factors(KroneckerFactors::estimate(at, cotangents)?)?;
        ekfac.layers.iter_mut().for_each(|layer| layer.diagonal.fill(T::zero()));
        for w in cotangents.outer_iter() {
            let moments = ekfac.moments_of(&at.layer_pairs(w)?)?;
            ekfac.layers.iter_mut().zip(moments).for_each(|(layer, moments)| layer.diagonal += &moments);
        }
        Ok(ekfac)
    }

    /// K-FAC itself in its eigenbasis, before any second moment is known.
    ///
    /// # Errors
    /// As [`Kfac::new`], or when an eigenvalue problem cannot be solved.
    pub fn of_factors(factors: KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        let kfac = Kfac::new(factors)?;
        let layers = kfac.factors().layers.par_iter().map(|factors| {
            let (basis, diagonal) = Eigenbasis::of(factors)?;
            Ok(Layer { params: factors.params.clone(), basis: Arc::new(basis), diagonal })
        });
        Ok(Self { layers: layers.collect::<Result<_, CurvatureError>>()? })
    }

    /// Of what [`layers`](Self::layers) gives.
    ///
    /// # Errors
    /// When a basis is not square, a layer's moments have another shape than its bases say, or its parameters lie elsewhere.
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
                return Err(CurvatureError::Size { what: "the place of a layer's parameters", found, expected });
            }
            end = place.end;
            Ok(Layer { params, basis: Arc::new(Eigenbasis { input, output }), diagonal: moments })
        });
        Ok(Self { layers: layers.collect::<Result<_, CurvatureError>>()? })
    }

    /// What is known of each layer.
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

    /// `s ← (1 − weight) · s + weight · s(pairs)`, with the second moments of one batch's layers, one cotangent an image.
    ///
    /// # Errors
    /// When the layers are others.
    pub fn observe(&mut self, pairs: &[LayerPairs<T>], weight: f64) -> Result<(), CurvatureError> {
        let moments = self.moments_of(pairs)?;
        let (old, new) = (T::from_f64(1.0 - weight), T::from_f64(weight));
        for (layer, moments) in self.layers.iter_mut().zip(moments) {
            layer.diagonal.zip_mut_with(&moments, |s, &m| *s = old * *s + new * m);
        }
        Ok(())
    }

    /// The same matrix, as far as it is diagonal in the eigenbasis of newer factors.
    ///
    /// # Errors
    /// As [`Self::of_factors`], or when the factors are of another network.
    pub fn rebased(&self, factors: KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        let mut newer = Self::of_factors(factors)?;
        self.check_layers(newer.layers.iter().map(|layer| layer.params.clone()))?;
        for (newer, older) in newer.layers.iter_mut().zip(&self.layers) {
            newer.diagonal = newer.basis.carry(&older.basis, older.diagonal.view())?;
        }
        Ok(newer)
    }

    /// `(s + λ)⁻¹` in the same basis.
    ///
    /// # Errors
    /// When λ is negative or not finite, or zero where a second moment is.
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

    /// Fails where layers lie at other places.
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

/// `(Q_A ⊗ Q_G) diag(1 / (s + λ)) (Q_A ⊗ Q_G)ᵀ`.
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
