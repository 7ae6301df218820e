//! Random directions in units of the filters.

use crate::MetricsError;
use crate::error::all_finite;
use crate::filter_norms;
use minima_autodiff::{AutodiffError, Graph, Role, Scalar};
use minima_rng::Key;

/// A random direction in which every filter of the network changes by as much as it is long: standard normal numbers, of which
/// those of a filter are scaled to the norm that the filter has in `params` (Li et al. 2018, "Visualizing the loss landscape of
/// neural nets", section 4). A filter is the kernel of an output channel, or the incoming weights of a unit, as in [`filter_norms`].
/// A filter of zeros does not move.
///
/// Biases do not move either, which is what the authors' own figures do; they are few, and zero to begin with, so that no norm of
/// theirs is a natural unit.
///
/// The numbers drawn depend on the key and the network's shape alone: networks with other parameters get the same random direction
/// with other lengths, and their surfaces may be laid side by side.
///
/// # Errors
/// When there are not as many parameters as the network has, or one is not finite.
pub fn filter_normalised_direction<T: Scalar>(graph: &Graph, params: &[T], key: Key) -> Result<Vec<T>, MetricsError> {
    // In f64: a norm in single precision is off by what 32-bit squares lose.
    let params: Vec<f64> = params.iter().map(|x| x.as_f64()).collect();
    let wanted = filter_norms(graph, &params)?;
    all_finite("filter norm of parameter", &wanted)?;
    let mut drawn: Vec<f64> = key.normal(params.len()).into_iter().map(f64::from).collect();
    for bias in graph.parameters().iter().filter(|spec| spec.role == Role::Bias) {
        if let Some(bias) = drawn.get_mut(bias.range.clone()) {
            bias.fill(0.0);
        }
    }
    let own = filter_norms(graph, &drawn)?;
    let scaled = drawn.iter().zip(&wanted).zip(&own).map(|((x, wanted), own)| {
        let scale = if *own > 0.0 { wanted / own } else { 0.0 };
        T::from_f64(x * scale)
    });
    Ok(scaled.collect())
}

/// Fails where a vector is not as long as the parameters are.
pub(super) fn check_length<T>(vector: &[T], expected: usize) -> Result<(), AutodiffError> {
    if vector.len() == expected {
        return Ok(());
    }
    Err(AutodiffError::Shape { what: "direction", found: vec![vector.len()], expected: vec![expected] })
}
