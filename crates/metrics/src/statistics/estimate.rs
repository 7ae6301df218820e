//! An effect over seeds and images: its value, interval and p-values.

use super::Resampled;
use super::student_t::{two_sided_quantile, upper_tail};
use crate::MetricsError;
use crate::error::all_finite;

/// The mean over seeds of one number per seed, with its uncertainty over other seeds and other images.
///
/// Its variance has two parts, as in the hierarchical bootstrap that draws seeds and images with replacement:
///
/// - **seeds**: a bootstrap of n seeds has the variance `(n − 1)/n · s²/n`, with the sample variance `s²`. This is
///   known without drawing and is too small by `(n − 1)/n`; here it is `s²/n`.
/// - **images**: the variance of the mean over seeds when the images are redrawn. The images are the same for all
///   seeds, because all seeds are tested on the same ones. Averaging over seeds does not reduce the variance that the
///   seeds have in common.
///
/// Drawing both at once, with one draw of images for all seeds, is Owen's pigeonhole bootstrap; if seeds and images
/// interact, its variance is somewhat too large, never too small. Percentiles of such draws have too low coverage with
/// five seeds, even for normal numbers (`P(|t₄| < 1.96 √(4/5))` = 85 % instead of 95 %). They also cannot give a
/// p-value below one over the number of draws, which Holm's correction multiplies. The interval is therefore Student's,
/// with Welch and Satterthwaite's degrees of freedom for a sum of variances: n − 1 if seeds dominate, many if images
/// do. It is exact for normal numbers without a variance of images.
///
/// Sources: A. B. Owen, "The pigeonhole bootstrap", 2007; T. C. Hesterberg, "What teachers should know about the bootstrap",
/// 2015 (narrowness, and t against percentiles); F. E. Satterthwaite, "An approximate distribution of estimates of variance
/// components", 1946.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean over seeds.
    pub effect: f64,
    /// The number of seeds.
    pub seeds: usize,
    /// The variance of the mean due to seeds; infinite for a single seed, which carries no information about others.
    pub seed_variance: f64,
    /// The variance of the mean due to images.
    pub image_variance: f64,
    /// The degrees of freedom of Student's distribution; 0 for a single seed.
    pub degrees: f64,
}

impl Estimate {
    /// Estimates from one number per seed, without a variance of images.
    ///
    /// # Errors
    /// Returns [`MetricsError::Empty`] if there is no seed, and [`MetricsError::NotFinite`] if a number is not finite.
    pub fn over_seeds(values: &[f64]) -> Result<Self, MetricsError> {
        Self::with_image_variance(values, 0.0, f64::INFINITY)
    }

    /// Estimates from one statistic per seed that was resampled over images, with the same resamples for every seed.
    ///
    /// # Errors
    /// Returns [`MetricsError::Empty`] if there is no seed, [`MetricsError::NotFinite`] if a number is not finite, and
    /// [`MetricsError::Resamples`] if seeds differ in their number of resamples.
    pub fn over_seeds_and_images(seeds: &[Resampled]) -> Result<Self, MetricsError> {
        let values: Vec<f64> = seeds.iter().map(|seed| seed.value).collect();
        let draws = seeds.first().map_or(0, |seed| seed.draws.len());
        let mut means = vec![0.0; draws];
        for seed in seeds {
            if seed.draws.len() != draws {
                return Err(MetricsError::Resamples { found: seed.draws.len(), expected: draws });
            }
            for (mean, draw) in means.iter_mut().zip(&seed.draws) {
                *mean += draw / seeds.len() as f64;
            }
        }
        all_finite("resampled value", &means)?;
        // A variance from B draws has B − 1 degrees of freedom.
        Self::with_image_variance(&values, sample_variance(&means), draws.saturating_sub(1) as f64)
    }

    /// The difference of this mean and another, for unpaired seeds: Welch's test.
    ///
    /// If one of the two has a single seed, the standard error of the difference is infinite.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let parts = [self, other].map(|side| (side.seed_variance + side.image_variance, side.degrees));
        let denominator: f64 = parts.iter().map(|&(v, degrees)| if v > 0.0 { v * v / degrees } else { 0.0 }).sum();
        let total: f64 = parts.iter().map(|part| part.0).sum();
        let least = self.degrees.min(other.degrees);
        let degrees = if total.is_finite() && denominator > 0.0 { total * total / denominator } else { least };
        Self {
            effect: self.effect - other.effect,
            seeds: self.seeds.min(other.seeds),
            seed_variance: self.seed_variance + other.seed_variance,
            image_variance: self.image_variance + other.image_variance,
            degrees,
        }
    }

    fn with_image_variance(values: &[f64], image_variance: f64, image_degrees: f64) -> Result<Self, MetricsError> {
        all_finite("value of a seed", values)?;
        let seeds = values.len();
        if seeds == 0 {
            return Err(MetricsError::Empty { what: "seeds" });
        }
        let effect = mean(values);
        if seeds == 1 {
            return Ok(Self { effect, seeds, seed_variance: f64::INFINITY, image_variance, degrees: 0.0 });
        }
        let seed_variance = sample_variance(values) / seeds as f64;
        let free = (seeds - 1) as f64;
        let denominator = seed_variance.powi(2) / free
            + if image_variance > 0.0 { image_variance.powi(2) / image_degrees } else { 0.0 };
        let degrees = if denominator > 0.0 { (seed_variance + image_variance).powi(2) / denominator } else { free };
        Ok(Self { effect, seeds, seed_variance, image_variance, degrees: degrees.max(free) })
    }

    /// The standard error of the effect; infinite for a single seed.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        (self.seed_variance + self.image_variance).sqrt()
    }

    /// The interval that covers the true effect with probability `level`, such as 0.95; for a single seed it contains
    /// all numbers.
    #[must_use]
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let error = self.standard_error();
        if error == 0.0 {
            return (self.effect, self.effect);
        }
        let half = two_sided_quantile(level, self.degrees) * error;
        (self.effect - half, self.effect + half)
    }

    /// The probability of an effect at least this large if the true effect were `border`: small if the effect is above.
    #[must_use]
    pub fn p_above(&self, border: f64) -> f64 {
        let distance = self.effect - border;
        if self.seeds < 2 || distance.is_nan() {
            return 1.0;
        }
        let error = self.standard_error();
        if error > 0.0 {
            return upper_tail(distance / error, self.degrees);
        }
        if distance > 0.0 { 0.0 } else { 1.0 }
    }

    /// The probability of an effect at least this small if the true effect were `border`: small if the effect is below.
    #[must_use]
    pub fn p_below(&self, border: f64) -> f64 {
        Self { effect: -self.effect, ..*self }.p_above(-border)
    }

    /// The probability of an effect at least this far from `border`, on either side, if the true effect were `border`.
    #[must_use]
    pub fn p_apart(&self, border: f64) -> f64 {
        (2.0 * self.p_above(border).min(self.p_below(border))).min(1.0)
    }

    /// The p-value of the hypothesis that the difference is `margin` or more: small if the effect is within ±`margin`.
    ///
    /// It is the larger p-value of two one-sided tests. Source: D. J. Schuirmann, 1987.
    #[must_use]
    pub fn p_equivalent(&self, margin: f64) -> f64 {
        self.p_above(-margin).max(self.p_below(margin))
    }

    /// The p-value of the hypothesis that the difference is `margin` or less: small if the effect is outside ±`margin`.
    #[must_use]
    pub fn p_different(&self, margin: f64) -> f64 {
        (2.0 * self.p_above(margin).min(self.p_below(-margin))).min(1.0)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample variance, with divisor `n − 1`; 0 for fewer than two values.
fn sample_variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}
