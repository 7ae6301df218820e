//! Spearman's rank correlation.

use super::student_t::two_sided_quantile;
use crate::MetricsError;
use crate::error::all_finite;

/// Spearman's rank correlation of two measurements of the same objects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankCorrelation {
    /// The correlation, from −1 to 1.
    pub value: f64,
    /// The number of objects.
    pub count: usize,
}

impl RankCorrelation {
    /// The correlation of `x[i]` and `y[i]`. Equal numbers share the mean of their ranks. `None` if fewer than three objects are
    /// given, or if all numbers of one measurement are equal.
    ///
    /// # Errors
    /// Returns [`MetricsError::NotFinite`] if a number is not finite, and [`MetricsError::Resamples`] if the slices have
    /// different lengths.
    pub fn of(x: &[f64], y: &[f64]) -> Result<Option<Self>, MetricsError> {
        all_finite("measurement", x)?;
        all_finite("measurement", y)?;
        if x.len() != y.len() {
            return Err(MetricsError::Resamples { found: y.len(), expected: x.len() });
        }
        let count = x.len();
        if count < 3 {
            return Ok(None);
        }
        let middle = (count as f64 + 1.0) / 2.0;
        let [x, y] = [x, y].map(|values| ranks(values).into_iter().map(|rank| rank - middle).collect::<Vec<f64>>());
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let scale = (dot(&x, &x) * dot(&y, &y)).sqrt();
        Ok((scale > 0.0).then(|| Self { value: (dot(&x, &y) / scale).clamp(-1.0, 1.0), count }))
    }

    /// The mean of correlations within groups of objects, on Fisher's scale, with weights `n − 3`. Its `count` is such that its
    /// interval has the variance of this mean: 3 more than the sum of the weights. A correlation of ±1 counts as in
    /// [`interval`](Self::interval), so that it does not outweigh every other group. `None` if no group has more than three objects.
    #[must_use]
    pub fn pooled(groups: &[Self]) -> Option<Self> {
        let usable = || groups.iter().filter(|group| group.count > 3);
        let weight: usize = usable().map(|group| group.count - 3).sum();
        if weight == 0 {
            return None;
        }
        let scaled = |group: &Self| group.on_fishers_scale() * (group.count - 3) as f64;
        Some(Self { value: (usable().map(scaled).sum::<f64>() / weight as f64).tanh(), count: weight + 3 })
    }

    /// The interval that covers the true correlation with probability `level`: Fisher's transformation with the variance
    /// `(1 + ρ²/2) / (n − 3)`. With three objects it reaches from −1 to 1. A correlation of ±1 counts as one of
    /// `±(1 − 6 / (n (n² − 1)))`, halfway to the next correlation that n ranks can have, and the interval then ends at ±1: a few
    /// objects whose ranks agree do not show that all agree.
    ///
    /// Source: D. G. Bonett & T. A. Wright, "Sample size requirements for estimating Pearson, Kendall and Spearman
    /// correlations", 2000.
    #[must_use]
    pub fn interval(&self, level: f64) -> (f64, f64) {
        if self.count <= 3 {
            return (-1.0, 1.0);
        }
        let deviation = ((1.0 + self.value * self.value / 2.0) / (self.count as f64 - 3.0)).sqrt();
        let half = two_sided_quantile(level, f64::INFINITY) * deviation;
        let center = self.on_fishers_scale();
        let (low, high) = ((center - half).tanh(), (center + half).tanh());
        (if self.value <= -1.0 { -1.0 } else { low }, if self.value >= 1.0 { 1.0 } else { high })
    }

    /// The correlation on Fisher's scale, which is infinite at ±1 otherwise.
    fn on_fishers_scale(&self) -> f64 {
        let n = self.count as f64;
        let largest = 1.0 - 6.0 / (n * (n * n - 1.0));
        self.value.clamp(-largest, largest).atanh()
    }
}

/// The rank of each number, from 1 on. Equal numbers share the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&i| ranks[i] = rank);
        first += equal.len();
    }
    ranks
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;
    use minima_rng::Key;

    #[test]
    fn equal_numbers_share_their_ranks() {
        assert_eq!(ranks(&[3.0, -1.0, 3.0, 0.0, -0.0, 7.0]), [4.5, 1.0, 4.5, 2.5, 2.5, 6.0]);
    }

    /// By hand: the ranks differ by (1, 1, 1, 1, 0), so that ρ = 1 − 6 · 4 / (5 · 24) = 0.8.
    #[test]
    fn a_small_example_has_the_value_computed_by_hand() {
        let found = RankCorrelation::of(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 1.0, 40.0, 30.0, 500.0]).unwrap().unwrap();
        assert!((found.value - 0.8).abs() < 1e-15 && found.count == 5, "{found:?}");
        let turned = RankCorrelation::of(&[5.0, 4.0, 3.0], &[0.0, 1.0, 1e9]).unwrap().unwrap();
        assert_eq!(turned.value, -1.0);
        assert_eq!(RankCorrelation::of(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]).unwrap(), None);
        assert_eq!(RankCorrelation::of(&[1.0, 2.0], &[1.0, 2.0]).unwrap(), None);
        assert!(RankCorrelation::of(&[1.0, f64::NAN, 2.0], &[1.0, 2.0, 3.0]).is_err());
        assert!(RankCorrelation::of(&[1.0, 2.0, 2.0], &[1.0, 2.0]).is_err());
    }

    #[test]
    fn groups_are_averaged_on_fishers_scale() {
        let of = |value, count| RankCorrelation { value, count };
        let found = RankCorrelation::pooled(&[of(0.8, 13), of(-0.2, 8), of(1.0, 3)]).unwrap();
        let expected = (10.0 * 0.8f64.atanh() + 5.0 * (-0.2f64).atanh()) / 15.0;
        assert!((found.value - expected.tanh()).abs() < 1e-15 && found.count == 18, "{found:?}");
        assert_eq!(RankCorrelation::pooled(&[of(0.5, 3)]), None);
        // One group whose ranks agree: 1 − 6 / (9 · 80) on this scale, halved by the other group.
        let found = RankCorrelation::pooled(&[of(1.0, 9), of(0.0, 9)]).unwrap().value;
        assert!((found - (0.5 * (1.0f64 - 6.0 / 720.0).atanh()).tanh()).abs() < 1e-15, "{found}");
    }

    /// By hand for five objects: atanh(0.95) = 1.831 781, and 1.959 964 · √(1.5 / 2) = 1.697 379.
    #[test]
    fn a_few_ranks_that_agree_leave_doubt() {
        let (low, high) = RankCorrelation { value: 1.0, count: 5 }.interval(0.95);
        assert!((low - 0.134_402f64.tanh()).abs() < 1e-5 && high == 1.0, "{low} {high}");
        let turned = RankCorrelation { value: -1.0, count: 5 }.interval(0.95);
        assert!(turned.0 == -1.0 && (turned.1 + low).abs() < 1e-12, "{turned:?}");
        let one = RankCorrelation { value: 0.8, count: 5 }.interval(0.95);
        assert!(one.0 < low && one.1 < 1.0, "{one:?}");
    }

    /// For a normal pair with correlation r, Spearman's is `6/π · asin(r/2)`. Of 400 samples, the interval covers it in 95 %; the
    /// tolerance is three standard errors, `3 √(0.95 · 0.05 / 400)`.
    #[test]
    fn intervals_cover_the_true_correlation() {
        let r: f64 = 0.6;
        let truth = 6.0 / std::f64::consts::PI * (r / 2.0).asin();
        let (samples, count) = (400, 30);
        let numbers = Key::new(3).normal(2 * samples * count).into_iter().map(f64::from).collect::<Vec<f64>>();
        let covered = numbers.chunks_exact(2 * count).filter(|numbers| {
            let (x, noise) = numbers.split_at(count);
            let y: Vec<f64> = x.iter().zip(noise).map(|(x, e)| r * x + (1.0 - r * r).sqrt() * e).collect();
            let (low, high) = RankCorrelation::of(x, &y).unwrap().unwrap().interval(0.95);
            low <= truth && truth <= high
        });
        let share = covered.count() as f64 / samples as f64;
        assert!((share - 0.95).abs() < 0.033, "{share}");
    }
}
