//! Seeded label poisoning: untargeted, or of one class towards another.

use std::num::NonZeroU32;

use minima_rng::Key;

use crate::{
    dataset::{MOST_CLASSES, check_labels},
    error::DataError,
};

/// Poisoned labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poisoning {
    /// All labels, in the original order.
    pub labels: Vec<u16>,
    /// The positions of the changed labels, ascending.
    pub changed: Vec<u32>,
}

/// Replaces exactly ⌊`rate` · N⌋ of N labels by wrong labels, uniform among the `classes` − 1 wrong ones.
///
/// The same seed gives the same result on every machine. With `(select, replace) = Key::for_module(seed, "poison").split()`, the
/// positions are the first ⌊rate · N⌋ of `select.permutation(N)`. In ascending order, the positions take the integers of
/// `replace.below(⌊rate · N⌋, classes − 1)`; integers from the true label on are increased by one. The floor is computed for the
/// decimal number `rate`: 0.29 of 100 labels are 29, although 0.29 · 100 in double precision is less than 29.
///
/// # Errors
///
/// - Returns [`DataError::Rate`] if `rate` is not in [0, 1].
/// - Returns [`DataError::Classes`] if `classes` is below 2 or above 65 536.
/// - Returns [`DataError::Label`] if a label is not below `classes`.
///
/// ```
/// let poisoning = minima_data::poison(&[0; 10], 10, 0.3, 42)?;
/// assert_eq!(poisoning.changed.len(), 3);
/// assert_eq!(poisoning.labels.iter().filter(|&&label| label != 0).count(), 3);
/// # Ok::<(), minima_data::DataError>(())
/// ```
pub fn poison(labels: &[u16], classes: usize, rate: f64, seed: u64) -> Result<Poisoning, DataError> {
    if !(0.0..=1.0).contains(&rate) {
        return Err(DataError::Rate { found: rate });
    }
    let wrong_ones = match classes {
        2..=MOST_CLASSES => NonZeroU32::new(classes as u32 - 1),
        _ => None,
    };
    let Some(wrong_ones) = wrong_ones else {
        return Err(DataError::Classes { found: classes, expected: "2 to 65536" });
    };
    check_labels("labels", labels, classes)?;

    let count = share(rate, labels.len());
    let (select, replace) = Key::for_module(seed, "poison").split();
    let mut changed = select.permutation(labels.len());
    changed.truncate(count);
    changed.sort_unstable();

    let mut poisoned = labels.to_vec();
    let drawn = replace.below(changed.len(), wrong_ones);
    for (&position, draw) in changed.iter().zip(drawn) {
        if let Some(label) = poisoned.get_mut(position as usize) {
            let skip = u32::from(draw >= u32::from(*label));
            *label = (draw + skip) as u16;
        }
    }
    Ok(Poisoning { labels: poisoned, changed })
}

/// Replaces exactly ⌊`rate` · N⌋ of the N labels `from` by `to`: a targeted attack on one class.
///
/// The same seed gives the same result on every machine. The positions are the first ⌊rate · N⌋ of the N positions, permuted by
/// `Key::for_module(seed, "poison-targeted")`. The floor is computed as in [`poison`].
///
/// # Errors
///
/// - Returns [`DataError::Rate`] if `rate` is not in [0, 1].
/// - Returns [`DataError::Classes`] if `from` equals `to`.
/// - Returns [`DataError::Label`] if a label, `from` or `to` is not below `classes`.
///
/// ```
/// let poisoning = minima_data::poison_targeted(&[7, 1, 7, 3, 7, 7], 10, 7, 1, 0.5, 42)?;
/// assert_eq!(poisoning.changed.len(), 2);
/// assert!(poisoning.changed.iter().all(|&i| poisoning.labels[i as usize] == 1));
/// # Ok::<(), minima_data::DataError>(())
/// ```
pub fn poison_targeted(
    labels: &[u16],
    classes: usize,
    from: u16,
    to: u16,
    rate: f64,
    seed: u64,
) -> Result<Poisoning, DataError> {
    if !(0.0..=1.0).contains(&rate) {
        return Err(DataError::Rate { found: rate });
    }
    if from == to {
        return Err(DataError::Classes { found: usize::from(to), expected: "a class other than the one it replaces" });
    }
    check_labels("labels", labels, classes)?;
    check_labels("the classes of a targeted poisoning", &[from, to], classes)?;

    let places: Vec<u32> = (0..).zip(labels).filter(|(_, label)| **label == from).map(|(place, _)| place).collect();
    let order = Key::for_module(seed, "poison-targeted").permutation(places.len());
    let drawn = order.iter().take(share(rate, places.len()));
    let mut changed: Vec<u32> = drawn.filter_map(|&index| places.get(index as usize).copied()).collect();
    changed.sort_unstable();

    let mut poisoned = labels.to_vec();
    for &position in &changed {
        if let Some(label) = poisoned.get_mut(position as usize) {
            *label = to;
        }
    }
    Ok(Poisoning { labels: poisoned, changed })
}

/// ⌊`rate` · `n`⌋. A product within rounding of a whole number is taken as this number.
fn share(rate: f64, n: usize) -> usize {
    let product = rate * n as f64;
    let nearest = product.round();
    let rounding = 2.0 * f64::EPSILON * product;
    let whole = if (product - nearest).abs() <= rounding { nearest } else { product.floor() };
    (whole as usize).min(n)
}

#[cfg(test)]
mod tests {
    use super::{poison, poison_targeted, share};
    use crate::error::DataError;

    fn labels(n: usize) -> Vec<u16> {
        (0..n).map(|i| (i * 7 % 10) as u16).collect()
    }

    #[test]
    fn the_share_is_that_of_the_decimal() {
        for (rate, n, expected) in [
            (0.1, 60_000, 6000),
            (0.3, 10, 3),
            (0.29, 100, 29),
            (0.57, 100, 57),
            (0.07, 100, 7),
            (0.1, 9, 0),
            (0.1, 19, 1),
            (0.999, 1000, 999),
            (0.0, 10, 0),
            (1.0, 10, 10),
            (0.5, 0, 0),
        ] {
            assert_eq!(share(rate, n), expected, "{rate} of {n}");
        }
        for percent in 0..=100usize {
            for n in [100, 1000, 60_000, 10_000_000] {
                let rate = format!("{}", percent as f64 / 100.0).parse().unwrap();
                assert_eq!(share(rate, n), percent * n / 100, "{percent} % of {n}");
            }
        }
    }

    #[test]
    fn a_targeted_attack_changes_its_share_of_one_class() {
        let clean = labels(5003);
        let sevens = clean.iter().filter(|&&label| label == 7).count();
        for rate in [0.0, 0.1, 0.5, 1.0] {
            let found = poison_targeted(&clean, 10, 7, 1, rate, 3).unwrap();
            assert_eq!(found.changed.len(), share(rate, sevens));
            for (place, (&before, &after)) in (0..).zip(clean.iter().zip(&found.labels)) {
                let changed = found.changed.binary_search(&place).is_ok();
                assert_eq!(after, if changed { 1 } else { before });
                assert!(!changed || before == 7);
            }
        }
        let [one, other] = [3, 4].map(|seed| poison_targeted(&clean, 10, 7, 1, 0.5, seed).unwrap());
        assert_ne!(one, other);
        assert!(matches!(poison_targeted(&clean, 10, 7, 7, 0.5, 3), Err(DataError::Classes { found: 7, .. })));
        assert!(matches!(poison_targeted(&clean, 10, 7, 10, 0.5, 3), Err(DataError::Label { .. })));
        assert!(matches!(poison_targeted(&clean, 10, 7, 1, -0.1, 3), Err(DataError::Rate { .. })));
    }

    #[test]
    fn changes_exactly_the_named_labels() {
        let clean = labels(5003);
        for rate in [0.0, 0.1, 0.5, 0.999, 1.0] {
            let found = poison(&clean, 10, rate, 1).unwrap();
            assert_eq!(found.changed.len(), (rate * 5003.0) as usize);
            assert!(found.changed.is_sorted_by(|a, b| a < b));
            let differing = (0..5003u32).filter(|&i| clean[i as usize] != found.labels[i as usize]);
            assert!(differing.eq(found.changed.iter().copied()));
            assert!(found.labels.iter().all(|&label| label < 10));
        }
    }

    #[test]
    fn two_classes_swap() {
        let found = poison(&[0, 1, 0, 1], 2, 1.0, 0).unwrap();
        assert_eq!(found.labels, [1, 0, 1, 0]);
        let found = poison(&[255; 50], 256, 1.0, 0).unwrap();
        assert!(found.labels.iter().all(|&label| label != 255));
    }

    #[test]
    fn wrong_labels_are_uniform() {
        for truth in [0u16, 4, 9] {
            let found = poison(&vec![truth; 90_000], 10, 1.0, 11).unwrap();
            let mut counts = [0f64; 10];
            for label in found.labels {
                counts[usize::from(label)] += 1.0;
            }
            assert_eq!(counts[usize::from(truth)], 0.0);
            let wrong = (0..10).filter(|&label| label != usize::from(truth));
            let chi_square: f64 = wrong.map(|l| (counts[l] - 1e4f64).powi(2) / 1e4).sum();
            // The 0.999 quantile of chi-square with 8 degrees of freedom.
            assert!(chi_square < 26.12, "{truth}: {chi_square}");
        }
    }

    #[test]
    fn positions_are_uniform() {
        let mut counts = [0f64; 10];
        for position in poison(&labels(100_000), 10, 0.1, 3).unwrap().changed {
            counts[position as usize / 10_000] += 1.0;
        }
        let chi_square: f64 = counts.iter().map(|c| (c - 1e3).powi(2) / 1e3).sum();
        // The 0.999 quantile of chi-square with 9 degrees of freedom.
        assert!(chi_square < 27.88, "{chi_square}");
    }

    /// The expected pairs were computed separately, with the permutation and words of JAX 0.6.2.
    #[test]
    fn is_pinned_by_its_seed() {
        let clean = labels(40);
        let found = poison(&clean, 10, 0.15, 42).unwrap();
        assert_eq!(found, poison(&clean, 10, 0.15, 42).unwrap());
        assert_ne!(found, poison(&clean, 10, 0.15, 43).unwrap());
        let pairs: Vec<(u32, u16)> = found.changed.iter().map(|&i| (i, found.labels[i as usize])).collect();
        let expected = [(10, 6), (16, 4), (21, 4), (22, 9), (30, 4), (33, 6)];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn refuses_what_cannot_be_poisoned() {
        for rate in [-0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            let found = poison(&[0, 1], 10, rate, 0);
            assert!(matches!(found, Err(DataError::Rate { .. })), "{rate}");
        }
        for classes in [0, 1, 65_537] {
            let found = poison(&[0], classes, 0.5, 0);
            assert!(matches!(found, Err(DataError::Classes { .. })), "{classes}");
        }
        let found = poison(&[0, 12], 10, 0.5, 0);
        assert!(matches!(found, Err(DataError::Label { found: 12, position: 1, .. })));
    }
}
