//! Which curvature a second-order step inverts.

use minima_autodiff::Scalar;
use minima_curvature::{CurvatureError, Fisher, Generation, Ggn, LinearOperator, Objective, SymmetricOperator};
use minima_rng::Key;
use serde::{Deserialize, Serialize};

/// The matrix of a second-order step, before damping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curvature {
    /// A Gauss-Newton matrix.
    GaussNewton(Generation),
    /// A Fisher information matrix: the steps follow the natural gradient (Amari 1998).
    Fisher(FisherKind),
}

/// How the expectation over labels in the Fisher information matrix is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FisherKind {
    /// In closed form. For softmax cross-entropy this is the Gauss-Newton matrix of the mean loss (Martens 2020).
    Exact,
    /// From labels drawn from the model, others in every step.
    Sampled {
        /// Labels an image.
        samples: usize,
        /// The seed of the labels.
        seed: u64,
    },
    /// With the true labels: not the Fisher information, though often called so (Kunstner et al. 2019).
    Empirical,
}

impl Curvature {
    /// Whether the matrix is, or is on average, a curvature of the mean loss, so that its quadratic form predicts changes of it.
    pub(super) fn models_the_loss(self) -> bool {
        match self {
            Self::GaussNewton(generation) => generation == Generation::Mean,
            Self::Fisher(kind) => kind != FisherKind::Empirical,
        }
    }

    /// The matrix at one point as an operator, without damping. `step` is the step's number, which drawn labels depend on.
    pub(super) fn at<'o, 'a, T: Scalar>(
        self,
        objective: &'o Objective<'a, T>,
        step: u32,
    ) -> Result<CurvatureAt<'o, 'a, T>, CurvatureError> {
        Ok(match self {
            Self::GaussNewton(generation) => CurvatureAt::GaussNewton(Ggn::new(objective, generation)?),
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
    /// The labels that were drawn for a Fisher matrix, or the true ones of the empirical one.
    pub fn labels(&self) -> Option<&[Vec<usize>]> {
        match self {
            Self::GaussNewton(_) => None,
            Self::Fisher(fisher) => fisher.labels(),
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
