//! How claims are evaluated.

/// How claims are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimOptions {
    /// Of the random numbers that draw test images.
    pub seed: u64,
    /// How many test sets are drawn. Standard errors are known to `1/√(2 draws)` of themselves: 1 000 for 2 %.
    pub draws: usize,
    /// Images that share a weight perturbation and with it a loss increase.
    pub sharpness_batch: usize,
}

impl Default for ClaimOptions {
    fn default() -> Self {
        Self { seed: 0, draws: 1_000, sharpness_batch: 256 }
    }
}
