//! What the three Gauss-Newtons are.

/// The section of the report on them.
pub const SECTION: &str = "\
The name Gauss-Newton stands for three optimizers here, after three variants of the authors' code. Each step is
`θ ← θ − η · A⁻¹ g` with `g` the gradient of the batch's mean loss, learning rate `η` and damping `λ`, both 0.01 in the paper. They differ in `A`.
`J` is the Jacobian of the batch's logits (`B` samples, `C` classes), `pᵢ` the predicted probabilities of sample `i`.

| name | `A` | what it is |
| :--- | :--- | :--- |
| `gauss-newton-published` | `Jᵀ (diag(p) − p pᵀ) J + λI`, with `p` all the `pᵢ` in one vector of length `B·C` | What the paper's tables report. `p pᵀ` couples samples that have nothing to do with each other, and as `p` sums to `B` and not to one, the matrix in the middle is indefinite. It is also a sum over the batch, where the gradient is a mean. |
| `gauss-newton-sum` | `Σᵢ Jᵢᵀ (diag(pᵢ) − pᵢ pᵢᵀ) Jᵢ + λI` | The coupling is gone and the matrix is positive definite, but it is still `B` times too large for the gradient: a step about `B` times too short where the curvature outweighs the damping. |
| `gauss-newton` | `(1/B) Σᵢ Jᵢᵀ (diag(pᵢ) − pᵢ pᵢᵀ) Jᵢ + λI` | The generalized Gauss-Newton matrix of the mean loss: what the name usually means. |
";

/// Why the published optimizer's counts depend on how a machine rounds.
pub const ROUNDING: &str = "\
The matrix that this optimizer inverts is indefinite, and it is summed over the batch where the gradient is a mean: \
on the first batch its eigenvalues reach −12 000 against a damping of 0.01, so rounding decides the step along \
directions of small curvature. \
The paper's GPU multiplied in TF32, which keeps 10 bits of mantissa. The published counts are therefore met by that \
arithmetic, if at all.";
