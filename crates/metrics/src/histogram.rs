//! A distribution as counts between edges.

use crate::MetricsError;
use crate::error::all_finite;
use serde::Serialize;

/// How many values lie between consecutive edges.
///
/// Bins hold their lower edge and not their upper one, but for the last, which holds both, as `numpy.histogram`'s do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    edges: Vec<f64>,
    counts: Vec<usize>,
    below: usize,
    above: usize,
}

impl Histogram {
    /// Counts values between ascending edges: one bin fewer than edges.
    ///
    /// # Errors
    /// When the edges are fewer than two, not finite or do not ascend, or a value is not finite.
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

    /// Counts values in `bins` bins of one width from `low` to `high`.
    ///
    /// # Errors
    /// When there are no bins, `low` is not under `high`, or a number is not finite.
    pub fn uniform(values: &[f64], low: f64, high: f64, bins: usize) -> Result<Self, MetricsError> {
        let edge = |i: usize| if i == bins { high } else { low + (high - low) * (i as f64 / bins as f64) };
        Self::new(values, (0..=bins).map(edge).collect())
    }

    /// The edges, ascending.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Values in each bin: one fewer than there are edges.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Values under the first edge.
    #[must_use]
    pub fn below(&self) -> usize {
        self.below
    }

    /// Values over the last edge.
    #[must_use]
    pub fn above(&self) -> usize {
        self.above
    }
}

/// The first and last edge, once all are seen to ascend.
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
