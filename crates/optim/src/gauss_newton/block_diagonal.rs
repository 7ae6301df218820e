//! `A = λI + α Σᵢ Jᵢᵀ Hᵢ Jᵢ`, with α = 1/B (`mean`) or 1 (`sum`).
//!
//! Let `Hᵢ = Sᵢ Sᵢᵀ` with C − 1 columns per image, and let `S` be √α times the block diagonal of all `Sᵢ`: then
//! `A = λI + (Jᵀ S)(Jᵀ S)ᵀ`. The residual lies in the range of `S`, `r/B = S c`. By the push-through identity
//! `A⁻¹ Jᵀ S = Jᵀ S (λI + Sᵀ J Jᵀ S)⁻¹`, the direction is `A⁻¹ g = Jᵀ w` with `w = S y` and `(λI + Sᵀ J Jᵀ S) y = c`.
//! The right side does not depend on the rounding of `J`, nothing is divided by λ, and no large numbers are subtracted.

use minima_autodiff::{AutodiffError, FunctionSpace, Scalar};

/// The cotangent `w` of the direction, with all computations after the Gram matrix in `R`.
pub(super) fn cotangent<T: Scalar, R: Scalar, E: FunctionSpace<T, R>>(
    engine: &E,
    at: &E::Point<'_>,
    mean: bool,
    damping: f64,
) -> Result<E::Cotangent, AutodiffError> {
    let factors = engine.factors(at, mean)?;
    let system = engine.damped_gram(at, &factors, damping)?;
    let right = engine.residual_in_factors(at, mean)?;
    let y = engine.solve(system, &[&right])?;
    engine.in_logits(at, &factors, &y)
}
