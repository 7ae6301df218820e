//! Corrections for multiple tests.

/// Adjusts p-values: rejecting all values below α makes one or more errors with probability at most α, for any
/// dependence between them.
///
/// In ascending order, the k-th of n values (from 0) is multiplied by `n − k`. Each result is at least the previous one
/// and at most 1. Results are in the order of the input. NaN counts as 1.
///
/// Source: S. Holm, "A simple sequentially rejective multiple test procedure", 1979.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    shaffer(&p.iter().map(|&p| [p]).collect::<Vec<_>>()).into_iter().flatten().collect()
}

/// Adjusts the p-values of comparisons that test several hypotheses each, of which at most one is true. Rejecting all
/// values below α makes one or more errors with probability at most α, for any dependence between them.
///
/// An example is a test of a difference beside a test of equivalence: an effect is not both zero and as large as the
/// margin. In ascending order, each value is multiplied by the number of comparisons with a value that is not smaller:
/// so many hypotheses can be true at most. Each result is at least the previous one and at most 1. Results are in the
/// order of the input. NaN counts as 1. With one hypothesis in each comparison, the result is [`holm`]'s.
///
/// Source: J. P. Shaffer, "Modified sequentially rejective multiple test procedures", 1986.
#[must_use]
pub fn shaffer<P: AsRef<[f64]>>(comparisons: &[P]) -> Vec<Vec<f64>> {
    let values = comparisons.iter().enumerate().flat_map(|(comparison, values)| {
        values.as_ref().iter().enumerate().map(move |(place, &p)| (if p.is_nan() { 1.0 } else { p }, comparison, place))
    });
    let mut order: Vec<(f64, usize, usize)> = values.collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut left: Vec<usize> = comparisons.iter().map(|values| values.as_ref().len()).collect();
    let mut open = left.iter().filter(|&&left| left > 0).count();
    let mut adjusted: Vec<Vec<f64>> = left.iter().map(|&values| vec![1.0; values]).collect();
    let mut largest = 0.0f64;
    for (value, comparison, place) in order {
        largest = largest.max(open as f64 * value).min(1.0);
        if let Some(slot) = adjusted.get_mut(comparison).and_then(|values| values.get_mut(place)) {
            *slot = largest;
        }
        if let Some(left) = left.get_mut(comparison) {
            *left -= 1;
            if *left == 0 {
                open -= 1;
            }
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

    /// By hand. All three comparisons are open for 0.01, 0.02 and 0.03. After 0.03 the first comparison has no value left, so that
    /// 0.04 is multiplied by 2, which the 0.09 of before exceeds; 0.2 and 0.3 are the last two, of two comparisons and of one.
    #[test]
    fn at_most_one_hypothesis_of_a_comparison_is_true() {
        let found = shaffer(&[vec![0.01, 0.03], vec![0.02, 0.2], vec![0.04, 0.3]]);
        let expected = [[0.03, 0.09], [0.06, 0.4], [0.09, 0.4]];
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
        assert_eq!(shaffer::<[f64; 0]>(&[[], []]), vec![Vec::<f64>::new(); 2]);
    }

    /// 4 000 families of 20 comparisons, each with a true hypothesis and one that is wrong and whose p-value is 0: errors are as
    /// rare as with the true hypotheses alone.
    #[test]
    fn rejected_hypotheses_do_not_weaken_the_correction() {
        let families = 4_000u32;
        let mistaken = (0..families)
            .filter(|&family| {
                let p = Key::new(12).fold_in(family).uniform(20);
                let p: Vec<[f64; 2]> = p.into_iter().map(|p| [0.0, f64::from(p)]).collect();
                shaffer(&p).into_iter().any(|adjusted| adjusted[1] < 0.05)
            })
            .count();
        let share = mistaken as f64 / f64::from(families);
        assert!((share - 0.0488).abs() < 4.0 * 0.0034, "{share}");
    }
}
