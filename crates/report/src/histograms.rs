//! The counts behind figures 2 and 3: the rows of `tables/histograms.csv`.

use crate::figures::{InputGradientNorms, LogitMargins, Samples, count};
use minima_rows::{HistogramRow, Quantity};

/// The bins of both figures, with one additional bin on either side for values outside.
#[must_use]
pub fn histograms(seed: u64, norms: &InputGradientNorms, margins: &LogitMargins) -> Vec<HistogramRow> {
    let mut rows = Vec::new();
    for (quantity, labels, samples, (range, bins)) in [
        (Quantity::InputGradientNorm, &norms.labels, &norms.samples, norms.bins()),
        (Quantity::LogitMargin, &margins.labels, &margins.samples, margins.bins()),
    ] {
        for one in samples {
            rows.extend(counted(range, bins, one).into_iter().map(|(from, to, images)| HistogramRow {
                labels: labels.clone(),
                optimizer: one.optimizer.clone(),
                seed,
                quantity,
                from,
                to,
                images,
            }));
        }
    }
    rows
}

/// Start, end and count of each bin.
fn counted((start, end): (f64, f64), bins: usize, samples: &Samples) -> Vec<(f64, f64, u32)> {
    let at = |bin: usize| start + bin as f64 * ((end - start) / bins as f64);
    let outside = |beyond: fn(f64, f64) -> bool, border| {
        samples.values.iter().filter(|value| beyond(**value, border)).count() as u32
    };
    let inside = count((start, end), bins, &samples.values);
    let mut rows = vec![(f64::NEG_INFINITY, start, outside(|value, border| value < border, start))];
    rows.extend(inside.into_iter().enumerate().map(|(bin, images)| (at(bin), at(bin + 1), images)));
    rows.push((end, f64::INFINITY, outside(|value, border| value >= border, end)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_bin() {
        let values = vec![-1.0, 0.0, 0.24, 0.25, 0.999, 1.0, 7.0, f64::INFINITY, f64::NAN];
        let rows = counted((0.0, 1.0), 4, &Samples { optimizer: "adam".to_owned(), values });
        assert_eq!(rows.iter().map(|row| row.2).collect::<Vec<_>>(), [1, 2, 1, 0, 1, 3]);
        assert_eq!((rows[0].0, rows[0].1, rows[2].0, rows[5].1), (f64::NEG_INFINITY, 0.0, 0.25, f64::INFINITY));
    }
}
