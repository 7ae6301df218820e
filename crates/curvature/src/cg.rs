//! Preconditioned conjugate gradients.

use crate::arguments::{finite, non_negative};
use crate::vectors::{add_scaled, dot, norm, scale_and_add};
use crate::{CurvatureError, SymmetricOperator};
use minima_autodiff::Scalar;
use serde::{Deserialize, Serialize};

/// When [`conjugate_gradient`] stops.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgOptions {
    /// Iterations at most; each takes one product with the matrix.
    pub iterations: usize,
    /// The relative residual `‖b − A x‖ / ‖b‖` that is small enough.
    pub tolerance: f64,
    /// ε of Martens's rule, if it is to be looked at: with `k = max(10, i/10)`, iteration i is the last when the
    /// quadratic model is negative and its last k iterations lowered it by less than `k ε` of its value (Martens 2010,
    /// section 4.4).
    pub relative_progress: Option<f64>,
}

impl Default for CgOptions {
    /// 100 iterations, a relative residual of 1e-5, no other rule.
    fn default() -> Self {
        Self { iterations: 100, tolerance: 1e-5, relative_progress: None }
    }
}

/// Where an iteration of [`conjugate_gradient`] arrived.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgIteration {
    /// `‖b − A x‖ / ‖b‖`, as the recurrence has it.
    pub residual: f64,
    /// The quadratic model `½ xᵀ A x − bᵀ x`; it falls from iteration to iteration.
    pub model: f64,
}

/// Why [`conjugate_gradient`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CgEnd {
    /// The residual, computed anew from x, is within the tolerance.
    Converged,
    /// The iterations are used up.
    Iterations,
    /// The model hardly falls any more: [`CgOptions::relative_progress`].
    Progress,
    /// A direction without positive curvature came up: [`CgSolution::negative_curvature`].
    NegativeCurvature,
    /// Rounding keeps the residual above the tolerance.
    Stagnation,
}

/// A direction p along which the quadratic model has no minimum, as far as the precision of the products tells.
///
/// With products that are rounded, nothing distinguishes a positive curvature below some `ε ‖A‖ √n` from a negative one, where ε is
/// the precision of the vectors. In single precision a positive definite matrix with a condition number above 10⁷ often ends conjugate gradients here.
#[derive(Clone, Debug, PartialEq)]
pub struct NegativeCurvature<T> {
    /// p, of any length. For exact products the model does not rise along it: `bᵀ p ≥ (A x)ᵀ p`. With rounding, `(A x)ᵀ p` exceeds
    /// `bᵀ p` by no more than p's length times what rounding leaves of the residual, which is of the order of `n ε (‖A‖ ‖x‖ + ‖b‖)`.
    pub direction: Vec<T>,
    /// `pᵀ A p / pᵀ p` of the rounded product, zero or less. The exact quotient is within `ε ‖A‖ √n / 4` of it, for a product with a
    /// dense matrix.
    pub curvature: f64,
}

/// What [`conjugate_gradient`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct CgSolution<T> {
    /// The last iterate: of those seen, the one with the lowest model.
    pub x: Vec<T>,
    /// `‖b − A x‖ / ‖b‖`, zero for `b = 0`: of x itself where [`ended`](Self::ended) is [`CgEnd::Converged`] or
    /// [`CgEnd::Stagnation`], of the recurrence otherwise.
    pub residual: f64,
    /// One entry an iteration.
    pub log: Vec<CgIteration>,
    /// Why it stopped.
    pub ended: CgEnd,
    /// Where [`ended`](Self::ended) is [`CgEnd::NegativeCurvature`], the direction. In the first iteration without a
    /// start, x is zero, and the direction is b itself, or the preconditioner's image of it.
    pub negative_curvature: Option<NegativeCurvature<T>>,
}

/// Solves `A x = b` for a symmetric positive definite A by preconditioned conjugate gradients (Hestenes & Stiefel 1952;
/// Saad, Iterative Methods for Sparse Linear Systems, 2003, algorithm 9.1).
///
/// `preconditioner` multiplies by an approximate inverse of A, itself positive definite. `start` is where x begins,
/// zero otherwise. Vectors are in `T`, sums in `f64`.
///
/// The residual follows a recurrence, which costs no product, and drifts from `b − A x` by rounding. Therefore one more
/// product is spent where the recurrence says that it is small enough: [`CgEnd::Converged`] is about x itself. Where x
/// falls short, the iteration goes on from its true residual, and ends as [`CgEnd::Stagnation`] when that no longer
/// halves.
///
/// # Errors
/// When A is not square, a vector or the preconditioner does not fit, an option makes no sense, a product fails or
/// gives something that is not finite, or the preconditioner is not positive definite.
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
    // The true residual where the recurrence last took it up.
    let mut renewed = f64::INFINITY;
    let (ended, negative_curvature) = loop {
        let mut relative = at.relative_residual(size)?;
        // Below rounding the recurrence says nothing about x any more.
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

/// Whether the model fell too little over the last iterations, as [`CgOptions::relative_progress`] has it.
fn stalled(log: &[CgIteration], epsilon: f64) -> bool {
    let window = (log.len() / 10).max(10);
    let (Some(last), Some(before)) = (log.last(), log.iter().rev().nth(window)) else {
        return false;
    };
    last.model < 0.0 && (last.model - before.model) / last.model < window as f64 * epsilon
}
