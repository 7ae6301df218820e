//! How a second-order step solves its system.

use crate::OptimError;
use crate::range::{AT_LEAST_ONE, BELOW_ONE, check};
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
/// with a length.) [`StepLog`](super::StepLog) says that it happened.
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

    pub(super) fn check(&self) -> Result<(), OptimError> {
        check("iterations", self.options.iterations as f64, AT_LEAST_ONE)?;
        check("warm_start", self.warm_start.unwrap_or(0.0), BELOW_ONE)
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
        let solution = conjugate_gradient(&damped, gradient, &self.options, preconditioner, start.as_deref())?;
        let log = CgLog {
            iterations: solution.log.len(),
            ended: solution.ended,
            residual: solution.log.last().map(|last| last.residual),
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
    /// The relative residual after the last, if there was one.
    pub residual: Option<f64>,
    /// The curvature, damping included, along a direction where it is not positive, if one came up.
    pub negative_curvature: Option<f64>,
}

/// `factor · x`.
fn scaled<T: Scalar>(factor: f64, x: &[T]) -> Vec<T> {
    let factor = T::from_f64(factor);
    x.iter().map(|&x| factor * x).collect()
}

/// `aᵀ b` in double precision, first to last.
pub(super) fn inner<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.as_f64() * b.as_f64()).sum()
}
