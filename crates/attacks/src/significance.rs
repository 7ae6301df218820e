//! The statistical significance of a count.

/// The significance level: chance would exceed a significant count less often than this.
pub(crate) const LEVEL: f64 = 0.05;

/// The probability that at least `successes` of `trials` succeed, each with probability `share`, above 0 and below 1.
///
/// The terms `ln C(n, k) + k ln p + (n − k) ln (1 − p)` are logarithms. They are summed relative to the largest
/// exponent.
pub(crate) fn upper_tail(successes: usize, trials: usize, share: f64) -> f64 {
    let (hit, miss) = (share.ln(), (-share).ln_1p());
    let mut log_term = trials as f64 * miss;
    let mut tail = 0.0;
    for k in 0..=trials {
        if k >= successes {
            tail += log_term.exp();
        }
        log_term += ((trials - k) as f64 / (k + 1) as f64).ln() + hit - miss;
    }
    tail.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_the_binomial_ones() {
        // `1 − 0.99³¹`, and the same minus `31 · 0.01 · 0.99³⁰`; sums of 32 terms in double precision.
        assert!((upper_tail(1, 31, 0.01) - (1.0 - 0.99_f64.powi(31))).abs() < 1e-13);
        let two = 1.0 - 0.99_f64.powi(31) - 0.31 * 0.99_f64.powi(30);
        assert!((upper_tail(2, 31, 0.01) - two).abs() < 1e-13);
        assert!((upper_tail(5, 5, 0.5) - 0.03125).abs() < 1e-15);
        assert!((upper_tail(0, 0, 0.5) - 1.0).abs() < 1e-15);
        assert_eq!(upper_tail(6, 5, 0.5), 0.0);
        // An odd number of fair trials gives one half, although the first term underflows.
        assert!((upper_tail(5_001, 10_001, 0.5) - 0.5).abs() < 1e-9);
    }
}
