//! Tables of results, with an optional published result to compare with.
//!
//! Several seeds are shown as mean and range. A difference is the result minus the published number.

use crate::reference::Reference;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::{Radius, decimal, shortest, signed};
use minima_rows::{
    DistributionRow, FgsmRow, Quantity, Scope, SharpnessRow, Spread, Table, TrainingRow, descending, names,
};

/// The text of a cell if the reference has no number.
const NOTHING: &str = "–";

/// The columns of a table that show a reference's numbers.
#[derive(Clone, Copy)]
enum Column {
    Ours(&'static str),
    Theirs,
    Difference,
}

use Column::{Difference, Ours, Theirs};

/// An empty table, and for each column whether it is shown. Without a reference, only columns of our numbers are shown.
fn table(columns: &[Column], reference: Option<&dyn Reference>) -> (Table, Vec<bool>) {
    let name = |column: &Column| match (*column, reference) {
        (Ours(name), _) => Some(name),
        (Theirs, Some(reference)) => Some(reference.noun()),
        (Difference, Some(_)) => Some("Δ"),
        (Theirs | Difference, None) => None,
    };
    let names: Vec<Option<&str>> = columns.iter().map(name).collect();
    let header: Vec<&str> = names.iter().copied().flatten().collect();
    (Table::new(&header), names.iter().map(Option::is_some).collect())
}

/// The cells of the columns that are shown.
fn kept(cells: impl IntoIterator<Item = String>, shown: &[bool]) -> Vec<String> {
    cells.into_iter().zip(shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell).collect()
}

/// FGSM: one row per optimizer and epsilon. Successes are images that are classified correctly before the attack and
/// misclassified after it.
pub fn fgsm_table(rows: &[FgsmRow], reference: Option<&dyn Reference>) -> Table {
    // The rate comes first, so that it is visible on narrow screens.
    let columns = [
        Ours("optimizer"),
        Ours("ε"),
        Ours("success rate"),
        Theirs,
        Ours("correct"),
        Theirs,
        Difference,
        Ours("successes"),
        Theirs,
        Difference,
    ];
    let (mut table, shown) = table(&columns, reference);
    for labels in names(rows.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = || rows.iter().filter(|row| row.labels == labels && row.optimizer == optimizer);
            for epsilon in descending(own().map(|row| row.epsilon)) {
                let here: Vec<&FgsmRow> = own().filter(|row| row.epsilon == epsilon).collect();
                let published = reference.and_then(|own| own.fgsm(labels, optimizer, epsilon));
                let correct = Spread::of(here.iter().map(|row| f64::from(row.correct)));
                let successes = Spread::of(here.iter().map(|row| f64::from(row.successes)));
                let rate = Spread::of(here.iter().map(|row| 100.0 * row.success_rate));
                let theirs = published.map(|count| (f64::from(count.correct), f64::from(count.successes)));
                let mut cells = vec![label(optimizer).to_owned(), Radius(epsilon).to_string()];
                cells.push(format!("{} %", rate.show(1)));
                cells.push(or_nothing(published.map(|count| format!("{:.1} %", 100.0 * count.success_rate()))));
                cells.extend(counts_compared(&correct, theirs.map(|count| count.0)));
                cells.extend(counts_compared(&successes, theirs.map(|count| count.1)));
                table.rows.push(kept(cells, &shown));
            }
        }
    }
    table
}

/// Loss increases under weight perturbations: one row per optimizer, scope and radius.
pub fn sharpness_table(rows: &[SharpnessRow], reference: Option<&dyn Reference>) -> Table {
    let columns = [Ours("optimizer"), Ours("scope"), Ours("ρ"), Ours("mean"), Ours("median"), Theirs, Difference];
    let (mut table, shown) = table(&columns, reference);
    for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        for scope in [Scope::Batch, Scope::Example] {
            let own = || rows.iter().filter(|row| row.optimizer == optimizer && row.scope == scope);
            for rho in descending(own().map(|row| row.rho)).into_iter().rev() {
                let here: Vec<&SharpnessRow> = own().filter(|row| row.rho == rho).collect();
                let published = match scope {
                    Scope::Batch => reference.and_then(|own| own.sharpness(optimizer, rho)),
                    Scope::Example => None,
                };
                let mean = Spread::of(here.iter().map(|row| row.mean_loss_increase));
                let median = Spread::of(here.iter().map(|row| row.median_loss_increase));
                let mut cells = vec![label(optimizer).to_owned(), scope.to_string(), shortest(rho), mean.digits(4)];
                cells.extend(compared(&median, published, 4));
                table.rows.push(kept(cells, &shown));
            }
        }
    }
    table
}

/// Means, medians and other quantiles of a quantity over the test images: one row per optimizer and labels.
pub(crate) fn distribution_table(
    rows: &[DistributionRow],
    quantity: Quantity,
    reference: Option<&dyn Reference>,
) -> Table {
    let columns = [
        Ours("optimizer"),
        Ours("labels"),
        Ours("mean"),
        Theirs,
        Difference,
        Ours("median"),
        Theirs,
        Difference,
        Ours("5 %"),
        Ours("25 %"),
        Ours("75 %"),
        Ours("95 %"),
    ];
    let (mut table, shown) = table(&columns, reference);
    for labels in names(rows.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let here: Vec<&DistributionRow> = rows
                .iter()
                .filter(|row| row.labels == labels && row.optimizer == optimizer && row.quantity == quantity)
                .collect();
            if here.is_empty() {
                continue;
            }
            let published = reference.and_then(|own| own.distribution(labels, optimizer, quantity));
            let spread = |value: fn(&DistributionRow) -> f64| Spread::of(here.iter().map(|row| value(row)));
            let mut cells = vec![label(optimizer).to_owned(), labels.to_owned()];
            cells.extend(compared(&spread(|row| row.mean), published.map(|summary| summary.mean), 4));
            cells.extend(compared(&spread(|row| row.median), published.map(|summary| summary.median), 4));
            let quantiles: [fn(&DistributionRow) -> f64; 4] =
                [|row| row.q05, |row| row.q25, |row| row.q75, |row| row.q95];
            cells.extend(quantiles.into_iter().map(|quantile| spread(quantile).digits(4)));
            table.rows.push(kept(cells, &shown));
        }
    }
    table
}

/// The last epoch of every run, with the held-out images if there are any.
pub(crate) fn final_epoch_table(rows: &[TrainingRow]) -> Table {
    let mut table =
        Table::new(&["optimizer", "labels", "epochs", "test accuracy", "train loss", "train accuracy", "test loss"]);
    let validated = rows.iter().any(|row| row.validation_accuracy.is_some());
    if validated {
        table.header.extend(["validation accuracy".to_owned(), "validation loss".to_owned()]);
    }
    for labels in names(rows.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = || rows.iter().filter(|row| row.labels == labels && row.optimizer == optimizer);
            let Some(last) = own().map(|row| row.epoch).max() else {
                continue;
            };
            let here: Vec<&TrainingRow> = own().filter(|row| row.epoch == last).collect();
            let spread = |value: fn(&TrainingRow) -> f64| Spread::of(here.iter().map(|row| value(row)));
            let mut cells = vec![
                label(optimizer).to_owned(),
                labels.to_owned(),
                last.to_string(),
                spread(|row| 100.0 * row.test_accuracy).show(2) + " %",
                spread(|row| row.train_loss).digits(4),
                spread(|row| 100.0 * row.train_accuracy).show(2) + " %",
                spread(|row| row.test_loss).digits(4),
            ];
            if validated {
                let accuracy = Spread::of(here.iter().filter_map(|row| Some(100.0 * row.validation_accuracy?)));
                let loss = Spread::of(here.iter().filter_map(|row| row.validation_loss));
                cells.extend([accuracy.show(2) + " %", loss.digits(4)]);
            }
            table.rows.push(cells);
        }
    }
    table
}

/// Our count, the reference's count, and the difference of the two as shown.
fn counts_compared(ours: &Spread, theirs: Option<f64>) -> [String; 3] {
    let shown = |value: f64| format!("{value:.0}");
    let difference = |theirs: f64| format!("{:+.0}", read(&shown(ours.mean())) - read(&shown(theirs)));
    [ours.show(0), or_nothing(theirs.map(shown)), or_nothing(theirs.map(difference))]
}

/// Our value, the reference's value, and the difference of the two as shown.
fn compared(ours: &Spread, theirs: Option<f64>, decimals: usize) -> [String; 3] {
    let difference = |theirs: f64| {
        let (ours, theirs) = (decimal(ours.mean(), decimals), decimal(theirs, decimals));
        // The difference of numbers with a fixed number of decimals has the same number of decimals.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sharpness(seed: u64, mean: f64, median: f64) -> SharpnessRow {
        let (optimizer, scope) = ("sgd".to_owned(), Scope::Batch);
        SharpnessRow { optimizer, seed, rho: 0.01, scope, mean_loss_increase: mean, median_loss_increase: median }
    }

    #[test]
    fn without_a_reference_no_column_is_about_it() {
        let rows = [FgsmRow::new("clean", "sgd", 42, 0.1, 2_800, 2_700)];
        let text = fgsm_table(&rows, None).to_text();
        assert_eq!(
            text,
            "\
optimizer    ε  success rate  correct  successes
---------  ---  ------------  -------  ---------
SGD        0.1        96.4 %     2800       2700
"
        );
        let table = sharpness_table(&[sharpness(1, 3.1e-8, 0.5)], None);
        assert_eq!(table.header, ["optimizer", "scope", "ρ", "mean", "median"]);
        assert_eq!(table.rows[0][3..], ["3.10e-8", "0.5000"]);
    }

    #[test]
    fn the_held_out_images_are_shown_if_there_are_any() {
        let row = TrainingRow { labels: "clean".into(), optimizer: "sgd".into(), epoch: 1, ..TrainingRow::default() };
        let plain = final_epoch_table(std::slice::from_ref(&row));
        let held_out = TrainingRow { validation_loss: Some(0.25), validation_accuracy: Some(0.875), ..row };
        let table = final_epoch_table(&[held_out]);
        assert_eq!(table.header[..7], plain.header);
        assert_eq!(table.header[7..], ["validation accuracy", "validation loss"]);
        assert_eq!(table.rows[0][7..], ["87.50 %", "0.2500"]);
    }

    #[test]
    fn several_seeds_become_a_mean_and_a_range() {
        let table = sharpness_table(&[sharpness(1, 0.010, 0.010), sharpness(2, 0.012, 0.012)], None);
        assert_eq!(table.rows[0][4], "0.0110 (0.0100 to 0.0120)");
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
    fn no_rows_make_an_empty_table() {
        assert!(distribution_table(&[], Quantity::LogitMargin, None).rows.is_empty());
        assert!(final_epoch_table(&[]).to_text().lines().count() == 2);
    }
}
