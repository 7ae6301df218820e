//! Random directions in units of the filters.

use crate::MetricsError;
use crate::error::all_finite;
use crate::filter_norms;
use minima_autodiff::{AutodiffError, Graph, Role, Scalar};
use minima_rng::Key;

/// A random direction in which every filter of the network changes in proportion to its norm: standard normal numbers,
/// scaled for each filter to the filter's norm in `params` (Li et al. 2018, "Visualizing the loss landscape of neural
/// nets", section 4). A filter is the kernel of an output channel, or the incoming weights of a unit, as in
/// [`filter_norms`]. A filter of zeros does not change.
///
/// Biases do not change either, as in the authors' own figures, and neither do the scales and shifts of normalisations.
/// They are few and initially zero or one, so their norm is not a natural unit. Each number of an embedding changes by
/// its absolute value, with a random sign.
///
/// The random numbers depend only on the key and the network's shape. Networks with different parameters get the same
/// random direction with different lengths, so their surfaces can be compared.
///
/// # Errors
/// Returns [`MetricsError::Autodiff`] if the number of parameters is wrong, and [`MetricsError::NotFinite`] if one is
/// not finite.
pub fn filter_normalised_direction<T: Scalar>(graph: &Graph, params: &[T], key: Key) -> Result<Vec<T>, MetricsError> {
    // In f64: squares in single precision would make the norm less accurate.
    let params: Vec<f64> = params.iter().map(|x| x.as_f64()).collect();
    let wanted = filter_norms(graph, &params)?;
    all_finite("filter norm of parameter", &wanted)?;
    let mut drawn: Vec<f64> = key.normal(params.len()).into_iter().map(f64::from).collect();
    let fixed = |role: Role| matches!(role, Role::Bias | Role::Scale | Role::Shift);
    for spec in graph.parameters().iter().filter(|spec| fixed(spec.role)) {
        if let Some(fixed) = drawn.get_mut(spec.range.clone()) {
            fixed.fill(0.0);
        }
    }
    let own = filter_norms(graph, &drawn)?;
    let scaled = drawn.iter().zip(&wanted).zip(&own).map(|((x, wanted), own)| {
        let scale = if *own > 0.0 { wanted / own } else { 0.0 };
        T::from_f64(x * scale)
    });
    Ok(scaled.collect())
}

/// Returns [`AutodiffError::Shape`] if the length of a vector differs from the number of parameters.
pub(super) fn check_length<T>(vector: &[T], expected: usize) -> Result<(), AutodiffError> {
    if vector.len() == expected {
        return Ok(());
    }
    Err(AutodiffError::Shape { what: "direction", found: vec![vector.len()], expected: vec![expected] })
}
