//! How many seeds a comparison needs, and how small an effect it can find.

use super::Estimate;
use super::student_t::two_sided_quantile;

/// The largest number of seeds that is considered.
const MOST_SEEDS: usize = 100_000;

impl Estimate {
    /// The smallest distance from the border that a two-sided test at `level` finds with probability `power`, for this many
    /// seeds with the estimated variances.
    ///
    /// It is `(t₁ + t₂) · s`, with the quantiles `t₁` of `1 − level/2` and `t₂` of `power` of Student's distribution with
    /// `seeds − 1` degrees of freedom, and the standard error s for this many seeds: the usual approximation of the noncentral t
    /// distribution by a shifted one. More images would reduce the images' part of the error, and more seeds do not. The result
    /// is infinite for one seed and for an estimate from one seed.
    ///
    /// Source: J. Cohen, *Statistical Power Analysis for the Behavioral Sciences*, 1988, chapter 2.
    #[must_use]
    pub fn least_effect(&self, seeds: usize, level: f64, power: f64) -> f64 {
        if seeds < 2 || self.seeds < 2 {
            return f64::INFINITY;
        }
        let degrees = (seeds - 1) as f64;
        let quantiles = two_sided_quantile(1.0 - level, degrees) + two_sided_quantile(2.0 * power - 1.0, degrees);
        let seed_variance = self.seed_variance * self.seeds as f64 / seeds as f64;
        quantiles * (seed_variance + self.image_variance).sqrt()
    }

    /// The smallest number of seeds with which a two-sided test at `level` tells the effect from `border` with probability
    /// `power`, if effect and variances are as estimated.
    ///
    /// `None` if 100 000 seeds are not enough, as for an effect at the border or within the uncertainty that the images cause.
    #[must_use]
    pub fn seeds_to_decide(&self, border: f64, level: f64, power: f64) -> Option<usize> {
        let distance = (self.effect - border).abs();
        let found = |seeds: usize| self.least_effect(seeds, level, power) <= distance;
        if !found(MOST_SEEDS) {
            return None;
        }
        let (mut too_few, mut enough) = (1, MOST_SEEDS);
        while enough - too_few > 1 {
            let middle = too_few.midpoint(enough);
            if found(middle) { enough = middle } else { too_few = middle }
        }
        Some(enough)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;
    use minima_rng::Key;

    /// Cohen's table: a paired t test of half a standard deviation, at 5 % and with 80 % power, needs 34 pairs.
    #[test]
    fn cohens_example_needs_thirty_four_pairs() {
        let estimate = Estimate { effect: 0.5, seeds: 10, seed_variance: 0.1, image_variance: 0.0, degrees: 9.0 };
        let seeds = estimate.seeds_to_decide(0.0, 0.05, 0.8).unwrap();
        assert!((33..=35).contains(&seeds), "{seeds}");
        assert_eq!(estimate.seeds_to_decide(1.0, 0.05, 0.8), Some(seeds), "the same distance on the other side");
        assert_eq!(estimate.seeds_to_decide(0.5, 0.05, 0.8), None);
        let one = Estimate { seeds: 1, seed_variance: f64::INFINITY, ..estimate };
        assert_eq!(one.seeds_to_decide(0.0, 0.05, 0.8), None);
    }

    #[test]
    fn more_seeds_do_not_help_against_few_images() {
        let estimate = Estimate { effect: 0.01, seeds: 5, seed_variance: 1e-6, image_variance: 1e-4, degrees: 4.0 };
        assert_eq!(estimate.seeds_to_decide(0.0, 0.05, 0.8), None);
        assert!((estimate.least_effect(1_000_000, 0.05, 0.8) - 0.028).abs() < 1e-4);
    }

    /// Of 2 000 experiments with an effect of this size, the test finds 80 %. The shifted distribution is an approximation: the
    /// exact power at five seeds is 0.79. The tolerance adds three standard errors, `3 √(0.8 · 0.2 / 2 000) = 0.027`.
    #[test]
    fn the_least_effect_is_found_with_the_stated_probability() {
        for seeds in [5, 20] {
            let known = Estimate {
                effect: 0.0,
                seeds,
                seed_variance: 1.0 / seeds as f64,
                image_variance: 0.0,
                degrees: seeds as f64 - 1.0,
            };
            let effect = known.least_effect(seeds, 0.05, 0.8);
            let (experiments, mut found) = (2_000, 0);
            let numbers = Key::new(7).normal(experiments * seeds).into_iter().map(f64::from).collect::<Vec<f64>>();
            for noise in numbers.chunks_exact(seeds) {
                let values: Vec<f64> = noise.iter().map(|x| effect + x).collect();
                found += usize::from(Estimate::over_seeds(&values).unwrap().p_apart(0.0) < 0.05);
            }
            let share = found as f64 / experiments as f64;
            assert!((share - 0.8).abs() < 0.04, "{seeds} seeds: {share}");
        }
    }
}
