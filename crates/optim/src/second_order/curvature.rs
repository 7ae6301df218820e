//! The curvature that a second-order step inverts.

use minima_autodiff::Scalar;
use minima_autodiff::loss::Draw;
use minima_curvature::{CurvatureError, Fisher, Ggn, GgnVariant, LinearOperator, Objective, SymmetricOperator};
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

    /// The matrix at one point as an operator, without damping. Drawn labels depend on the step number `step`.
    pub(super) fn at<'o, 'a, T: Scalar>(
        self,
        objective: &'o Objective<'a, T>,
        step: u32,
    ) -> Result<CurvatureAt<'o, 'a, T>, CurvatureError> {
        Ok(match self {
            Self::GaussNewton(variant) => CurvatureAt::GaussNewton(Ggn::new(objective, variant)?),
            Self::Fisher(FisherKind::Exact) => CurvatureAt::Fisher(Fisher::exact(objective)?),
            Self::Fisher(FisherKind::Empirical) => CurvatureAt::Fisher(Fisher::empirical(objective)?),
            Self::Fisher(FisherKind::Sampled { samples, seed }) => {
                CurvatureAt::Fisher(Fisher::sampled(objective, Key::new(seed).fold_in(step), samples)?)
            }
        })
    }
}

/// A [`Curvature`] at one point.
#[derive(Debug)]
pub(super) enum CurvatureAt<'o, 'a, T: Scalar> {
    GaussNewton(Ggn<'o, 'a, T>),
    Fisher(Fisher<'o, 'a, T>),
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
