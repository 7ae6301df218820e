//! Options of the evaluation of claims.

/// Options of the evaluation of claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimOptions {
    /// The seed of the random numbers that draw test images.
    pub seed: u64,
    /// The number of test sets to draw. The relative error of standard errors is `1/√(2 draws)`: 2 % for 1 000 draws.
    pub draws: usize,
    /// The number of images that share a weight perturbation, and thus a loss increase.
    pub sharpness_batch: usize,
}

impl Default for ClaimOptions {
    fn default() -> Self {
        Self { seed: 0, draws: 1_000, sharpness_batch: 256 }
    }
}
