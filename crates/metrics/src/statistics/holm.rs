//! Holm's correction for multiple comparisons.

/// Adjusts p-values: rejecting all values below α makes one or more errors with probability at most α, for any
/// dependence between them.
///
/// In ascending order, the k-th of n values (from 0) is multiplied by `n − k`. Each result is at least the previous one
/// and at most 1. Results are in the order of the input. NaN counts as 1.
///
/// Source: S. Holm, "A simple sequentially rejective multiple test procedure", 1979.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> =
        p.iter().enumerate().map(|(place, &p)| (if p.is_nan() { 1.0 } else { p }, place)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest = 0.0f64;
    for (rank, (value, place)) in order.into_iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * value).min(1.0);
        if let Some(slot) = adjusted.get_mut(place) {
            *slot = largest;
        }
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rng::Key;

    /// By hand: 0.005 · 4, 0.01 · 3, then 0.03 · 2 = 0.06, which also bounds 0.04 · 1 from below.
    #[test]
    fn is_what_a_hand_computes() {
        let found = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in found.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
    }

    #[test]
    fn nothing_is_above_one_and_no_number_is_no_evidence() {
        assert_eq!(holm(&[0.9, 0.8, f64::NAN]), [1.0, 1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    /// 4 000 families of 20 true hypotheses: the share with an error is 1 − (1 − 0.05 / 20)²⁰ = 0.0488 for independent
    /// ones. Its standard deviation is 0.0034; the tolerance is four of them.
    #[test]
    fn a_family_without_effects_is_refused_in_five_of_a_hundred() {
        let families = 4_000u32;
        let mistaken = (0..families)
            .filter(|&family| {
                let p: Vec<f64> = Key::new(11).fold_in(family).uniform(20).into_iter().map(f64::from).collect();
                holm(&p).into_iter().any(|p| p < 0.05)
            })
            .count();
        let share = mistaken as f64 / f64::from(families);
        assert!((share - 0.0488).abs() < 4.0 * 0.0034, "{share}");
    }
}
