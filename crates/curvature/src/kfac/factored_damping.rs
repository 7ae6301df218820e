//! Damping that preserves the Kronecker product.

use super::LayerFactors;
use crate::CurvatureError;
use crate::arguments::non_negative;
use minima_autodiff::Scalar;
use ndarray::ArcArray2;

/// The terms added to the diagonals of a layer's two factors, instead of adding λ to the diagonal of their product:
/// `(A + π√λ I) ⊗ (G + √λ/π I)`, with `π² = (tr A / dim A) / (tr G / dim G)`.
///
/// The product exceeds `A ⊗ G + λI` by `π√λ I ⊗ G + √λ/π A ⊗ I`. This choice of π minimizes the trace norm of the
/// excess (Martens & Grosse 2015, section 6.3). If a factor is zero, π is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FactoredDamping {
    /// `π√λ`, for `A`.
    pub input: f64,
    /// `√λ/π`, for `G`.
    pub output: f64,
}

impl FactoredDamping {
    /// Splits λ between a layer's factors.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if λ is negative or not finite.
    pub fn of<T: Scalar>(layer: &LayerFactors<T>, damping: f64) -> Result<Self, CurvatureError> {
        non_negative("damping", damping)?;
        let mean = |factor: &ArcArray2<T>| {
            let trace: f64 = factor.diag().iter().map(|d| d.as_f64()).sum();
            trace / factor.nrows().max(1) as f64
        };
        let ratio = (mean(&layer.input) / mean(&layer.output)).sqrt();
        let pi = if ratio.is_finite() && ratio > 0.0 { ratio } else { 1.0 };
        Ok(Self { input: pi * damping.sqrt(), output: damping.sqrt() / pi })
    }
}
