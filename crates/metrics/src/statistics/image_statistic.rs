//! A statistic of one model's images: a share, a mean or a median, on the test set and on its resamples.

use super::ImageResamples;
use crate::MetricsError;
use crate::error::all_finite;
use rayon::prelude::*;

/// A statistic of one model's images, for which an image may count several times or not at all.
pub trait ImageStatistic: Sync {
    /// The number of images.
    fn images(&self) -> usize;

    /// The value if image i counts `weights[i]` times; `None` if no image counts.
    fn weighted(&self, weights: &[u16]) -> Option<f64>;
}

/// The share of hits among the images that count, 0 to 1: for instance accuracy, or the success rate of an attack on
/// correctly classified images.
#[derive(Clone, Debug)]
pub struct Share {
    /// All bits set for a hit that counts, otherwise 0.
    hits: Vec<u16>,
    /// All bits set for an image that counts, otherwise 0.
    among: Vec<u16>,
}

impl Share {
    /// The share of hits among all images.
    #[must_use]
    pub fn of_all(hits: &[bool]) -> Self {
        Self { hits: hits.iter().map(|&hit| mask(hit)).collect(), among: vec![mask(true); hits.len()] }
    }

    /// The share of hits among the images that count; hits on other images are ignored.
    ///
    /// # Errors
    /// Returns [`MetricsError::Resamples`] if the two slices differ in length.
    pub fn of_those(hits: &[bool], among: &[bool]) -> Result<Self, MetricsError> {
        if hits.len() != among.len() {
            return Err(MetricsError::Resamples { found: hits.len(), expected: among.len() });
        }
        let hits = hits.iter().zip(among).map(|(&hit, &counts)| mask(hit && counts)).collect();
        Ok(Self { hits, among: among.iter().map(|&counts| mask(counts)).collect() })
    }
}

fn mask(set: bool) -> u16 {
    if set { u16::MAX } else { 0 }
}

/// The sum of the weights selected by the masks.
fn sum_masked(weights: &[u16], masks: &[u16]) -> u64 {
    // Short enough for 32-bit sums, of which wide registers hold more.
    const PIECE: usize = 4096;
    let pieces = weights.chunks(PIECE).zip(masks.chunks(PIECE));
    let sum =
        |(weights, masks): (&[u16], &[u16])| weights.iter().zip(masks).map(|(w, m)| u32::from(w & m)).sum::<u32>();
    pieces.map(|piece| u64::from(sum(piece))).sum()
}

impl ImageStatistic for Share {
    fn images(&self) -> usize {
        self.hits.len()
    }

    fn weighted(&self, weights: &[u16]) -> Option<f64> {
        let total = sum_masked(weights, &self.among);
        (total > 0).then(|| sum_masked(weights, &self.hits) as f64 / total as f64)
    }
}

/// The mean of one number per image.
#[derive(Clone, Debug)]
pub struct Mean {
    values: Vec<f64>,
}

impl Mean {
    /// The mean of these values.
    ///
    /// # Errors
    /// Returns [`MetricsError::NotFinite`] if a value is not finite.
    pub fn of(values: &[f64]) -> Result<Self, MetricsError> {
        all_finite("value", values)?;
        Ok(Self { values: values.to_vec() })
    }
}

impl ImageStatistic for Mean {
    fn images(&self) -> usize {
        self.values.len()
    }

    fn weighted(&self, weights: &[u16]) -> Option<f64> {
        let weighted = self.values.iter().zip(weights);
        let (sum, total) = weighted.fold((0.0, 0.0), |(sum, total), (value, &weight)| {
            (sum + value * f64::from(weight), total + f64::from(weight))
        });
        (total > 0.0).then(|| sum / total)
    }
}

/// The median of one number per image; for an even count, the midpoint of the two middle values.
#[derive(Clone, Debug)]
pub struct Median {
    /// The values, ascending, each with its image's index.
    ascending: Vec<(f64, usize)>,
}

impl Median {
    /// The median of these values.
    ///
    /// # Errors
    /// Returns [`MetricsError::NotFinite`] if a value is not finite.
    pub fn of(values: &[f64]) -> Result<Self, MetricsError> {
        all_finite("value", values)?;
        let mut ascending: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
        ascending.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self { ascending })
    }
}

impl ImageStatistic for Median {
    fn images(&self) -> usize {
        self.ascending.len()
    }

    fn weighted(&self, weights: &[u16]) -> Option<f64> {
        let total: u64 = weights.iter().take(self.images()).map(|&w| u64::from(w)).sum();
        let (lower, upper) = (total.checked_sub(1)? / 2, total / 2);
        let (mut seen, mut low) = (0u64, None);
        for &(value, image) in &self.ascending {
            seen += weights.get(image).map_or(0, |&w| u64::from(w));
            if low.is_none() && seen > lower {
                low = Some(value);
            }
            if seen > upper {
                return low.map(|low| low + (value - low) / 2.0);
            }
        }
        None
    }
}

/// A statistic of one model on the test set and on its resamples.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled {
    /// The value on the test set itself.
    pub value: f64,
    /// The value on each resample.
    pub draws: Vec<f64>,
}

impl Resampled {
    /// Computes one model's statistic on the test set and on its resamples.
    ///
    /// A resample in which no image counts takes the test set's value.
    ///
    /// # Errors
    /// Returns [`MetricsError::Resamples`] if the resamples have a different number of images, and
    /// [`MetricsError::Empty`] if no image counts at all.
    pub fn of(statistic: &dyn ImageStatistic, resamples: &ImageResamples) -> Result<Self, MetricsError> {
        if statistic.images() != resamples.images() {
            return Err(MetricsError::Resamples { found: statistic.images(), expected: resamples.images() });
        }
        let once = vec![1; statistic.images()];
        let value = statistic.weighted(&once).ok_or(MetricsError::Empty { what: "images in the statistic" })?;
        let draws = resamples.draws().into_par_iter();
        let draws = draws.map(|draw| statistic.weighted(resamples.weights(draw)).unwrap_or(value)).collect();
        Ok(Self { value, draws })
    }

    /// The difference of two models on the same images, resample by resample.
    ///
    /// # Errors
    /// Returns [`MetricsError::Resamples`] if the two differ in their number of resamples.
    pub fn less(&self, other: &Self) -> Result<Self, MetricsError> {
        if self.draws.len() != other.draws.len() {
            return Err(MetricsError::Resamples { found: other.draws.len(), expected: self.draws.len() });
        }
        let draws = self.draws.iter().zip(&other.draws).map(|(a, b)| a - b).collect();
        Ok(Self { value: self.value - other.value, draws })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Summary;
    use minima_rng::Key;

    #[test]
    fn a_share_counts_only_those_that_count() {
        let (hits, among) = ([true, true, false, true], [true, false, true, true]);
        let share = Share::of_those(&hits, &among).unwrap();
        assert_eq!(share.weighted(&[1, 1, 1, 1]), Some(2.0 / 3.0));
        assert_eq!(share.weighted(&[0, 3, 2, 2]), Some(0.5));
        assert_eq!(share.weighted(&[0, 4, 0, 0]), None);
        assert_eq!(Share::of_all(&hits).weighted(&[1, 1, 1, 1]), Some(0.75));
    }

    /// By hand: 0 · 3 + 3 · (−1) + 1 · 6 over four images.
    #[test]
    fn a_mean_counts_images_as_often_as_drawn() {
        let mean = Mean::of(&[3.0, -1.0, 6.0]).unwrap();
        assert_eq!(mean.weighted(&[0, 3, 1]), Some(0.75));
        assert_eq!(mean.weighted(&[0, 0, 0]), None);
        assert!(Mean::of(&[f64::NAN]).is_err());
    }

    /// A weighted median is the median of the values repeated by their weights.
    #[test]
    fn a_weighted_median_is_that_of_repeated_values() {
        for case in 0..50u32 {
            let key = Key::new(5).fold_in(case);
            let n = 7 + case as usize % 4;
            let values: Vec<f64> = key.normal(n).into_iter().map(f64::from).collect();
            let resamples = ImageResamples::new(key.fold_in(1), n, 3);
            let median = Median::of(&values).unwrap();
            for draw in resamples.draws() {
                let weights = resamples.weights(draw);
                let repeated: Vec<f64> =
                    values.iter().zip(weights).flat_map(|(&v, &w)| vec![v; usize::from(w)]).collect();
                let found = median.weighted(weights).unwrap();
                assert!((found - Summary::of(&repeated).unwrap().median).abs() < 1e-15);
            }
        }
    }

    /// The bootstrap's standard deviation of a share is sqrt(p (1 − p) / m). From 2 000 draws it has a relative error
    /// of 1 / sqrt(4 000).
    #[test]
    fn draws_spread_as_a_binomial_share() {
        let hits: Vec<bool> = (0..500).map(|i| i % 5 == 0).collect();
        let resamples = ImageResamples::new(Key::new(6), 500, 2_000);
        let found = Resampled::of(&Share::of_all(&hits), &resamples).unwrap();
        let spread = (found.draws.iter().map(|d| (d - 0.2f64).powi(2)).sum::<f64>() / 2_000.0).sqrt();
        let expected = (0.2f64 * 0.8 / 500.0).sqrt();
        assert!((spread / expected - 1.0).abs() < 4.0 / 4_000f64.sqrt(), "{spread} {expected}");
    }

    #[test]
    fn other_images_and_values_that_are_no_numbers_are_errors() {
        let resamples = ImageResamples::new(Key::new(1), 3, 2);
        let hits = [true, false];
        assert!(Resampled::of(&Share::of_all(&hits), &resamples).is_err());
        let hits = [true, false, true];
        let none = [false; 3];
        assert!(Resampled::of(&Share::of_those(&hits, &none).unwrap(), &resamples).is_err());
        assert!(Share::of_those(&hits, &[true]).is_err());
        assert!(Median::of(&[1.0, f64::NAN]).is_err());
    }
}
