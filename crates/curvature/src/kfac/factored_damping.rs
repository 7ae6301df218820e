//! Damping that keeps a Kronecker product one.

use super::LayerFactors;
use crate::CurvatureError;
use crate::arguments::non_negative;
use minima_autodiff::Scalar;
use ndarray::Array2;

/// What is added to the diagonals of a layer's two factors, instead of λ to that of their product:
/// `(A + π√λ I) ⊗ (G + √λ/π I)`, with `π² = (tr A / dim A) / (tr G / dim G)`.
///
/// The product exceeds `A ⊗ G + λI` by `π√λ I ⊗ G + √λ/π A ⊗ I`, whose trace norm this π makes least (Martens & Grosse 2015,
/// section 6.3). Where a factor is zero, π is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FactoredDamping {
    /// `π√λ`, for `A`.
    pub input: f64,
    /// `√λ/π`, for `G`.
    pub output: f64,
}

impl FactoredDamping {
    /// Divides λ between a layer's factors.
    ///
    /// # Errors
    /// When λ is negative or not finite.
    pub fn of<T: Scalar>(layer: &LayerFactors<T>, damping: f64) -> Result<Self, CurvatureError> {
        non_negative("damping", damping)?;
        let mean = |factor: &Array2<T>| {
            let trace: f64 = factor.diag().iter().map(|d| d.as_f64()).sum();
            trace / factor.nrows().max(1) as f64
        };
        let ratio = (mean(&layer.input) / mean(&layer.output)).sqrt();
        let pi = if ratio.is_finite() && ratio > 0.0 { ratio } else { 1.0 };
        Ok(Self { input: pi * damping.sqrt(), output: damping.sqrt() / pi })
    }
}
