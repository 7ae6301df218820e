//! A distribution as counts between edges.

use crate::MetricsError;
use crate::error::all_finite;
use serde::Serialize;

/// The number of values between consecutive edges.
///
/// A bin includes its lower edge and excludes its upper one; the last bin includes both, as in `numpy.histogram`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    edges: Vec<f64>,
    counts: Vec<usize>,
    below: usize,
    above: usize,
}

impl Histogram {
    /// Counts values between ascending edges. There is one bin fewer than there are edges.
    ///
    /// # Errors
    /// Returns [`MetricsError::Edges`] if there are fewer than two edges or if they are not finite or not ascending,
    /// and [`MetricsError::NotFinite`] if a value is not finite.
    pub fn new(values: &[f64], edges: Vec<f64>) -> Result<Self, MetricsError> {
        let (first, last) = ends(&edges)?;
        all_finite("value", values)?;
        let (mut counts, mut below, mut above) = (vec![0; edges.len() - 1], 0, 0);
        for &value in values {
            let at_or_under = edges.partition_point(|&edge| edge <= value);
            let bin = if value == last { at_or_under.wrapping_sub(2) } else { at_or_under.wrapping_sub(1) };
            match counts.get_mut(bin) {
                Some(count) => *count += 1,
                None if value < first => below += 1,
                None => above += 1,
            }
        }
        Ok(Self { edges, counts, below, above })
    }

    /// Counts values in `bins` bins of equal width from `low` to `high`.
    ///
    /// # Errors
    /// Returns [`MetricsError::Edges`] if there are no bins, if `low` is not below `high`, or if one of them is not
    /// finite, and [`MetricsError::NotFinite`] if a value is not finite.
    pub fn uniform(values: &[f64], low: f64, high: f64, bins: usize) -> Result<Self, MetricsError> {
        let edge = |i: usize| if i == bins { high } else { low + (high - low) * (i as f64 / bins as f64) };
        Self::new(values, (0..=bins).map(edge).collect())
    }

    /// The edges, ascending.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The number of values in each bin.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// The number of values below the first edge.
    #[must_use]
    pub fn below(&self) -> usize {
        self.below
    }

    /// The number of values above the last edge.
    #[must_use]
    pub fn above(&self) -> usize {
        self.above
    }
}

/// Returns the first and last edge, if all edges are finite and ascending.
fn ends(edges: &[f64]) -> Result<(f64, f64), MetricsError> {
    let (&[first, .., last], true) = (edges, edges.iter().all(|edge| edge.is_finite())) else {
        return Err(MetricsError::Edges { found: format!("{edges:?}") });
    };
    match edges.iter().zip(edges.iter().skip(1)).find(|(a, b)| a >= b) {
        Some((a, b)) => Err(MetricsError::Edges { found: format!("{b} after {a}") }),
        None => Ok((first, last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_on_edges_and_outside_are_counted_once() {
        let values = [-0.1, 0.0, 0.5, 0.999, 1.0, 1.5, 2.0, 2.1, 9.0];
        let histogram = Histogram::uniform(&values, 0.0, 2.0, 2).unwrap();
        assert_eq!(histogram.edges(), [0.0, 1.0, 2.0]);
        assert_eq!((histogram.counts(), histogram.below(), histogram.above()), (&[3, 3][..], 1, 2));
    }

    #[test]
    fn bad_edges_are_errors() {
        for edges in [vec![], vec![1.0], vec![0.0, 0.0], vec![1.0, 0.0], vec![0.0, f64::NAN], vec![0.0, f64::INFINITY]]
        {
            assert!(matches!(Histogram::new(&[0.5], edges), Err(MetricsError::Edges { .. })));
        }
        assert!(matches!(Histogram::uniform(&[0.5], 0.0, 1.0, 0), Err(MetricsError::Edges { .. })));
        assert!(matches!(Histogram::uniform(&[f64::NAN], 0.0, 1.0, 1), Err(MetricsError::NotFinite { .. })));
    }
}
