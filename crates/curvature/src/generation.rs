//! Which Gauss-Newton matrix.

use serde::{Deserialize, Serialize};

/// A Gauss-Newton matrix, here with the damping λ that steps add. `p` are the softmax probabilities, `Hᵢ = diag(pᵢ) − pᵢ pᵢᵀ`.
///
/// "Gauss-Newton under adversarial attacks" went through all three; its tables report the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// `Jᵀ (diag(p) − p pᵀ) J + λI` with the whole batch's probabilities in one vector `p` of length B·C. The outer product
    /// couples the samples and makes the matrix indefinite, and it is summed over the batch while the gradient is a mean.
    Published,
    /// `Σᵢ Jᵢᵀ Hᵢ Jᵢ + λI`: without the cross terms, still a sum against a mean.
    Sum,
    /// `(1/B) Σᵢ Jᵢᵀ Hᵢ Jᵢ + λI`: the generalized Gauss-Newton matrix of the mean loss (Schraudolph 2002).
    Mean,
}
