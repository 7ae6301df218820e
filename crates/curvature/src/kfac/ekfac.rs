//! EKFAC: K-FAC's eigenvectors with exact second moments along them (George et al. 2018).

use super::cover::{Place, check_cover};
use super::diagonal_block::check_same;
use super::eigenbasis::Eigenbasis;
use super::layer_statistics::{LayerStatistics, PlacedBasis, SecondMoments};
use super::parameter_matrix::{parameter_matrix, store};
use super::{DiagonalBlock, Kfac, KroneckerFactors, LayerGradients, WeightSharing};
use crate::arguments::non_negative;
use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::{Linearization, Scalar};
use ndarray::{ArcArray2, Array2, ArrayView3};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// `(Q_A ⊗ Q_G) diag(s) (Q_A ⊗ Q_G)ᵀ`, layer by layer. `Q_A` and `Q_G` are the eigenvectors of K-FAC's factors, and `s`
/// holds the second moments of per-image gradients along them. For scales, shifts and embeddings it is K-FAC's diagonal,
/// which already holds these moments.
///
/// Among all diagonals, this `s` is closest to the layer's Fisher block in the Frobenius norm. The diagonal of K-FAC
/// consists of the products of its factors' eigenvalues. [`WeightSharing`] chooses the eigenvectors; the moments are
/// exact for both of its values.
#[derive(Clone, Debug)]
pub struct Ekfac<T> {
    layers: Vec<Layer<T>>,
    diagonals: Vec<DiagonalBlock<T>>,
}

/// The data of one layer of an [`Ekfac`].
#[derive(Clone, Debug, PartialEq)]
pub struct EkfacLayer<T> {
    /// The range of the layer's parameters in the flat parameter vector.
    pub params: Range<usize>,
    /// The columns of the layer's matrix: all, unless a convolution has groups.
    pub columns: Range<usize>,
    /// The eigenvectors of `A`, as columns, `(bias + fan_in)²`.
    pub input: ArcArray2<T>,
    /// The eigenvectors of `G`, as columns, `outputs²`.
    pub output: ArcArray2<T>,
    /// The second moments along the eigenvectors, `(bias + fan_in, outputs)`.
    pub moments: Array2<T>,
}

/// One layer: a matrix that is diagonal in its basis.
#[derive(Clone, Debug)]
struct Layer<T> {
    params: Range<usize>,
    columns: Range<usize>,
    basis: Arc<Eigenbasis<T>>,
    diagonal: Array2<T>,
}

impl<T: Scalar> Ekfac<T> {
    /// Estimates EKFAC at a linearization, from cotangents as for [`KroneckerFactors::estimate`].
    ///
    /// # Errors
    /// Returns the errors of [`KroneckerFactors::estimate`], and [`CurvatureError::Linalg`] if an eigenvalue problem cannot
    /// be solved.
    pub fn estimate(
        at: &Linearization<'_, T>,
        cotangents: ArrayView3<'_, T>,
        sharing: WeightSharing,
    ) -> Result<Self, CurvatureError> {
        let mut ekfac = Self::of_factors(&KroneckerFactors::estimate(at, cotangents, sharing)?)?;
        ekfac.layers.iter_mut().for_each(|layer| layer.diagonal.fill(T::zero()));
        for w in cotangents.outer_iter() {
            // The diagonal blocks are the factors' own.
            let gradients = LayerGradients::with_diagonals(at, w, ekfac.diagonals.clone());
            let moments = ekfac.moments_of(&gradients)?.layers;
            ekfac.layers.iter_mut().zip(moments).for_each(|(layer, moments)| layer.diagonal += &moments);
        }
        Ok(ekfac)
    }

    /// K-FAC itself in its eigenbasis, before any second moment is observed.
    ///
    /// # Errors
    /// Returns the errors of [`Kfac::new`], and [`CurvatureError::Linalg`] if an eigenvalue problem cannot be solved.
    pub fn of_factors(factors: &KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        Kfac::check(factors)?;
        let layers = factors.layers.par_iter().map(|factors| {
            let (basis, diagonal) = Eigenbasis::of(factors)?;
            let (params, columns) = (factors.params.clone(), factors.columns.clone());
            Ok(Layer { params, columns, basis: Arc::new(basis), diagonal })
        });
        let layers = layers.collect::<Result<_, CurvatureError>>()?;
        Ok(Self { layers, diagonals: factors.diagonals.clone() })
    }

    /// Creates the matrix from the results of [`layers`](Self::layers) and [`diagonals`](Self::diagonals).
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if a basis is not square, if the shape of a layer's moments does not fit its
    /// bases, or if the blocks do not cover the parameters.
    pub fn of_blocks(layers: Vec<EkfacLayer<T>>, diagonals: Vec<DiagonalBlock<T>>) -> Result<Self, CurvatureError> {
        let layers = layers.into_iter().map(|EkfacLayer { params, columns, input, output, moments }| {
            let (rows, outputs) = moments.dim();
            for (basis, order) in [(&input, rows), (&output, outputs)] {
                if basis.dim() != (order, order) {
                    let (found, expected) = (basis.shape().to_vec(), vec![order, order]);
                    return Err(CurvatureError::Size { what: "a basis", found, expected });
                }
            }
            Ok(Layer { params, columns, basis: Arc::new(Eigenbasis { input, output }), diagonal: moments })
        });
        let layers = layers.collect::<Result<Vec<_>, CurvatureError>>()?;
        let places = layers.iter().map(|layer| Place {
            params: layer.params.clone(),
            columns: layer.columns.clone(),
            dim: layer.diagonal.dim(),
        });
        check_cover(places, &diagonals)?;
        Ok(Self { layers, diagonals })
    }

    /// The data of each layer.
    #[must_use]
    pub fn layers(&self) -> Vec<EkfacLayer<T>> {
        let layers = self.layers.iter().map(|Layer { params, columns, basis, diagonal }| EkfacLayer {
            params: params.clone(),
            columns: columns.clone(),
            input: basis.input.clone(),
            output: basis.output.clone(),
            moments: diagonal.clone(),
        });
        layers.collect()
    }

    /// The diagonal blocks of scales, shifts and embeddings.
    #[must_use]
    pub fn diagonals(&self) -> &[DiagonalBlock<T>] {
        &self.diagonals
    }

    /// `s ← (1 − weight) · s + weight · s(gradients)`, with the second moments of one batch with one cotangent per
    /// image.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the gradients do not fit.
    pub fn observe(&mut self, gradients: &dyn LayerStatistics<T>, weight: f64) -> Result<(), CurvatureError> {
        let SecondMoments { layers: moments, diagonals } = self.moments_of(gradients)?;
        let (old, new) = (T::from_f64(1.0 - weight), T::from_f64(weight));
        for (layer, moments) in self.layers.iter_mut().zip(moments) {
            layer.diagonal.zip_mut_with(&moments, |s, &m| *s = old * *s + new * m);
        }
        self.diagonals.iter_mut().zip(&diagonals).for_each(|(block, newer)| block.mix(old, newer, new));
        Ok(())
    }

    /// Transfers the matrix to the eigenbasis of newer factors and keeps its diagonal there.
    ///
    /// # Errors
    /// Returns the errors of [`Self::of_factors`], and [`CurvatureError::Size`] if the factors belong to another
    /// network.
    pub fn rebased(&self, factors: &KroneckerFactors<T>) -> Result<Self, CurvatureError> {
        let mut newer = Self::of_factors(factors)?;
        check_layers(newer.layers.iter().map(|layer| [layer.params.end, layer.columns.end]), &self.layers)?;
        check_same(&newer.diagonals, &self.diagonals)?;
        for (newer, older) in newer.layers.iter_mut().zip(&self.layers) {
            newer.diagonal = newer.basis.carry(&older.basis, older.diagonal.view())?;
        }
        newer.diagonals.clone_from(&self.diagonals);
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
            let (params, columns) = (layer.params.clone(), layer.columns.clone());
            Ok(Layer { params, columns, basis: Arc::clone(&layer.basis), diagonal })
        });
        let layers = layers.collect::<Result<_, _>>()?;
        let diagonals = self.diagonals.iter().map(|block| block.inverse(damping)).collect::<Result<_, _>>()?;
        Ok(EkfacInverse(Self { layers, diagonals }))
    }

    fn moments_of(&self, gradients: &dyn LayerStatistics<T>) -> Result<SecondMoments<T>, CurvatureError> {
        let bases =
            self.layers.iter().map(|Layer { params, columns, basis, .. }| PlacedBasis { params, columns, basis });
        let moments = gradients.second_moments(&bases.collect::<Vec<_>>())?;
        check_same(&moments.diagonals, &self.diagonals)?;
        Ok(moments)
    }
}

/// Returns [`CurvatureError::Size`] if the ends of the layers' parameters and columns differ.
fn check_layers<T>(places: impl Iterator<Item = [usize; 2]>, layers: &[Layer<T>]) -> Result<(), CurvatureError> {
    let found: Vec<usize> = places.flatten().collect();
    let expected: Vec<usize> = layers.iter().flat_map(|layer| [layer.params.end, layer.columns.end]).collect();
    if found == expected {
        return Ok(());
    }
    Err(CurvatureError::Size { what: "a set of layers", found, expected })
}

impl<T: Scalar> LinearOperator<T> for Ekfac<T> {
    fn shape(&self) -> [usize; 2] {
        let of_layers = self.layers.last().map_or(0, |layer| layer.params.end);
        [self.diagonals.last().map_or(0, |block| block.params.end).max(of_layers); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        let mut out = vec![T::zero(); v.len()];
        for Layer { params, columns, basis, diagonal } in &self.layers {
            let inside = basis.enter(parameter_matrix(v, params, columns, diagonal.nrows())?)? * diagonal;
            store(&basis.leave(inside.view())?, params, columns, &mut out)?;
        }
        self.diagonals.iter().for_each(|block| block.apply(v, &mut out));
        Ok(out)
    }
}

impl<T: Scalar> SymmetricOperator<T> for Ekfac<T> {}

/// The damped inverse `(Q_A ⊗ Q_G) diag(1 / (s + λ)) (Q_A ⊗ Q_G)ᵀ`, and `1 / (d + λ)` for a diagonal block d.
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
