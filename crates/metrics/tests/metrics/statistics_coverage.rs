//! Coverage of intervals and uniformity of p-values under the null hypothesis, on simulated seeds and images.

use minima_metrics::statistics::{Estimate, ImageResamples, ImageStatistic, Median, Resampled, Share};
use minima_rng::Key;

/// Four standard deviations of a binomial share.
fn slack(share: f64, trials: u32) -> f64 {
    4.0 * (share * (1.0 - share) / f64::from(trials)).sqrt()
}

fn normal(key: Key, n: usize) -> Vec<f64> {
    key.normal(n).into_iter().map(f64::from).collect()
}

/// Seeds alone: a paired difference is normal, so Student's interval is exact.
#[test]
fn seeds_alone_are_covered_and_their_p_values_uniform() {
    let trials = 4_000;
    for seeds in [2, 5, 10] {
        let estimates: Vec<Estimate> = (0..trials)
            .map(|trial| {
                let values: Vec<f64> =
                    normal(Key::new(21).fold_in(trial), seeds).into_iter().map(|z| 0.7 + 0.2 * z).collect();
                Estimate::over_seeds(&values).unwrap()
            })
            .collect();
        let share = |holds: &dyn Fn(&Estimate) -> bool| {
            estimates.iter().filter(|e| holds(e)).count() as f64 / f64::from(trials)
        };
        let covered = share(&|e| e.interval(0.95).0 <= 0.7 && 0.7 <= e.interval(0.95).1);
        assert!((covered - 0.95).abs() < slack(0.95, trials), "{seeds} seeds: {covered}");
        for level in [0.01, 0.05, 0.5] {
            let below = share(&|e| e.p_apart(0.7) < level);
            assert!((below - level).abs() < slack(level, trials), "{seeds} seeds, {level}: {below}");
        }
        // At the margin itself the true difference is not within it: two one-sided tests have an error rate of at most
        // one in twenty.
        let wrongly_equal = share(&|e| e.p_equivalent(0.7) < 0.05);
        assert!(wrongly_equal < 0.05 + slack(0.05, trials), "{seeds} seeds: {wrongly_equal}");
    }
}

/// One simulated experiment: the results of each seed's two models on the same images.
struct Crossed {
    seeds: usize,
    images: usize,
    /// Variances: of a seed's difference of the models, of the part that images share over seeds, and of the rest.
    of_seed: f64,
    of_image: f64,
    of_rest: f64,
}

impl Crossed {
    /// Latent numbers of both models, seed after seed, with means `shift` and 0 and unit-free variances.
    fn latent(&self, key: Key, shift: f64) -> Vec<(Vec<f64>, Vec<f64>)> {
        let seed_effect = normal(key.fold_in(0), 2 * self.seeds);
        let shared = normal(key.fold_in(1), self.images);
        let own = [normal(key.fold_in(2), self.images), normal(key.fold_in(3), self.images)];
        (0..self.seeds)
            .map(|seed| {
                let side = |model: usize| {
                    let rest = normal(key.fold_in(4 + (2 * seed + model) as u32), self.images);
                    let level = self.of_seed.sqrt() * seed_effect[2 * seed + model];
                    let value = |i: usize| {
                        // Half of the variance that images share over seeds is common to both models, and half is
                        // specific to each model.
                        let common = (0.5 * self.of_image).sqrt() * (shared[i] + own[model][i]);
                        level + common + self.of_rest.sqrt() * rest[i]
                    };
                    (0..self.images).map(value).collect::<Vec<f64>>()
                };
                let first = side(0).into_iter().map(|v| v + shift).collect();
                (first, side(1))
            })
            .collect()
    }

    /// The standard deviation of one latent number.
    fn spread(&self) -> f64 {
        (self.of_seed + self.of_image + self.of_rest).sqrt()
    }

    fn estimate(&self, key: Key, shift: f64, statistic: &dyn Fn(&[f64], &ImageResamples) -> Resampled) -> Estimate {
        let resamples = ImageResamples::new(key.fold_in(99), self.images, 100);
        let differences: Vec<Resampled> = self
            .latent(key, shift)
            .iter()
            .map(|(first, second)| statistic(first, &resamples).less(&statistic(second, &resamples)).unwrap())
            .collect();
        Estimate::over_seeds_and_images(&differences).unwrap()
    }
}

fn share_above_zero(values: &[f64], resamples: &ImageResamples) -> Resampled {
    let hits: Vec<bool> = values.iter().map(|&v| v > 0.0).collect();
    Resampled::of(&Share::of_all(&hits), resamples).unwrap()
}

fn median(values: &[f64], resamples: &ImageResamples) -> Resampled {
    let statistic = Median::of(values).unwrap();
    assert_eq!(statistic.images(), values.len());
    Resampled::of(&statistic, resamples).unwrap()
}

/// Seeds matter, images matter, or both. The true values are `Φ(shift / spread) − ½` for the difference of shares and
/// `shift` for the difference of medians. Conservative intervals are allowed, because seeds and images interact;
/// intervals that are too narrow are not.
#[test]
fn seeds_and_images_are_covered_and_nothing_is_rarely_taken_for_something() {
    let trials = 800;
    for (seeds, of_seed, of_image) in [(5, 0.2, 0.2), (10, 0.2, 0.2), (5, 0.01, 0.6), (5, 0.3, 0.0)] {
        let design = Crossed { seeds, images: 150, of_seed, of_image, of_rest: 0.4 };
        let shift = 0.5;
        // Φ, from the tail of Student's distribution with infinitely many degrees of freedom.
        let share_truth = 0.5 - minima_metrics::statistics::upper_tail(shift / design.spread(), f64::INFINITY);
        let (mut share_covers, mut median_covers, mut found) = (0u32, 0u32, 0u32);
        for trial in 0..trials {
            let key = Key::new(31).fold_in(trial);
            let (low, high) = design.estimate(key, shift, &share_above_zero).interval(0.95);
            share_covers += u32::from(low <= share_truth && share_truth <= high);
            let (low, high) = design.estimate(key, shift, &median).interval(0.95);
            median_covers += u32::from(low <= shift && shift <= high);
            found += u32::from(design.estimate(key.fold_in(7), 0.0, &share_above_zero).p_apart(0.0) < 0.05);
        }
        let of_trials = |count: u32| f64::from(count) / f64::from(trials);
        let what = format!("{seeds} seeds, variances {of_seed} and {of_image}");
        println!("{what}: shares {share_covers}, medians {median_covers}, found {found} of {trials}");
        assert!(of_trials(share_covers) > 0.95 - slack(0.95, trials), "{what}: shares {share_covers}");
        assert!(of_trials(median_covers) > 0.95 - slack(0.95, trials), "{what}: medians {median_covers}");
        assert!(of_trials(found) < 0.05 + slack(0.05, trials), "{what}: {found}");
    }
}

#[test]
fn one_seed_leaves_everything_open() {
    let estimate = Estimate::over_seeds(&[0.4]).unwrap();
    assert_eq!(estimate.interval(0.95), (f64::NEG_INFINITY, f64::INFINITY));
    assert_eq!((estimate.effect, estimate.p_apart(0.0), estimate.p_equivalent(1.0)), (0.4, 1.0, 1.0));
    assert!(Estimate::over_seeds(&[]).is_err());
    assert!(Estimate::over_seeds(&[1.0, f64::NAN]).is_err());
}

/// Without variation there is no uncertainty, and no effect even if the value is on the border.
#[test]
fn equal_seeds_are_certain() {
    let estimate = Estimate::over_seeds(&[0.5, 0.5, 0.5]).unwrap();
    assert_eq!(estimate.interval(0.95), (0.5, 0.5));
    assert_eq!((estimate.p_apart(0.5), estimate.p_apart(0.0), estimate.p_equivalent(0.6)), (1.0, 0.0, 0.0));
}

/// By hand: 1, 2, 3 have mean 2 and variance 1, so t = 2 √3 with 2 degrees of freedom; its tail is ½ − t / (2 √(2 +
/// t²)).
#[test]
fn is_the_t_test_by_hand() {
    let estimate = Estimate::over_seeds(&[1.0, 2.0, 3.0]).unwrap();
    let t = 2.0 * 3f64.sqrt();
    let tail = 0.5 - t / (2.0 * (2.0 + t * t).sqrt());
    assert!((estimate.p_above(0.0) - tail).abs() < 1e-13);
    assert!((estimate.p_below(0.0) - (1.0 - tail)).abs() < 1e-13);
    assert!((estimate.p_apart(0.0) - 2.0 * tail).abs() < 1e-13);
    assert!((estimate.p_different(0.0) - 2.0 * tail).abs() < 1e-13);
}

/// By hand: variances of the means 1/3 and 4/3, and (5/3)² / ((1/3)²/2 + (4/3)²/2) = 50/17 degrees of freedom.
#[test]
fn unpaired_seeds_are_welchs() {
    let of = |values: &[f64]| Estimate::over_seeds(values).unwrap();
    let difference = of(&[1.0, 2.0, 3.0]).less(&of(&[2.0, 4.0, 6.0]));
    assert!((difference.degrees - 50.0 / 17.0).abs() < 1e-12, "{}", difference.degrees);
    assert!((difference.standard_error() - (5f64 / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!(difference.effect, -2.0);
    assert_eq!(of(&[1.0]).less(&of(&[2.0, 2.1])).p_apart(0.0), 1.0);
}
