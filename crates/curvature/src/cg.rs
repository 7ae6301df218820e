//! Preconditioned conjugate gradients.

use crate::arguments::{finite, non_negative};
use crate::vectors::{add_scaled, dot, norm, scale_and_add};
use crate::{CurvatureError, SymmetricOperator};
use minima_autodiff::Scalar;
use serde::{Deserialize, Serialize};

/// The stopping criteria of [`conjugate_gradient`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgOptions {
    /// The largest number of iterations; each takes one product with the matrix.
    pub iterations: usize,
    /// The relative residual `‖b − A x‖ / ‖b‖` at which the iteration stops.
    pub tolerance: f64,
    /// The constant ε of Martens's rule; `None` disables the rule. With `k = max(10, i/10)`, iteration i is the last if
    /// the quadratic model is negative and its last k iterations lowered it by less than `k ε` of its value (Martens
    /// 2010, section 4.4).
    pub relative_progress: Option<f64>,
}

impl Default for CgOptions {
    /// 100 iterations, a relative residual of 1e-5, and no rule of relative progress.
    fn default() -> Self {
        Self { iterations: 100, tolerance: 1e-5, relative_progress: None }
    }
}

/// The state after an iteration of [`conjugate_gradient`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgIteration {
    /// `‖b − A x‖ / ‖b‖`, computed from the recurrence.
    pub residual: f64,
    /// The quadratic model `½ xᵀ A x − bᵀ x`; it decreases in every iteration.
    pub model: f64,
}

/// The reason why [`conjugate_gradient`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CgEnd {
    /// The residual, recomputed from x, is within the tolerance.
    Converged,
    /// The largest number of iterations was reached.
    Iterations,
    /// The model hardly decreases any more: [`CgOptions::relative_progress`].
    Progress,
    /// A direction without positive curvature occurred: [`CgSolution::negative_curvature`].
    NegativeCurvature,
    /// Rounding keeps the residual above the tolerance.
    Stagnation,
}

/// A direction p along which the quadratic model has no minimum, up to the precision of the products.
///
/// With rounded products, a positive curvature below about `ε ‖A‖ √n` cannot be distinguished from a negative one; ε is
/// the precision of the vectors. In single precision, conjugate gradients often stop here for a positive definite
/// matrix with a condition number above 10⁷.
#[derive(Clone, Debug, PartialEq)]
pub struct NegativeCurvature<T> {
    /// The direction p, of any length. For exact products the model does not increase along it: `bᵀ p ≥ (A x)ᵀ p`. With
    /// rounding, `(A x)ᵀ p` exceeds `bᵀ p` by at most p's length times the rounding of the residual, which is of the
    /// order of `n ε (‖A‖ ‖x‖ + ‖b‖)`.
    pub direction: Vec<T>,
    /// `pᵀ A p / pᵀ p` of the rounded product, zero or less. For a product with a dense matrix, the exact quotient
    /// differs from it by at most `ε ‖A‖ √n / 4`.
    pub curvature: f64,
}

/// The result of [`conjugate_gradient`].
#[derive(Clone, Debug, PartialEq)]
pub struct CgSolution<T> {
    /// The last iterate, which has the lowest model of all iterates.
    pub x: Vec<T>,
    /// `‖b − A x‖ / ‖b‖`, zero for `b = 0`. It is computed from x itself if [`ended`](Self::ended) is
    /// [`CgEnd::Converged`] or [`CgEnd::Stagnation`], and from the recurrence otherwise.
    pub residual: f64,
    /// One entry per iteration.
    pub log: Vec<CgIteration>,
    /// The reason for stopping.
    pub ended: CgEnd,
    /// The direction, if [`ended`](Self::ended) is [`CgEnd::NegativeCurvature`]. In the first iteration without a
    /// start, x is zero and the direction is b itself, or the preconditioner times b.
    pub negative_curvature: Option<NegativeCurvature<T>>,
}

/// Solves `A x = b` for a symmetric positive definite A by preconditioned conjugate gradients (Hestenes & Stiefel 1952;
/// Saad, Iterative Methods for Sparse Linear Systems, 2003, algorithm 9.1).
///
/// `preconditioner` multiplies by an approximate inverse of A, itself positive definite. `start` is the initial x;
/// without it x starts at zero. Vectors are in `T`, sums in `f64`.
///
/// The residual follows a recurrence, which costs no product but drifts from `b − A x` by rounding. One more product is
/// therefore computed if the recurrence reaches the tolerance: [`CgEnd::Converged`] is a statement about x itself. If x
/// is not within the tolerance, the iteration continues from its true residual. It stops with [`CgEnd::Stagnation`] if
/// the true residual is no longer halved.
///
/// # Errors
/// Returns [`CurvatureError::Size`] if A is not square or if a vector or the preconditioner does not fit,
/// [`CurvatureError::Option`] if an option is invalid, [`CurvatureError::NotFinite`] if a product is not finite,
/// [`CurvatureError::NotPositiveDefinite`] if the preconditioner is not positive definite, and the errors of the
/// products.
pub fn conjugate_gradient<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    b: &[T],
    options: &CgOptions,
    preconditioner: Option<&dyn SymmetricOperator<T>>,
    start: Option<&[T]>,
) -> Result<CgSolution<T>, CurvatureError> {
    non_negative("tolerance", options.tolerance)?;
    non_negative("relative_progress", options.relative_progress.unwrap_or(0.0))?;
    let order = b.len();
    for (what, found) in [("the matrix", Some(a)), ("the preconditioner", preconditioner)] {
        if let Some(found) = found.map(|o| o.shape()).filter(|s| *s != [order, order]) {
            return Err(CurvatureError::Size { what, found: found.to_vec(), expected: vec![order, order] });
        }
    }
    start.map_or(Ok(()), |start| a.check(start))?;
    let size = finite("the norm of the right side", norm(b))?;
    let mut at = match start.filter(|_| size > 0.0) {
        Some(start) => Iterate::at(a, b, start)?,
        None => Iterate { x: vec![T::zero(); order], residual: b.to_vec(), model: 0.0 },
    };
    let mut log = Vec::new();
    let mut search: Option<(Vec<T>, f64)> = None;
    // The true residual when the recurrence was last restarted from it.
    let mut renewed = f64::INFINITY;
    let (ended, negative_curvature) = loop {
        let mut relative = at.relative_residual(size)?;
        // Below rounding, the recurrence no longer represents the residual of x.
        if relative <= options.tolerance.max(T::epsilon().as_f64()) {
            if log.is_empty() && relative <= options.tolerance {
                break (CgEnd::Converged, None);
            }
            at.residual = residual(a, b, &at.x)?;
            relative = at.relative_residual(size)?;
            if relative <= options.tolerance {
                break (CgEnd::Converged, None);
            }
            if relative > 0.5 * renewed {
                break (CgEnd::Stagnation, None);
            }
            (renewed, search) = (relative, None);
        }
        if log.len() >= options.iterations {
            break (CgEnd::Iterations, None);
        }
        if options.relative_progress.is_some_and(|epsilon| stalled(&log, epsilon)) {
            break (CgEnd::Progress, None);
        }
        let image = preconditioner.map(|m| m.apply(&at.residual)).transpose()?;
        let image = image.as_deref().unwrap_or(&at.residual);
        let product = dot(&at.residual, image);
        if !(product > 0.0 && product.is_finite()) {
            return Err(CurvatureError::NotPositiveDefinite { what: "the preconditioner", found: product });
        }
        let direction = match search.take() {
            Some((mut direction, before)) => {
                scale_and_add(product / before, &mut direction, image);
                direction
            }
            None => image.to_vec(),
        };
        let along = a.apply(&direction)?;
        let curvature = finite("the curvature along a direction", dot(&direction, &along))?;
        if curvature <= 0.0 {
            let curvature = curvature / dot(&direction, &direction);
            break (CgEnd::NegativeCurvature, Some(NegativeCurvature { direction, curvature }));
        }
        let step = product / curvature;
        add_scaled(step, &direction, &mut at.x);
        add_scaled(-step, &along, &mut at.residual);
        at.model -= 0.5 * step * product;
        log.push(CgIteration { residual: at.relative_residual(size)?, model: at.model });
        search = Some((direction, product));
    };
    Ok(CgSolution { residual: at.relative_residual(size)?, x: at.x, log, ended, negative_curvature })
}

/// A point, its residual `b − A x` and its model.
struct Iterate<T> {
    x: Vec<T>,
    residual: Vec<T>,
    model: f64,
}

impl<T: Scalar> Iterate<T> {
    fn at(a: &dyn SymmetricOperator<T>, b: &[T], x: &[T]) -> Result<Self, CurvatureError> {
        let residual = residual(a, b, x)?;
        // ½ xᵀ A x − bᵀ x with A x = b − r.
        let model = -0.5 * (dot(x, b) + dot(x, &residual));
        Ok(Self { x: x.to_vec(), residual, model })
    }

    fn relative_residual(&self, size: f64) -> Result<f64, CurvatureError> {
        let residual = finite("the norm of a residual", norm(&self.residual))?;
        Ok(if residual > 0.0 { residual / size } else { 0.0 })
    }
}

fn residual<T: Scalar>(a: &dyn SymmetricOperator<T>, b: &[T], x: &[T]) -> Result<Vec<T>, CurvatureError> {
    let mut residual = a.apply(x)?;
    scale_and_add(-1.0, &mut residual, b);
    Ok(residual)
}

/// Whether the model decreased too little over the last iterations, by the rule of [`CgOptions::relative_progress`].
fn stalled(log: &[CgIteration], epsilon: f64) -> bool {
    let window = (log.len() / 10).max(10);
    let (Some(last), Some(before)) = (log.last(), log.iter().rev().nth(window)) else {
        return false;
    };
    last.model < 0.0 && (last.model - before.model) / last.model < window as f64 * epsilon
}
