//! The density of eigenvalues.

use crate::arguments::{at_least, order};
use crate::{CurvatureError, SymmetricOperator, lanczos_from, probes};
use minima_autodiff::Scalar;
use minima_rng::Key;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The accuracy of [`spectral_density`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DensityOptions {
    /// The number of random vectors. The error is proportional to one over its square root.
    pub probes: usize,
    /// The number of Lanczos steps per probe, one product each. It is the number of nodes of a probe's quadrature.
    pub steps: usize,
    /// The key of the random vectors.
    pub key: Key,
}

impl Default for DensityOptions {
    /// 10 probes of 80 steps.
    fn default() -> Self {
        Self { probes: 10, steps: 80, key: Key::new(0) }
    }
}

/// An estimate of the distribution of a symmetric matrix's eigenvalues: a few nodes with weights for each probe. The
/// total mass is 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpectralDensity {
    /// The matrix's order, which is the number of eigenvalues.
    pub order: usize,
    /// The quadrature of each probe.
    pub probes: Vec<Quadrature>,
}

/// One probe's estimate of a spectrum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quadrature {
    /// Ritz values, ascending.
    pub nodes: Vec<f64>,
    /// The share of eigenvalues that each node represents. The sum is 1.
    pub weights: Vec<f64>,
}

/// The distribution of eigenvalues by stochastic Lanczos quadrature (Golub & Welsch 1969; Ubaru, Chen & Saad 2017; for
/// networks' Hessians Ghorbani, Krishnan & Xiao 2019, and Papyan 2019). Probe i is the same vector of random signs as
/// in [`trace_hutchinson`](crate::trace_hutchinson) with the same key.
///
/// # Errors
/// Returns [`CurvatureError::Size`] if A is not square, [`CurvatureError::Option`] if A has order 0 or if there are no
/// probes or no steps, [`CurvatureError::NotFinite`] if a product is not finite, and the errors of the products.
pub fn spectral_density<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    options: &DensityOptions,
) -> Result<SpectralDensity, CurvatureError> {
    let order = order(a)?;
    at_least(1, "order", order, "at least 1")?;
    at_least(1, "probes", options.probes, "at least 1")?;
    let mut found = Vec::with_capacity(options.probes);
    for number in 0..options.probes {
        let start = probes::signs::<T>(options.key.fold_in(number as u32), order);
        let ritz = lanczos_from(a, &start, options.steps)?.ritz()?;
        found.push(Quadrature { nodes: ritz.values, weights: ritz.weights });
    }
    Ok(SpectralDensity { order, probes: found })
}

impl SpectralDensity {
    /// All nodes with their share of the total mass, probe by probe.
    fn nodes(&self) -> impl Iterator<Item = (f64, f64)> {
        let count = self.probes.len() as f64;
        self.probes.iter().flat_map(move |p| p.nodes.iter().zip(&p.weights).map(move |(x, w)| (*x, w / count)))
    }

    /// The smallest and the largest node. All nodes lie within the spectrum, and the outermost nodes are close to its
    /// ends.
    #[must_use]
    pub fn range(&self) -> [f64; 2] {
        self.nodes().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], (x, _)| [low.min(x), high.max(x)])
    }

    /// The mean of the eigenvalues' powers, `tr(Aᵏ)/n`. It is unbiased for `k ≤ 2·steps − 1`; the first moment is
    /// Hutchinson's estimate of the trace divided by n.
    #[must_use]
    pub fn moment(&self, power: u32) -> f64 {
        let power = i32::try_from(power).unwrap_or(i32::MAX);
        self.nodes().map(|(x, weight)| weight * x.powi(power)).sum()
    }

    /// The density at each point of a grid, with every node smoothed to a Gaussian of standard deviation `sigma`.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if `sigma` is not a positive finite number.
    pub fn density(&self, grid: &[f64], sigma: f64) -> Result<Vec<f64>, CurvatureError> {
        if !(sigma > 0.0 && sigma.is_finite()) {
            return Err(CurvatureError::Option { option: "sigma", found: sigma, expected: "a positive number" });
        }
        let height = 1.0 / (sigma * (2.0 * PI).sqrt());
        let at = |x: f64| {
            self.nodes().map(|(node, weight)| weight * height * (-0.5 * ((x - node) / sigma).powi(2)).exp()).sum()
        };
        Ok(grid.iter().map(|x| at(*x)).collect())
    }

    /// The share of eigenvalues that are at most `x`. A node inside the spectrum represents eigenvalues on both sides.
    #[must_use]
    pub fn cumulative(&self, x: f64) -> f64 {
        self.nodes().filter(|(node, _)| *node <= x).map(|(_, weight)| weight).sum()
    }

    /// The smallest node at which the cumulative share of eigenvalues reaches `share`; the largest node for a share of
    /// 1.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut nodes: Vec<(f64, f64)> = self.nodes().collect();
        nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        let found = nodes.iter().find(|(_, weight)| {
            below += weight;
            // Shares are sums of rounded weights.
            below >= share - 1e-12
        });
        found.or(nodes.last()).map_or(f64::NAN, |(node, _)| *node)
    }
}
