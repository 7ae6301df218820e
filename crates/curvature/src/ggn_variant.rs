//! The variants of the generalized Gauss-Newton matrix (GGN).

use serde::{Deserialize, Serialize};

/// A Gauss-Newton matrix, written here with the damping λ of a step. `p` are the softmax probabilities and
/// `Hᵢ = diag(pᵢ) − pᵢ pᵢᵀ`.
///
/// The code of "Gauss-Newton under adversarial attacks" used all three in succession. Its tables report the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GgnVariant {
    /// `Jᵀ (diag(p) − p pᵀ) J + λI` with the whole batch's probabilities in one vector `p` of length B·C. The outer
    /// product couples the samples and makes the matrix indefinite. The matrix is a sum over the batch, while the
    /// gradient is a mean.
    #[serde(alias = "published")]
    Coupled,
    /// `Σᵢ Jᵢᵀ Hᵢ Jᵢ + λI`: without the cross terms, but still a sum, while the gradient is a mean.
    Sum,
    /// `(1/B) Σᵢ Jᵢᵀ Hᵢ Jᵢ + λI`: the generalized Gauss-Newton matrix of the mean loss (Schraudolph 2002).
    Mean,
}
