//! The curvature that a second-order step inverts.

use crate::OptimError;
use minima_autodiff::Scalar;
use minima_autodiff::loss::Draw;
use minima_curvature::{
    BatchCurvature, CurvatureError, Fisher, GgnVariant, HostCurvature, LinearOperator, SymmetricOperator,
};
use minima_rng::Key;
use serde::{Deserialize, Serialize};

/// The matrix of a second-order step, before damping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curvature {
    /// A Gauss-Newton matrix.
    GaussNewton(GgnVariant),
    /// A Fisher information matrix: steps follow the natural gradient (Amari 1998).
    Fisher(FisherKind),
}

/// How the expectation over targets in the Fisher information matrix is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FisherKind {
    /// In closed form: the GGN of the mean loss (Martens 2020).
    Exact,
    /// From targets drawn from the model, newly drawn in every step.
    Sampled {
        /// The number of targets per image.
        samples: usize,
        /// The seed of the targets.
        seed: u64,
    },
    /// From the true labels. This is not the Fisher information, although it is often called so (Kunstner et al. 2019).
    Empirical,
}

impl Curvature {
    /// Whether the matrix is a curvature of the mean loss, exactly or in expectation, so that its quadratic form
    /// predicts changes of the loss.
    pub(super) fn models_the_loss(self) -> bool {
        match self {
            Self::GaussNewton(variant) => variant == GgnVariant::Mean,
            Self::Fisher(kind) => kind != FisherKind::Empirical,
        }
    }

    /// The matrix at a batch as an operator, without damping. Drawn labels depend on the step number `step`.
    pub(super) fn at<'s, 'a, T: Scalar>(
        self,
        batch: &'s dyn BatchCurvature<'a, T>,
        step: u32,
    ) -> Result<CurvatureAt<'s, 'a, T>, OptimError> {
        Ok(match self {
            Self::GaussNewton(variant) => CurvatureAt::GaussNewton(batch.gauss_newton(variant)?),
            // The Fisher matrix in closed form is the Gauss-Newton matrix of the mean loss (Martens 2020, section 9.2).
            Self::Fisher(FisherKind::Exact) => CurvatureAt::GaussNewton(batch.gauss_newton(GgnVariant::Mean)?),
            Self::Fisher(FisherKind::Empirical) => {
                let host = on_host(batch, "the Fisher matrix of the true labels")?;
                CurvatureAt::Fisher(Fisher::empirical(&host.objective)?)
            }
            Self::Fisher(FisherKind::Sampled { samples, seed }) => {
                let host = on_host(batch, "the Fisher matrix of drawn targets")?;
                CurvatureAt::Fisher(Fisher::sampled(&host.objective, Key::new(seed).fold_in(step), samples)?)
            }
        })
    }
}

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

impl<T: Scalar> CurvatureAt<'_, '_, T> {
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
