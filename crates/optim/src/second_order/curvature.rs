//! The curvature that a second-order step inverts.

use minima_curvature::GgnVariant;
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
}
