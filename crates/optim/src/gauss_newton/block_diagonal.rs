//! `A = λI + α Σᵢ Jᵢᵀ Hᵢ Jᵢ`, with α = 1/B (`mean`) or 1 (`sum`).
//!
//! With `Hᵢ = Sᵢ Sᵢᵀ` (C − 1 columns an image), `S` all of them on a block diagonal, times √α, and `K₀ = J Jᵀ`:
//! `A = λI + (Jᵀ S)(Jᵀ S)ᵀ`, so `A⁻¹ g = Jᵀ w` with `w = (r/B − S z) / λ` and `(λI + Sᵀ K₀ S) z = Sᵀ K₀ r/B`.

use super::Linearized;
use super::system::solve_damped;
use crate::OptimError;
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::{hessian_factors, softmax};
use ndarray::{Array1, Array2, Array3, Axis, Zip};
use rayon::prelude::*;

/// The cotangent `w` `(images, classes)` of the direction, with everything past the kernel computed in `R`.
pub(super) fn cotangent<T: Scalar, R: Scalar>(at: &Linearized<'_, T>, alpha: f64) -> Result<Array2<R>, OptimError> {
    let mut factors = hessian_factors(softmax(at.logits::<R>().view()).view());
    let root = R::from_f64(alpha.sqrt());
    factors.mapv_inplace(|c| c * root);
    let (count, images, classes) = factors.dim();

    let residual = at.residual::<R>()?;
    let pushed = at.kernel_times(&residual);
    let right = Array1::from_shape_fn(count * images, |row| {
        let (k, i) = (row / images, row % images);
        (0..classes).map(|c| factors[[k, i, c]] * pushed[[i, c]]).sum()
    });
    let z = solve_damped(reduce(&at.kernel, &factors), at.damping, right.insert_axis(Axis(1)).view())?;

    let damping = R::from_f64(at.damping);
    Ok(Array2::from_shape_fn((images, classes), |(i, c)| {
        let taken: R = (0..count).map(|k| factors[[k, i, c]] * z[[k * images + i, 0]]).sum();
        (residual[[i, c]] - taken) / damping
    }))
}

/// `Sᵀ K₀ S`: from a row for each class and image to one for each factor and image.
fn reduce<T: Scalar, R: Scalar>(kernel: &Array2<T>, factors: &Array3<R>) -> Array2<R> {
    let (count, images, classes) = factors.dim();
    // Factors with the images innermost, so that both products run over contiguous rows.
    let by_image = Array3::from_shape_fn((count, classes, images), |(k, c, i)| factors[[k, i, c]]);
    let mut reduced = Array3::zeros((count, images, count * images));
    reduced.axis_iter_mut(Axis(1)).into_par_iter().enumerate().for_each(|(i, mut rows)| {
        let mut right = Array2::<R>::zeros((classes, count * images));
        for (c, mut right) in right.outer_iter_mut().enumerate() {
            let kernel = kernel.row(c * images + i);
            for (l, mut right) in right.exact_chunks_mut(images).into_iter().enumerate() {
                for (d, kernel) in kernel.exact_chunks(images).into_iter().enumerate() {
                    let factor = by_image.index_axis(Axis(0), l);
                    Zip::from(&mut right)
                        .and(kernel)
                        .and(factor.row(d))
                        .for_each(|to, &k, &f| *to += R::from_f64(k.as_f64()) * f);
                }
            }
        }
        for (k, mut row) in rows.outer_iter_mut().enumerate() {
            for (c, right) in right.outer_iter().enumerate() {
                row.scaled_add(factors[[k, i, c]], &right);
            }
        }
    });
    let order = count * images;
    reduced.into_shape_with_order((order, order)).unwrap_or_else(|_| Array2::zeros((order, order)))
}
