//! Tables of results beside the paper's, for a terminal and for Markdown.
//!
//! Several seeds become their mean and range; a difference is ours less the paper's.

use crate::optimizers::{distinct, label, paper_counterpart};
use crate::paper::{self, PaperError};
use crate::records::{DistributionRow, FgsmRow, Quantity, Scope, SharpnessRow, TrainingRow};
use crate::significant::{decimal, shortest, signed, significant};

/// What a cell shows where the paper has no number.
const NOTHING: &str = "–";

/// What a table shows beside our numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The paper's numbers, and ours less those. They are numbers on MNIST.
    Paper,
    /// Nothing: results on other data have nothing in the paper to compare with.
    Nothing,
}

impl Beside {
    /// The columns without those that are about the paper: the ones named "paper" and "Δ".
    fn table(self, header: &[&str]) -> (Table, Vec<bool>) {
        let shown: Vec<bool> =
            header.iter().map(|name| self == Self::Paper || !["paper", "Δ"].contains(name)).collect();
        (Table { header: kept(header.iter().map(|&name| name.to_owned()), &shown), rows: Vec::new() }, shown)
    }
}

/// The cells of the columns that are shown.
fn kept(cells: impl IntoIterator<Item = String>, shown: &[bool]) -> Vec<String> {
    cells.into_iter().zip(shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell).collect()
}

/// A table of text: the first column is aligned to the left, the others to the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The columns' names.
    pub header: Vec<String>,
    /// The cells, a row each.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// The table with aligned columns for a terminal.
    pub fn to_text(&self) -> String {
        let widths = self.widths(0);
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  ");
        let mut lines = vec![aligned(&self.header, &widths).join("  "), rule];
        lines.extend(self.rows.iter().map(|row| aligned(row, &widths).join("  ")));
        lines.iter().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// The table in Markdown; what would end a cell or a line is escaped.
    pub fn to_markdown(&self) -> String {
        let whole = |cells: &Vec<String>| cells.iter().map(|cell| escaped(cell)).collect();
        Self { header: whole(&self.header), rows: self.rows.iter().map(whole).collect() }.markdown()
    }

    /// The same of cells that are escaped.
    fn markdown(&self) -> String {
        let widths = self.widths(3);
        let line = |cells: &[String]| format!("| {} |\n", aligned(cells, &widths).join(" | "));
        let rule: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| match column {
                0 => format!(":{}", "-".repeat(width - 1)),
                _ => format!("{}:", "-".repeat(width - 1)),
            })
            .collect();
        let body: String = self.rows.iter().map(|row| line(row)).collect();
        line(&self.header) + &line(&rule) + &body
    }

    fn widths(&self, least: usize) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.chain(self.header.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0).max(least)
        };
        (0..self.header.len()).map(width).collect()
    }
}

/// A cell of Markdown: one line, without a bar of its own.
fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|").replace("\r\n", " ").replace(['\n', '\r'], " ")
}

fn aligned(cells: &[String], widths: &[usize]) -> Vec<String> {
    cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") })
        .collect()
}

/// Table 1 or 2: a line an optimizer and epsilon. Successes are the images that are classified correctly and, after the
/// attack, misclassified.
///
/// # Errors
/// Returns [`PaperError`] if the embedded numbers of the paper do not parse.
pub fn fgsm_table(rows: &[FgsmRow], beside: Beside) -> Result<Table, PaperError> {
    // The rate is the result: it comes first, where a narrow screen shows it.
    let header = ["optimizer", "ε", "success rate", "paper", "correct", "paper", "Δ", "successes", "paper", "Δ"];
    let (mut table, shown) = beside.table(&header);
    for dataset in names(rows.iter().map(|row| row.dataset.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = || rows.iter().filter(|row| row.dataset == dataset && row.optimizer == optimizer);
            for epsilon in descending(own().map(|row| row.epsilon)) {
                let here: Vec<&FgsmRow> = own().filter(|row| row.epsilon == epsilon).collect();
                let published = match paper_counterpart(optimizer) {
                    Some(name) => paper::fgsm(dataset, name, epsilon)?,
                    None => None,
                };
                let correct = Spread::of(here.iter().map(|row| f64::from(row.correct)));
                let successes = Spread::of(here.iter().map(|row| f64::from(row.successes)));
                let rate = Spread::of(here.iter().map(|row| 100.0 * row.success_rate));
                let theirs = published.map(|count| (f64::from(count.correct), f64::from(count.successes)));
                let mut cells = vec![label(optimizer).to_owned(), shortest(epsilon)];
                cells.push(format!("{} %", rate.show(1)));
                cells.push(or_nothing(published.map(|count| format!("{:.1} %", 100.0 * count.success_rate()))));
                cells.extend(counts_compared(&correct, theirs.map(|count| count.0)));
                cells.extend(counts_compared(&successes, theirs.map(|count| count.1)));
                table.rows.push(kept(cells, &shown));
            }
        }
    }
    Ok(table)
}

/// Table 3: a line an optimizer, scope and radius.
///
/// # Errors
/// Returns [`PaperError`] if the embedded numbers of the paper do not parse.
pub fn sharpness_table(rows: &[SharpnessRow], beside: Beside) -> Result<Table, PaperError> {
    let (mut table, shown) = beside.table(&["optimizer", "scope", "ρ", "mean", "median", "paper", "Δ"]);
    for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        for scope in [Scope::Batch, Scope::Example] {
            let own = || rows.iter().filter(|row| row.optimizer == optimizer && row.scope == scope);
            for rho in descending(own().map(|row| row.rho)).into_iter().rev() {
                let here: Vec<&SharpnessRow> = own().filter(|row| row.rho == rho).collect();
                let published = match (scope, paper_counterpart(optimizer)) {
                    (Scope::Batch, Some(name)) => paper::sharpness(name, rho)?,
                    _ => None,
                };
                let mean = Spread::of(here.iter().map(|row| row.mean_loss_increase));
                let median = Spread::of(here.iter().map(|row| row.median_loss_increase));
                let mut cells = vec![label(optimizer).to_owned(), scope.to_string(), shortest(rho), mean.digits(4)];
                cells.extend(compared(&median, published, 4));
                table.rows.push(kept(cells, &shown));
            }
        }
    }
    Ok(table)
}

/// What figures 2 and 3 show: means, medians and other quantiles.
///
/// # Errors
/// Returns [`PaperError`] if the embedded numbers of the paper do not parse.
pub fn distribution_table(rows: &[DistributionRow], quantity: Quantity, beside: Beside) -> Result<Table, PaperError> {
    let header = ["optimizer", "data", "mean", "paper", "Δ", "median", "paper", "Δ", "5 %", "25 %", "75 %", "95 %"];
    let (mut table, shown) = beside.table(&header);
    for dataset in names(rows.iter().map(|row| row.dataset.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let here: Vec<&DistributionRow> = rows
                .iter()
                .filter(|row| row.dataset == dataset && row.optimizer == optimizer && row.quantity == quantity)
                .collect();
            if here.is_empty() {
                continue;
            }
            let published = match paper_counterpart(optimizer) {
                Some(name) => paper::distribution(dataset, name, quantity)?,
                None => None,
            };
            let spread = |value: fn(&DistributionRow) -> f64| Spread::of(here.iter().map(|row| value(row)));
            let mut cells = vec![label(optimizer).to_owned(), dataset.to_owned()];
            cells.extend(compared(&spread(|row| row.mean), published.map(|summary| summary.mean), 4));
            cells.extend(compared(&spread(|row| row.median), published.map(|summary| summary.median), 4));
            let quantiles: [fn(&DistributionRow) -> f64; 4] =
                [|row| row.q05, |row| row.q25, |row| row.q75, |row| row.q95];
            cells.extend(quantiles.into_iter().map(|quantile| spread(quantile).digits(4)));
            table.rows.push(kept(cells, &shown));
        }
    }
    Ok(table)
}

/// The last epoch of every run.
pub fn final_epoch_table(rows: &[TrainingRow]) -> Table {
    let mut table =
        Table::new(&["optimizer", "data", "epochs", "test accuracy", "train loss", "train accuracy", "test loss"]);
    for dataset in names(rows.iter().map(|row| row.dataset.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = || rows.iter().filter(|row| row.dataset == dataset && row.optimizer == optimizer);
            let Some(last) = own().map(|row| row.epoch).max() else {
                continue;
            };
            let here: Vec<&TrainingRow> = own().filter(|row| row.epoch == last).collect();
            let spread = |value: fn(&TrainingRow) -> f64| Spread::of(here.iter().map(|row| value(row)));
            table.rows.push(vec![
                label(optimizer).to_owned(),
                dataset.to_owned(),
                last.to_string(),
                spread(|row| 100.0 * row.test_accuracy).show(2) + " %",
                spread(|row| row.train_loss).digits(4),
                spread(|row| 100.0 * row.train_accuracy).show(2) + " %",
                spread(|row| row.test_loss).digits(4),
            ]);
        }
    }
    table
}

/// A value of several seeds.
pub(crate) struct Spread {
    mean: f64,
    least: f64,
    most: f64,
    seeds: usize,
}

impl Spread {
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        Self {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            seeds: values.len(),
        }
    }

    /// With so many decimals: for counts and percentages.
    pub(crate) fn show(&self, decimals: usize) -> String {
        self.said(|value| format!("{value:.decimals$}"))
    }

    /// With so many decimals, or as many digits as a value needs: for quantities that differ by orders of magnitude.
    pub(crate) fn digits(&self, decimals: usize) -> String {
        self.said(|value| decimal(value, decimals))
    }

    /// With so many significant digits: for numbers of any size.
    pub(crate) fn significant(&self, digits: usize) -> String {
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

/// Our count, the paper's, and the difference of the two as they are shown.
fn counts_compared(ours: &Spread, theirs: Option<f64>) -> [String; 3] {
    let shown = |value: f64| format!("{value:.0}");
    let difference = |theirs: f64| format!("{:+.0}", read(&shown(ours.mean)) - read(&shown(theirs)));
    [ours.show(0), or_nothing(theirs.map(shown)), or_nothing(theirs.map(difference))]
}

/// Ours, the paper's, and the difference of the two as they are shown.
fn compared(ours: &Spread, theirs: Option<f64>, decimals: usize) -> [String; 3] {
    let difference = |theirs: f64| {
        let (ours, theirs) = (decimal(ours.mean, decimals), decimal(theirs, decimals));
        // Two numbers of fixed decimals have a difference of as many.
        let fixed = [&ours, &theirs].iter().all(|text| text.split('.').nth(1).map_or(0, str::len) == decimals);
        let difference = read(&ours) - read(&theirs);
        if fixed { format!("{difference:+.decimals$}") } else { signed(difference, decimals) }
    };
    [
        ours.digits(decimals),
        or_nothing(theirs.map(|theirs| decimal(theirs, decimals))),
        or_nothing(theirs.map(difference)),
    ]
}

/// The number that a cell shows.
fn read(shown: &str) -> f64 {
    shown.parse().unwrap_or(f64::NAN)
}

fn or_nothing(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| NOTHING.to_owned())
}

/// The distinct names, in alphabetical order.
pub(crate) fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The distinct values, each where it comes first.
pub(crate) fn in_order<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

fn descending(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(|left, right| right.total_cmp(left));
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_stand_beside_the_papers() {
        let rows = [
            FgsmRow::new("clean", "gauss-newton", 42, 0.1, 9750, 7000).unwrap(),
            FgsmRow::new("clean", "gauss-newton-published", 42, 0.1, 9589, 6500).unwrap(),
        ];
        let table = fgsm_table(&rows, Beside::Paper).unwrap();
        assert_eq!(
            table.to_text(),
            "\
optimizer                   ε  success rate   paper  correct  paper   Δ  successes  paper      Δ
------------------------  ---  ------------  ------  -------  -----  --  ---------  -----  -----
Gauss-Newton (published)  0.1        67.8 %  51.5 %     9589   9585  +4       6500   4937  +1563
Gauss-Newton (mean)       0.1        71.8 %       –     9750      –   –       7000      –      –
"
        );
        assert!(table.to_markdown().starts_with("| optimizer                |   ε | success rate |"));
    }

    #[test]
    fn without_the_paper_no_number_of_it_is_shown() {
        let rows = [FgsmRow::new("clean", "sgd", 42, 0.1, 2_800, 2_700).unwrap()];
        let text = fgsm_table(&rows, Beside::Nothing).unwrap().to_text();
        assert_eq!(
            text,
            "\
optimizer    ε  success rate  correct  successes
---------  ---  ------------  -------  ---------
SGD        0.1        96.4 %     2800       2700
"
        );
        let rows = [SharpnessRow::new("sgd", 1, 0.01, Scope::Batch, 3.1e-8, 0.5).unwrap()];
        let table = sharpness_table(&rows, Beside::Nothing).unwrap();
        assert_eq!(table.header, ["optimizer", "scope", "ρ", "mean", "median"]);
        assert_eq!(table.rows[0][3..], ["3.10e-8", "0.5000"]);
    }

    #[test]
    fn several_seeds_become_a_mean_and_a_range() {
        let rows = [
            SharpnessRow::new("adam", 1, 0.01, Scope::Batch, 0.010, 0.010).unwrap(),
            SharpnessRow::new("adam", 2, 0.01, Scope::Batch, 0.012, 0.012).unwrap(),
        ];
        let table = sharpness_table(&rows, Beside::Paper).unwrap();
        assert_eq!(table.rows[0][4], "0.0110 (0.0100 to 0.0120)");
        assert_eq!(table.rows[0][6], "+0.0009");
    }

    #[test]
    fn a_difference_is_that_of_the_numbers_beside_it() {
        // 0.01004 and 0.01006 are shown as 0.0100 and 0.0101.
        assert_eq!(compared(&Spread::of([0.010_06].into_iter()), Some(0.010_04), 4)[2], "+0.0001");
        assert_eq!(counts_compared(&Spread::of([2.0, 3.0].into_iter()), Some(5.0)), ["2 (2 to 3)", "5", "-3"]);
        let tiny = compared(&Spread::of([3.1e-8].into_iter()), Some(0.01), 4);
        assert_eq!(tiny, ["3.10e-8", "0.0100", "-0.0100"]);
        assert_eq!(compared(&Spread::of([3.1e-8].into_iter()), Some(2e-8), 4)[2], "+1.10e-8");
    }

    #[test]
    fn a_cell_stays_a_cell_in_markdown() {
        let mut table = Table::new(&["a", "b"]);
        table.rows.push(vec!["x | y".to_owned(), "two\nlines".to_owned()]);
        let text = table.to_markdown();
        assert_eq!(text.lines().last(), Some("| x \\| y | two lines |"));
    }

    #[test]
    fn no_rows_make_an_empty_table() {
        assert!(distribution_table(&[], Quantity::LogitMargin, Beside::Paper).unwrap().rows.is_empty());
        assert!(final_epoch_table(&[]).to_text().lines().count() == 2);
    }
}
