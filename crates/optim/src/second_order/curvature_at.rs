//! The curvature of a second-order step, at one batch.

use super::curvature::{Curvature, FisherKind};
use crate::OptimError;
use minima_autodiff::Scalar;
use minima_autodiff::loss::Draw;
use minima_curvature::{
    BatchCurvature, CurvatureError, Fisher, GgnVariant, HostCurvature, LinearOperator, SymmetricOperator,
};
use minima_rng::Key;

/// The batch on the CPU, or [`OptimError::OnCpuOnly`] for an option that needs it.
pub(super) fn on_host<'s, 'a, T: Scalar>(
    batch: &'s dyn BatchCurvature<'a, T>,
    option: &'static str,
) -> Result<&'s HostCurvature<'a, T>, OptimError> {
    batch.on_host().ok_or(OptimError::OnCpuOnly { option })
}

/// A [`Curvature`] at one batch.
pub(super) enum CurvatureAt<'s, 'a, T: Scalar> {
    GaussNewton(Box<dyn SymmetricOperator<T> + 's>),
    Fisher(Fisher<'s, 'a, T>),
}

impl<'s, 'a, T: Scalar> CurvatureAt<'s, 'a, T> {
    /// The matrix at a batch as an operator, without damping. Drawn labels depend on the step number `step`.
    pub(super) fn new(
        curvature: Curvature,
        batch: &'s dyn BatchCurvature<'a, T>,
        step: u32,
    ) -> Result<Self, OptimError> {
        Ok(match curvature {
            Curvature::GaussNewton(variant) => Self::GaussNewton(batch.gauss_newton(variant)?),
            // The Fisher matrix in closed form is the Gauss-Newton matrix of the mean loss (Martens 2020, section 9.2).
            Curvature::Fisher(FisherKind::Exact) => Self::GaussNewton(batch.gauss_newton(GgnVariant::Mean)?),
            Curvature::Fisher(FisherKind::Empirical) => {
                let host = on_host(batch, "the Fisher matrix of the true labels")?;
                Self::Fisher(Fisher::empirical(&host.objective)?)
            }
            Curvature::Fisher(FisherKind::Sampled { samples, seed }) => {
                let host = on_host(batch, "the Fisher matrix of drawn targets")?;
                Self::Fisher(Fisher::sampled(&host.objective, Key::new(seed).fold_in(step), samples)?)
            }
        })
    }

    /// The targets drawn for a Fisher matrix.
    pub(super) fn drawn(&self) -> Option<&[Vec<Draw>]> {
        match self {
            Self::GaussNewton(_) => None,
            Self::Fisher(fisher) => fisher.drawn(),
        }
    }
}

impl<T: Scalar> LinearOperator<T> for CurvatureAt<'_, '_, T> {
    fn shape(&self) -> [usize; 2] {
        match self {
            Self::GaussNewton(ggn) => ggn.shape(),
            Self::Fisher(fisher) => fisher.shape(),
        }
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        match self {
            Self::GaussNewton(ggn) => ggn.apply(v),
            Self::Fisher(fisher) => fisher.apply(v),
        }
    }
}

impl<T: Scalar> SymmetricOperator<T> for CurvatureAt<'_, '_, T> {}
