//! Comparison of two shares of independent images.

use super::student_t::upper_tail;

/// The probability that two equal shares differ at least this much. Each argument is the number of hits and the number
/// of images.
///
/// One success and one failure are added to each side. The normal approximation is then conservative even for few or
/// rare hits. If both shares are measured on the same images, as is common for a test set, they vary less than assumed,
/// and the value is too large, never too small. It is 1 if one side has no images.
///
/// Source: A. Agresti & B. Caffo, "Simple and effective confidence intervals for proportions and differences of proportions
/// result from adding two successes and two failures", 2000.
#[must_use]
pub fn p_same_share(first: (f64, f64), second: (f64, f64)) -> f64 {
    if !(first.1 > 0.0 && second.1 > 0.0) {
        return 1.0;
    }
    let smoothed = |(hits, among): (f64, f64)| {
        let share = (hits + 1.0) / (among + 2.0);
        (share, share * (1.0 - share) / (among + 2.0))
    };
    let ((first, first_variance), (second, second_variance)) = (smoothed(first), smoothed(second));
    let deviation = (first_variance + second_variance).max(0.0).sqrt();
    (2.0 * upper_tail((first - second).abs() / deviation, f64::INFINITY)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rng::Key;

    /// By hand: 49 of 98 and 29 of 98 become 50 of 100 and 30 of 100. The two tails of 0.2 / sqrt(0.0025 + 0.0021) =
    /// 2.9488 are 0.00319.
    #[test]
    fn is_what_a_hand_computes() {
        let p = p_same_share((49.0, 98.0), (29.0, 98.0));
        assert!((p - 0.00319).abs() < 5e-6, "{p}");
        assert_eq!(p_same_share((3.0, 10.0), (3.0, 10.0)), 1.0);
        assert_eq!(p_same_share((0.0, 0.0), (3.0, 10.0)), 1.0);
    }

    /// 2 000 pairs of equal shares, common and rare: at most one of twenty is called different, within four standard
    /// deviations.
    #[test]
    fn equal_shares_are_rarely_called_different() {
        for (case, share, images) in [(0, 0.5f32, 400), (1, 0.02, 400), (2, 0.9, 60)] {
            let hits = |key: Key| key.uniform(images).into_iter().filter(|&u| u < share).count() as f64;
            let wrong = (0..2_000u32)
                .filter(|&pair| {
                    let key = Key::new(41 + case).fold_in(pair);
                    let among = images as f64;
                    p_same_share((hits(key.fold_in(0)), among), (hits(key.fold_in(1)), among)) < 0.05
                })
                .count() as f64;
            assert!(wrong / 2_000.0 < 0.05 + 4.0 * (0.05f64 * 0.95 / 2_000.0).sqrt(), "{share}: {wrong}");
        }
    }
}
