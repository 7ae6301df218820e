//! How a second-order step solves its system.

use crate::OptimError;
use crate::range::{AT_LEAST_ONE, BELOW_ONE, check};
use crate::vectors::{inner, scaled};
use minima_autodiff::Scalar;
use minima_curvature::{CgEnd, CgOptions, CurvatureError, Damped, Diagonal, SymmetricOperator, conjugate_gradient};
use serde::{Deserialize, Serialize};

/// How `(C + (λ + δ) I) d = g` is solved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// By one Cholesky factorization in function space, with an equation for each image and class or drawn label.
    Exact,
    /// By conjugate gradients, with one jvp and one vjp an iteration.
    Cg(CgSolver),
}

/// Conjugate gradients in a step (Martens 2010).
///
/// Where a direction of negative curvature comes up, as the published matrix has them, the step takes the iterate that was
/// reached before. If that is the very first direction p, the step goes along it, with `d = p · gᵀp / (|κ| pᵀp)`: as far as if
/// the curvature κ along it had the other sign, or were the damping if that is more. (Nocedal & Wright 2006, algorithm 7.1,
/// with a length.) Where it comes up at once from a warm start, the system is solved anew from zero. [`StepLog`](super::StepLog) says that it happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgSolver {
    /// When it stops.
    pub options: CgOptions,
    /// Where it starts: at the direction of the step before times this, or at zero (Martens 2010, section 4.5, begins at the
    /// last solution; Martens & Sutskever 2012, section 10, let it decay).
    pub warm_start: Option<f64>,
    /// Whether it is preconditioned by `(D + (λ + δ) I)^¾` with the diagonal D of the empirical Fisher (Martens 2010, section
    /// 4.7). D takes the time of about two vjps.
    pub preconditioned: bool,
}

impl CgSolver {
    /// With so many iterations at most, or less where the relative residual reaches the tolerance.
    #[must_use]
    pub fn new(iterations: usize, tolerance: f64) -> Self {
        let options = CgOptions { iterations, tolerance, relative_progress: None };
        Self { options, warm_start: None, preconditioned: false }
    }

    /// From the direction of the step before, times a factor from 0 to below 1.
    #[must_use]
    pub fn with_warm_start(self, decay: f64) -> Self {
        Self { warm_start: Some(decay), ..self }
    }

    /// Preconditioned by the damped diagonal of the empirical Fisher.
    #[must_use]
    pub fn with_preconditioner(self) -> Self {
        Self { preconditioned: true, ..self }
    }

    pub(super) fn check<T: Scalar>(&self) -> Result<(), OptimError> {
        check::<f64>("iterations", self.options.iterations as f64, AT_LEAST_ONE)?;
        check::<T>("warm_start", self.warm_start.unwrap_or(0.0), BELOW_ONE)
    }

    /// The direction, and how it was found. `previous` is the direction before, empty in the first step; `diagonal` is D.
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
            // The direction is the start's residual, which has nothing of the start itself and need not lead down.
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

/// What conjugate gradients did in a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgLog {
    /// Iterations.
    pub iterations: usize,
    /// Why they ended.
    pub ended: CgEnd,
    /// The relative residual after the last, if there was one: that of the direction itself where they ended as
    /// [`CgEnd::Converged`] or [`CgEnd::Stagnation`], of the recurrence otherwise.
    pub residual: Option<f64>,
    /// The curvature, damping included, along a direction where it is not positive, if one came up.
    pub negative_curvature: Option<f64>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::CgSolver;
    use minima_curvature::{CgEnd, SymmetricMatrix};
    use ndarray::array;

    /// What is done with `diag(2, second)`, damping ¼ and g = (0, 3).
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
