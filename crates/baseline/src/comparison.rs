//! Numbers next to their recorded values.

use crate::number::{Number, shown};
use std::fmt;

/// A number next to its recorded value.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The name.
    pub name: String,
    /// The recorded number; `None` if it is not recorded.
    pub recorded: Option<Number>,
    /// The value now; `None` if it is not measured.
    pub now: Option<f64>,
}

impl Line {
    /// Whether both values exist and differ by no more than the recorded tolerance.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        // A NaN on either side makes the comparison false.
        matches!((&self.recorded, self.now), (Some(old), Some(now)) if (now - old.value).abs() <= old.tolerance)
    }
}

/// A number that moved, is missing, or is not recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// The name.
    pub name: String,
    /// The recorded value, if any.
    pub recorded: Option<f64>,
    /// The value now, if any.
    pub now: Option<f64>,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: Option<f64>, missing: &str| value.map_or_else(|| missing.to_owned(), shown);
        write!(f, "{} ({} → {})", self.name, value(self.recorded, "not recorded"), value(self.now, "not measured"))
    }
}

/// All numbers next to their recorded values: first the measured ones, then the recorded ones that are missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The numbers.
    pub lines: Vec<Line>,
}

impl Comparison {
    pub(crate) fn of(recorded: &[Number], now: &[Number]) -> Self {
        let old = |name: &str| recorded.iter().find(|old| old.name == name).cloned();
        let measured =
            now.iter().map(|now| Line { name: now.name.clone(), recorded: old(&now.name), now: Some(now.value) });
        let missing = recorded.iter().filter(|old| !now.iter().any(|now| now.name == old.name));
        let missing = missing.map(|old| Line { name: old.name.clone(), recorded: Some(old.clone()), now: None });
        Self { lines: measured.chain(missing).collect() }
    }

    /// The numbers that are outside their tolerance, missing, or not recorded.
    #[must_use]
    pub fn moved(&self) -> Vec<Moved> {
        let moved = self.lines.iter().filter(|line| !line.is_fine());
        let of = |line: &Line| Moved {
            name: line.name.clone(),
            recorded: line.recorded.as_ref().map(|old| old.value),
            now: line.now,
        };
        moved.map(of).collect()
    }
}

impl fmt::Display for Comparison {
    /// A table with a line for each number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or_default();
        writeln!(f, "{:width$} {:>12} {:>12} {:>12} {:>12}", "", "recorded", "now", "moved", "tolerance")?;
        for line in &self.lines {
            let old = line.recorded.as_ref();
            let by = old.zip(line.now).map_or_else(String::new, |(old, now)| shown(now - old.value));
            let cell = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), shown);
            let verdict = if line.is_fine() { "" } else { "  MOVED" };
            writeln!(
                f,
                "{:width$} {:>12} {:>12} {by:>12} {:>12}{verdict}",
                line.name,
                cell(old.map(|old| old.value)),
                cell(line.now),
                cell(old.map(|old| old.tolerance)),
            )?;
        }
        Ok(())
    }
}
