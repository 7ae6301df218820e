//! Formats a comparison as text.

use super::folders::{Comparison, FileComparison, MetricComparison};
use minima_rows::Table;
use std::fmt;

/// The largest number of rows that are listed by name if only one folder has them.
const NAMED: usize = 5;

impl Comparison {
    /// A table with one row per change beyond noise.
    #[must_use]
    pub fn changes(&self) -> Table {
        let mut table = Table::new(&["file: row", "metric", "A", "B", "B − A", "seeds", "beyond noise by"]);
        for file in &self.files {
            for metric in file.metrics.iter().filter(|metric| metric.changed) {
                table.rows.push(vec![
                    format!("{}: {}", file.file, metric.row),
                    metric.metric.clone(),
                    metric.a.clone(),
                    metric.b.clone(),
                    metric.difference.map_or_else(String::new, |difference| format!("{difference:+.4}")),
                    metric.seeds.to_string(),
                    reason(metric),
                ]);
            }
        }
        table
    }
}

fn reason(metric: &MetricComparison) -> String {
    match (metric.p_holm, metric.relative, metric.allowed) {
        (Some(p), _, _) if p < 1e-4 => "p < 0.0001".to_owned(),
        (Some(p), _, _) => format!("p = {p:.4}"),
        (None, Some(found), Some(allowed)) => format!("{:.1} % (allowed: {:.0} %)", 100.0 * found, 100.0 * allowed),
        _ => "should be equal".to_owned(),
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changed() {
            writeln!(formatter, "{}", self.changes().to_text())?;
        }
        for file in &self.files {
            writeln!(formatter, "{}: {}", file.file, counts(file))?;
            for (side, rows) in [("A", &file.only_in_a), ("B", &file.only_in_b)] {
                if !rows.is_empty() {
                    writeln!(formatter, "  only in {side}: {}", some_of(rows))?;
                }
            }
        }
        for (side, files) in [("A", &self.only_in_a), ("B", &self.only_in_b)] {
            if !files.is_empty() {
                writeln!(formatter, "Only in {side}: {}", files.join(", "))?;
            }
        }
        let all: usize = self.files.iter().map(|file| file.metrics.len()).sum();
        let changed = self.changes().rows.len();
        let same = self.files.iter().filter(|file| file.same_bytes).count();
        match (all, same, self.files.len()) {
            (0, 0, _) => {
                write!(formatter, "Nothing could be compared: the folders have no numbers of the same row.")
            }
            (0, same, files) if same == files => {
                write!(formatter, "No number changed: all {same} files that are in both folders are identical.")
            }
            (0, same, _) => write!(
                formatter,
                "{same} files are identical; the others have no numbers of the same row and could not be compared."
            ),
            _ => write!(formatter, "{changed} of {all} numbers changed beyond noise; {same} files are identical."),
        }
    }
}

fn counts(file: &FileComparison) -> String {
    if file.same_bytes {
        return "identical".to_owned();
    }
    let count = |of: &dyn Fn(&MetricComparison) -> bool| file.metrics.iter().filter(|metric| of(metric)).count();
    let changed = count(&|metric| metric.changed);
    let equal = count(&|metric| metric.a == metric.b && !metric.changed);
    let rest = file.metrics.len() - changed - equal;
    format!("{changed} changed, {rest} within noise, {equal} equal")
}

fn some_of(rows: &[String]) -> String {
    let named = rows.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    match rows.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}
