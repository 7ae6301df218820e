//! Describes the three optimizers called Gauss-Newton.

use minima_report::Document;

const METHOD: &str = "\
    Three optimizers are called Gauss-Newton here, after three versions of the authors' code. Each step is `θ ← θ − η · A⁻¹ g` \
    with `g` the gradient of the batch's mean loss, learning rate `η` and damping `λ`, both 0.01 in the paper. They differ in `A`. \
    `J` is the Jacobian of the batch's logits (`B` samples, `C` classes), `pᵢ` the predicted probabilities of sample `i`.";

const MATRICES: [&str; 3] = [
    "`gauss-newton-published`: `A = Jᵀ (diag(p) − p pᵀ) J + λI`, with `p` all the `pᵢ` in one vector of length `B·C`. This is the \
     optimizer of the paper's tables. `p pᵀ` couples unrelated samples. `p` sums to `B` and not to one, so the matrix in the middle \
     is indefinite. It is also a sum over the batch, although the gradient is a mean.",
    "`gauss-newton-sum`: `A = Σᵢ Jᵢᵀ (diag(pᵢ) − pᵢ pᵢᵀ) Jᵢ + λI`. The samples are no longer coupled and the matrix is positive \
     definite. It is still `B` times too large for the gradient, so steps are about `B` times too short where the curvature \
     outweighs the damping.",
    "`gauss-newton`: `A = (1/B) Σᵢ Jᵢᵀ (diag(pᵢ) − pᵢ pᵢᵀ) Jᵢ + λI`. This is the generalized Gauss-Newton matrix of the mean \
     loss, the standard definition.",
];

/// The report's section on the three optimizers.
pub(crate) fn section() -> Document {
    Document::of_paragraph(METHOD).list(MATRICES.map(str::to_owned))
}

/// Explains why the published optimizer's counts depend on rounding.
pub(crate) const ROUNDING: &str = "\
The matrix that this optimizer inverts is indefinite, and it is a sum over the batch although the gradient is a mean. \
On the first batch its eigenvalues reach −12 000 against a damping of 0.01, so rounding decides the step along \
directions of small curvature. \
The paper's GPU multiplied in TF32, which keeps 10 bits of mantissa. Only such arithmetic can be expected to reproduce \
the published counts.";
