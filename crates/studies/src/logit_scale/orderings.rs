//! Which differences between Gauss-Newton and the first-order optimizers remain at a common scale of the logits.

use minima_rows::optimizers::{ADAM, GAUSS_NEWTONS, SGD, distinct};
use minima_rows::{LogitScaleRow, ScaledQuantity};
use minima_rows::{in_order, names};

const FIRST_ORDER: [&str; 2] = [SGD, ADAM];

/// The effect of scaling on an ordering of two optimizers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The same optimizer has the larger value in every seed, as trained and with scaled logits.
    Survives,
    /// One optimizer has the larger value in every seed as trained, the other in every seed with scaled logits.
    Turns,
    /// One optimizer has the larger value in every seed as trained, but not in every seed with scaled logits.
    Blurs,
    /// The seeds do not agree even as trained.
    NeverThere,
}

/// The comparison of a Gauss-Newton with a first-order optimizer, over all seeds that have both.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordering {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The compared quantity.
    pub quantity: ScaledQuantity,
    /// The perturbation's norm, for loss increases.
    pub rho: Option<f64>,
    /// Whether means over the test images are compared; otherwise medians.
    pub of_means: bool,
    /// The Gauss-Newton.
    pub gauss_newton: String,
    /// The first-order optimizer.
    pub first_order: String,
    /// The number of seeds.
    pub seeds: usize,
    /// Seeds in which the Gauss-Newton has the larger value, as trained.
    pub larger_before: usize,
    /// Seeds in which the Gauss-Newton has the smaller value, as trained.
    pub smaller_before: usize,
    /// Seeds in which the Gauss-Newton has the larger value, with scaled logits.
    pub larger_after: usize,
    /// Seeds in which the Gauss-Newton has the smaller value, with scaled logits.
    pub smaller_after: usize,
}

impl Ordering {
    /// The effect of scaling on the ordering.
    #[must_use]
    pub fn fate(&self) -> Fate {
        let (all, before, after) =
            (self.seeds, [self.larger_before, self.smaller_before], [self.larger_after, self.smaller_after]);
        match before.iter().position(|&count| count == all && all > 0) {
            None => Fate::NeverThere,
            Some(side) if after.get(side) == Some(&all) => Fate::Survives,
            Some(side) if after.get(1 - side) == Some(&all) => Fate::Turns,
            Some(_) => Fate::Blurs,
        }
    }
}

/// Compares every Gauss-Newton in the rows with SGD and with Adam, in every quantity, by means and by medians. Mean margins are
/// excluded, because scaling makes them equal.
#[must_use]
pub fn orderings(rows: &[LogitScaleRow]) -> Vec<Ordering> {
    let mut found = Vec::new();
    let optimizers = distinct(rows.iter().map(|row| row.optimizer.as_str()));
    let there = |known: &[&str]| -> Vec<&str> { optimizers.iter().copied().filter(|o| known.contains(o)).collect() };
    let quantities = in_order(rows.iter().map(|row| (row.quantity, row.rho)));
    for labels in names(rows.iter().map(|row| row.labels.as_str())) {
        for &(quantity, rho) in &quantities {
            for of_means in [true, false] {
                if of_means && quantity == ScaledQuantity::LogitMargin {
                    continue;
                }
                for gauss_newton in there(&GAUSS_NEWTONS) {
                    for first_order in there(&FIRST_ORDER) {
                        let own: Vec<&LogitScaleRow> = rows
                            .iter()
                            .filter(|row| row.labels == labels && row.quantity == quantity && row.rho == rho)
                            .collect();
                        let pair = compared(&own, gauss_newton, first_order, of_means);
                        found.extend(pair.map(|pair| Ordering {
                            labels: labels.to_owned(),
                            quantity,
                            rho,
                            of_means,
                            gauss_newton: gauss_newton.to_owned(),
                            first_order: first_order.to_owned(),
                            seeds: pair.seeds,
                            larger_before: pair.larger[0],
                            smaller_before: pair.smaller[0],
                            larger_after: pair.larger[1],
                            smaller_after: pair.smaller[1],
                        }));
                    }
                }
            }
        }
    }
    found
}

/// Seeds in which the first optimizer has the larger or smaller value, as trained and with scaled logits.
#[derive(Default)]
struct Counts {
    seeds: usize,
    larger: [usize; 2],
    smaller: [usize; 2],
}

/// Compares two optimizers; `None` if no seed has both.
fn compared(rows: &[&LogitScaleRow], one: &str, other: &str, of_means: bool) -> Option<Counts> {
    let values = |row: &LogitScaleRow| match of_means {
        true => [row.mean_before, row.mean_after],
        false => [row.median_before, row.median_after],
    };
    let mut counts = Counts::default();
    for row in rows.iter().filter(|row| row.optimizer == one) {
        let beside = rows.iter().find(|beside| beside.optimizer == other && beside.seed == row.seed);
        let Some(beside) = beside else { continue };
        counts.seeds += 1;
        let sides = counts.larger.iter_mut().zip(&mut counts.smaller).zip(values(row).into_iter().zip(values(beside)));
        for ((larger, smaller), (a, b)) in sides {
            *larger += usize::from(a > b);
            *smaller += usize::from(a < b);
        }
    }
    (counts.seeds > 0).then_some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rows::optimizers::MEAN;

    fn row(optimizer: &str, seed: u64, before: f64, after: f64) -> LogitScaleRow {
        LogitScaleRow {
            labels: "clean".to_owned(),
            optimizer: optimizer.to_owned(),
            seed,
            factor: 1.0,
            quantity: ScaledQuantity::LogitMargin,
            rho: None,
            mean_before: 0.0,
            median_before: before,
            mean_after: 0.0,
            median_after: after,
        }
    }

    fn fate(before: [[f64; 2]; 2], after: [[f64; 2]; 2]) -> Fate {
        let seeds = (1..).zip(before.into_iter().zip(after));
        let rows: Vec<LogitScaleRow> = seeds
            .flat_map(|(seed, (before, after))| {
                [row(MEAN, seed, before[0], after[0]), row(ADAM, seed, before[1], after[1])]
            })
            .collect();
        let found = orderings(&rows);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].fate()
    }

    #[test]
    fn fates_are_what_every_seed_says() {
        let (more, less, equal) = ([2.0, 1.0], [1.0, 2.0], [1.0, 1.0]);
        assert_eq!(fate([more, more], [more, more]), Fate::Survives);
        assert_eq!(fate([less, less], [less, less]), Fate::Survives);
        assert_eq!(fate([less, less], [more, more]), Fate::Turns);
        assert_eq!(fate([more, more], [more, less]), Fate::Blurs);
        assert_eq!(fate([more, more], [equal, equal]), Fate::Blurs);
        assert_eq!(fate([more, less], [more, more]), Fate::NeverThere);
        assert_eq!(fate([equal, equal], [equal, equal]), Fate::NeverThere);
    }

    #[test]
    fn only_seeds_with_both_are_compared() {
        let rows = [row(MEAN, 1, 2.0, 2.0), row(SGD, 2, 1.0, 1.0), row(MEAN, 3, 5.0, 1.0), row(SGD, 3, 4.0, 2.0)];
        let found = orderings(&rows);
        assert_eq!(found.len(), 1);
        let one = &found[0];
        assert_eq!((one.seeds, one.larger_before, one.larger_after, one.smaller_after), (1, 1, 0, 1));
        assert!(orderings(&rows[..2]).is_empty());
    }
}
