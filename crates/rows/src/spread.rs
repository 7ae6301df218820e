//! One value of several seeds, and the distinct values of a column.

use crate::significant::{decimal, significant};

/// A value of several seeds.
pub struct Spread {
    mean: f64,
    least: f64,
    most: f64,
    seeds: usize,
}

impl Spread {
    /// The mean and range of these values.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        Self {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            seeds: values.len(),
        }
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The mean and range with `decimals` decimals, for counts and percentages.
    pub fn show(&self, decimals: usize) -> String {
        self.said(|value| format!("{value:.decimals$}"))
    }

    /// The mean and range as [`decimal`] formats them, for quantities that differ by orders of magnitude.
    pub fn digits(&self, decimals: usize) -> String {
        self.said(|value| decimal(value, decimals))
    }

    /// The mean and range with `digits` significant digits, for numbers of any size.
    pub fn significant(&self, digits: usize) -> String {
        self.said(|value| significant(value, digits))
    }

    fn said(&self, shown: impl Fn(f64) -> String) -> String {
        if self.seeds > 1 {
            format!("{} ({} to {})", shown(self.mean), shown(self.least), shown(self.most))
        } else {
            shown(self.mean)
        }
    }
}

/// The distinct names, in alphabetical order.
pub fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The distinct values, in the order of their first occurrence.
pub fn in_order<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// The distinct values, the largest first.
pub fn descending(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(|left, right| right.total_cmp(left));
    values.dedup();
    values
}

/// `successes / correct`, or zero if `correct` is zero.
pub fn rate(successes: u32, correct: u32) -> f64 {
    if correct == 0 { 0.0 } else { f64::from(successes) / f64::from(correct) }
}

/// Whether two settings, such as an epsilon from a file and one from a preset, are equal up to rounding.
pub fn same(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}
