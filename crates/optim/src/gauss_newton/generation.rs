//! Which curvature matrix, and in which precision its system is solved.

use serde::{Deserialize, Serialize};

/// The curvature matrix of a Gauss-Newton step. `p` are the softmax probabilities, `Hᵢ = diag(pᵢ) − pᵢ pᵢᵀ`.
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

/// The precision in which a step's system of equations is factored and solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SolvePrecision {
    /// That of the network.
    Network,
    /// `f64`, whatever the network's.
    Double,
}
