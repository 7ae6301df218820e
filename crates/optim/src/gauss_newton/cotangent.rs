//! The cotangent `w` of the direction `A⁻¹ g = Jᵀ w`, for each damped matrix `A`.

use minima_autodiff::engine::PublishedColumns;
use minima_autodiff::{AutodiffError, FunctionSpace, Scalar};

/// The cotangent for `A = λI + α Σᵢ Jᵢᵀ Hᵢ Jᵢ`, with α = 1/B (`mean`) or 1 (`sum`). B is the total weight of the labels:
/// the number of images, unless classes have weights.
///
/// Let `Hᵢ = Sᵢ Sᵢᵀ` with the loss's factor, which has C − 1 columns per image for softmax cross-entropy, and let `S` be √α times the block diagonal of all `Sᵢ`: then
/// `A = λI + (Jᵀ S)(Jᵀ S)ᵀ`. The residual lies in the range of `S`, `r/B = S c`. By the push-through identity
/// `A⁻¹ Jᵀ S = Jᵀ S (λI + Sᵀ J Jᵀ S)⁻¹`, the direction is `A⁻¹ g = Jᵀ w` with `w = S y` and `(λI + Sᵀ J Jᵀ S) y = c`.
/// The right side does not depend on the rounding of `J`, nothing is divided by λ, and no large numbers are subtracted.
///
/// All computations after the Gram matrix are in `R`.
pub(super) fn block_diagonal<T: Scalar, R: Scalar, E: FunctionSpace<T, R>>(
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

/// The cotangent for `A = λI + Jᵀ (diag(p) − p pᵀ) J`, with the probabilities `p` of the whole batch in one vector.
///
/// With `s = √p`, `K₀ = J Jᵀ` and `M = s ∘ K₀ ∘ s`: `A = A₀ − v vᵀ`, `A₀ = λI + Jᵀ diag(p) J`, `v = Jᵀ p`.
/// - `A₀⁻¹ g = Jᵀ (r/B − s ∘ y) / λ` with `(λI + M) y = s ∘ K₀ r/B`
/// - `A₀⁻¹ v = Jᵀ (s ∘ x)` with `(λI + M) x = s`, since `(λI + U Uᵀ)⁻¹ U = U (λI + Uᵀ U)⁻¹`
/// - Sherman–Morrison: `A⁻¹ g = A₀⁻¹ g + A₀⁻¹ v · vᵀA₀⁻¹g / (1 − vᵀA₀⁻¹v)`, where `vᵀA₀⁻¹g = xᵀ(s ∘ K₀ r/B)` and, without
///   cancellation, `1 − vᵀA₀⁻¹v = 1 − sᵀs + λ sᵀx`. With `sᵀs = B` that is about 1 − B: the matrix is indefinite.
///
/// All computations after the kernel are in `R`. The right side is computed from the same rounded kernel as the system.
/// Its error therefore cancels in directions of small curvature instead of being divided by λ.
pub(super) fn coupled<T: Scalar, R: Scalar, E: FunctionSpace<T, R>>(
    engine: &E,
    at: &E::Point<'_>,
    damping: f64,
) -> Result<E::Cotangent, AutodiffError> {
    // A loss without probabilities fails before the kernel is computed.
    let (s, residual) = (engine.root_probabilities(at)?, engine.residual(at)?);
    let kernel = engine.kernel(at)?;
    let along = engine.scaled_product(&s, &kernel, &residual)?;
    let system = engine.damped_scaled_kernel(&s, &kernel, damping)?;
    let solved = engine.solve(system, &[&along, &s])?;
    let columns = PublishedColumns { residual: &residual, s: &s, along: &along, solved: &solved };
    engine.published_cotangent(at, columns, damping)
}
