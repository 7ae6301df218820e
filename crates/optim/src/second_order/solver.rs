//! The solvers of a second-order step's system.

use crate::OptimError;
use crate::range::{AT_LEAST_ONE, BELOW_ONE, check};
use crate::vectors::{inner, scaled};
use minima_autodiff::Scalar;
use minima_curvature::{CgEnd, CgOptions, CurvatureError, Damped, Diagonal, SymmetricOperator, conjugate_gradient};
use serde::{Deserialize, Serialize};

/// The method that solves `(C + (λ + δ) I) d = g`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// One Cholesky factorization in function space, with one equation per image and class or drawn label.
    Exact,
    /// Conjugate gradients, with one jvp and one vjp per iteration.
    Cg(CgSolver),
}

/// Conjugate gradients in a step (Martens 2010).
///
/// If a direction of negative curvature occurs, as it can with the published matrix, the step uses the iterate before
/// it. If it is the first direction p, the step is `d = p · gᵀp / (|κ| pᵀp)`, where κ is the curvature along p, or the
/// damping if that is larger than `|κ|`. (Nocedal & Wright 2006, algorithm 7.1, with a length.) If it occurs
/// immediately after a warm start, the system is solved again from zero. [`StepLog`](super::StepLog) records negative
/// curvature.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgSolver {
    /// The stopping criteria.
    pub options: CgOptions,
    /// The warm start: the previous direction times this factor, or zero if `None` (Martens 2010, section 4.5, starts
    /// at the last solution; Martens & Sutskever 2012, section 10, let it decay).
    pub warm_start: Option<f64>,
    /// Whether the system is preconditioned by `(D + (λ + δ) I)^¾` with the diagonal D of the empirical Fisher (Martens
    /// 2010, section 4.7). Computing D takes about as long as two vjps.
    pub preconditioned: bool,
}

impl CgSolver {
    /// At most this many iterations, or fewer if the relative residual reaches the tolerance.
    #[must_use]
    pub fn new(iterations: usize, tolerance: f64) -> Self {
        let options = CgOptions { iterations, tolerance, relative_progress: None };
        Self { options, warm_start: None, preconditioned: false }
    }

    /// Starts from the previous direction times a factor from 0 to below 1.
    #[must_use]
    pub fn with_warm_start(self, decay: f64) -> Self {
        Self { warm_start: Some(decay), ..self }
    }

    /// Preconditions with the damped diagonal of the empirical Fisher.
    #[must_use]
    pub fn with_preconditioner(self) -> Self {
        Self { preconditioned: true, ..self }
    }

    pub(super) fn check<T: Scalar>(&self) -> Result<(), OptimError> {
        check::<f64>("iterations", self.options.iterations as f64, AT_LEAST_ONE)?;
        check::<T>("warm_start", self.warm_start.unwrap_or(0.0), BELOW_ONE)
    }

    /// Returns the direction and its log. `previous` is the previous direction, empty in the first step; `diagonal` is
    /// D.
    pub(super) fn direction<T: Scalar>(
        &self,
        curvature: &dyn SymmetricOperator<T>,
        damping: f64,
        gradient: &[T],
        previous: &[T],
        diagonal: Option<&Diagonal<T>>,
    ) -> Result<(Vec<T>, CgLog), CurvatureError> {
        let preconditioner = diagonal.map(|d| d.damped_power(damping, -0.75)).transpose()?;
        let preconditioner = preconditioner.as_ref().map(|p| p as &dyn SymmetricOperator<T>);
        let start = self.warm_start.filter(|_| previous.len() == gradient.len()).map(|decay| scaled(decay, previous));
        let damped = Damped::new(curvature, damping);
        let mut solution = conjugate_gradient(&damped, gradient, &self.options, preconditioner, start.as_deref())?;
        if start.is_some() && solution.log.is_empty() && solution.negative_curvature.is_some() {
            // The direction is the start's residual. It does not contain the start itself and need not be a descent
            // direction.
            solution = conjugate_gradient(&damped, gradient, &self.options, preconditioner, None)?;
        }
        let log = CgLog {
            iterations: solution.log.len(),
            ended: solution.ended,
            residual: solution.log.last().map(|_| solution.residual),
            negative_curvature: solution.negative_curvature.as_ref().map(|found| found.curvature),
        };
        let direction = match solution.negative_curvature {
            Some(found) if solution.log.is_empty() => {
                let (along, length) = (inner(gradient, &found.direction), inner(&found.direction, &found.direction));
                scaled(along / (found.curvature.abs().max(damping) * length), &found.direction)
            }
            _ => solution.x,
        };
        Ok((direction, log))
    }
}

/// The log of conjugate gradients in a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgLog {
    /// The number of iterations.
    pub iterations: usize,
    /// The reason for stopping.
    pub ended: CgEnd,
    /// The relative residual after the last iteration, if there was one. It is computed from the direction itself if
    /// `ended` is [`CgEnd::Converged`] or [`CgEnd::Stagnation`], and from the recurrence otherwise.
    pub residual: Option<f64>,
    /// The non-positive curvature along a direction, damping included, if one occurred.
    pub negative_curvature: Option<f64>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::CgSolver;
    use minima_curvature::{CgEnd, SymmetricMatrix};
    use ndarray::array;

    /// The direction for `diag(2, second)`, damping ¼ and g = (0, 3).
    fn direction(solver: CgSolver, second: f64, previous: &[f64]) -> Vec<f64> {
        let matrix = SymmetricMatrix::from_lower(array![[2.0, 0.0], [0.0, second]]).unwrap();
        let (direction, log) = solver.direction(&matrix, 0.25, &[0.0, 3.0], previous, None).unwrap();
        assert_eq!((log.iterations, log.ended, log.residual), (0, CgEnd::NegativeCurvature, None));
        assert!((log.negative_curvature.unwrap() - (second + 0.25)).abs() < 1e-15);
        direction
    }

    #[test]
    fn a_step_goes_along_negative_curvature_as_if_it_were_positive_or_the_damping() {
        let solver = CgSolver::new(10, 1e-6);
        // g over |κ| = |−1 + ¼|.
        assert_eq!(direction(solver, -1.0, &[]), [0.0, 4.0]);
        // |κ| = 0.01 is less than the damping.
        assert_eq!(direction(solver, -0.26, &[]), [0.0, 12.0]);
    }

    #[test]
    fn negative_curvature_at_once_from_a_warm_start_is_that_of_a_cold_one() {
        // From x = (½, 0) the first direction is g − A x = (−1.125, 3), of curvature 2.25 · 1.125² − 0.75 · 3² < 0.
        assert_eq!(direction(CgSolver::new(10, 1e-6).with_warm_start(0.5), -1.0, &[1.0, 0.0]), [0.0, 4.0]);
    }
}
