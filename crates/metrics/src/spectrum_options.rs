//! The options of a curvature spectrum.

use minima_rng::Key;

/// The options of [`curvature_spectrum`](crate::curvature_spectrum).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpectrumOptions {
    /// The number of largest eigenvalues to report.
    pub largest: usize,
    /// The number of random starts of the Lanczos process per matrix; matrices in units of the filters use the first
    /// one alone.
    pub probes: usize,
    /// The number of products with the matrix per start.
    pub steps: usize,
    /// The number of products for an estimate of the Hessian's trace, if it is not computed exactly.
    pub trace_products: usize,
    /// The key of the random vectors.
    pub key: Key,
}

impl Default for SpectrumOptions {
    /// The ten largest eigenvalues; 2 probes of 50 steps; 120 products for a trace.
    fn default() -> Self {
        Self { largest: 10, probes: 2, steps: 50, trace_products: 120, key: Key::new(0) }
    }
}
