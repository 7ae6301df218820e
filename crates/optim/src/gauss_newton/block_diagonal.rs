//! `A = λI + α Σᵢ Jᵢᵀ Hᵢ Jᵢ`, with α = 1/B (`mean`) or 1 (`sum`).
//!
//! With `Hᵢ = Sᵢ Sᵢᵀ` (C − 1 columns an image), `S` all of them on a block diagonal, times √α: `A = λI + (Jᵀ S)(Jᵀ S)ᵀ`. The
//! residual lies in the range of `S`, `r/B = S c`, so by the push-through identity `A⁻¹ Jᵀ S = Jᵀ S (λI + Sᵀ J Jᵀ S)⁻¹`
//! the direction is `A⁻¹ g = Jᵀ w` with `w = S y` and `(λI + Sᵀ J Jᵀ S) y = c`. The right side owes nothing to the rounding
//! of `J`, nothing is divided by λ, and no difference of large numbers is taken.

use super::Linearized;
use super::system::solve_damped;
use crate::OptimError;
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::{hessian_factors, residual_in_factors, softmax};
use ndarray::{Array2, Axis};

/// The cotangent `w` `(images, classes)` of the direction, with everything past the Gram matrix computed in `R`.
pub(super) fn cotangent<T: Scalar, R: Scalar>(at: &Linearized<'_, T>, alpha: f64) -> Result<Array2<R>, OptimError> {
    let p = softmax(at.logits::<R>().view());
    let root = R::from_f64(alpha.sqrt());
    let factors = hessian_factors(p.view()).mapv_into(|c| c * root);
    let (count, images, classes) = factors.dim();
    let gram = at.jacobian.gram_as(factors.mapv(|c| T::from_f64(c.as_f64())).view())?;

    let share = R::one() / (root * R::from_f64(images as f64));
    let right = residual_in_factors(p.view(), &at.labels)?.mapv_into(|c| c * share).into_flat();
    let y = solve_damped(gram, at.damping, right.insert_axis(Axis(1)).view())?;

    Ok(Array2::from_shape_fn((images, classes), |(i, c)| {
        (0..count).map(|k| factors[[k, i, c]] * y[[k * images + i, 0]]).sum()
    }))
}
