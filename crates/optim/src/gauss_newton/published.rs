//! `A = λI + Jᵀ (diag(p) − p pᵀ) J`, with the probabilities `p` of the whole batch in one vector.
//!
//! With `s = √p`, `K₀ = J Jᵀ` and `M = s ∘ K₀ ∘ s`: `A = A₀ − v vᵀ`, `A₀ = λI + Jᵀ diag(p) J`, `v = Jᵀ p`.
//! - `A₀⁻¹ g = Jᵀ (r/B − s ∘ y) / λ` with `(λI + M) y = s ∘ K₀ r/B`
//! - `A₀⁻¹ v = Jᵀ (s ∘ x)` with `(λI + M) x = s`, since `(λI + U Uᵀ)⁻¹ U = U (λI + Uᵀ U)⁻¹`
//! - Sherman–Morrison: `A⁻¹ g = A₀⁻¹ g + A₀⁻¹ v · vᵀA₀⁻¹g / (1 − vᵀA₀⁻¹v)`, where `vᵀA₀⁻¹g = xᵀ(s ∘ K₀ r/B)` and, without
//!   cancellation, `1 − vᵀA₀⁻¹v = 1 − sᵀs + λ sᵀx`. With `sᵀs = B` that is about 1 − B: the matrix is indefinite.

use super::system::solve_damped;
use super::{Linearized, dot};
use crate::OptimError;
use minima_autodiff::softmax_cross_entropy::softmax;
use minima_autodiff::{Scalar, WorkMatrix};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// The cotangent `w` `(images, classes)` of the direction, with everything past the kernel computed in `R`.
pub(super) fn cotangent<T: Scalar, R: Scalar>(at: &Linearized<'_, T>) -> Result<Array2<R>, OptimError> {
    // Rows of the system run over images within a class: transposed against (images, classes).
    let s: Array1<R> = softmax(at.logits::<R>().view()).mapv(R::sqrt).t().iter().copied().collect();
    let residual = at.residual::<R>()?;
    // Row and column c · images + i for logit c of image i.
    let kernel = at.jacobian.kernel_as::<T>()?;
    let along = kernel_times(&kernel, &residual) * &s;

    let order = s.len();
    let mut m = WorkMatrix::take(order, order);
    m.outer_iter_mut().into_par_iter().enumerate().for_each(|(a, mut row)| {
        // The solver reads the lower triangle only.
        for ((m, &k), &s_b) in row.iter_mut().zip(kernel.row(a)).zip(&s).take(a + 1) {
            *m = R::from_f64(k.as_f64()) * s[a] * s_b;
        }
    });
    let mut right = Array2::zeros((order, 2));
    right.column_mut(0).assign(&along);
    right.column_mut(1).assign(&s);
    let solved = solve_damped(m, at.damping, right.view())?;
    let (y, x) = (solved.column(0), solved.column(1));

    let damping = R::from_f64(at.damping);
    let share = x.dot(&along) / (R::one() - s.dot(&s) + damping * s.dot(&x));
    let images = residual.nrows();
    Ok(Array2::from_shape_fn(residual.raw_dim(), |(i, c)| {
        let row = c * images + i;
        (residual[[i, c]] - s[row] * y[row]) / damping + s[row] * x[row] * share
    }))
}

/// `K₀ v` for `v` `(images, classes)`, by rows of the kernel. The right side has to come from the same rounded kernel as the
/// system: its error then cancels where the curvature is small, instead of being divided by λ.
fn kernel_times<T: Scalar, R: Scalar>(kernel: &Array2<T>, v: &Array2<R>) -> Array1<R> {
    let flat: Vec<R> = v.t().iter().copied().collect();
    let rows: Vec<R> =
        (0..flat.len()).into_par_iter().map(|row| dot(kernel.row(row).as_slice().unwrap_or_default(), &flat)).collect();
    rows.into()
}
