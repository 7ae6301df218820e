//! The effect of wrong training labels by their share.

use super::{Sample, percent, quoted_epsilon};
use crate::document::Document;
use crate::words::counted;
use crate::words::listed;
use minima_rows::PoisonRow;
use minima_rows::optimizers::{distinct, label};
use minima_rows::rate;
use minima_rows::significant::Radius;
use minima_rows::{Table, in_order};

pub(crate) const TITLE: &str = "Poisoned labels";

/// A quantity shown against the share of wrong labels.
#[derive(Clone, Copy)]
pub(crate) struct Measure {
    pub name: &'static str,
    pub value: fn(&PoisonRow) -> Option<f64>,
}

/// The name of the measure that depends on epsilon.
const FGSM_SUCCESS: &str = "FGSM's success rate";

/// The measures that are shown.
pub(crate) const MEASURES: [Measure; 5] = [
    Measure { name: "test accuracy", value: |row| Some(row.test_accuracy) },
    Measure { name: "wrong labels memorised", value: |row| share(row.memorised, row.wrong_labels) },
    Measure { name: "true labels recovered", value: |row| share(row.recovered, row.wrong_labels) },
    Measure { name: FGSM_SUCCESS, value: |row| share(row.successes, row.correct) },
    Measure { name: "sevens classified as ones", value: |row| Some(row.sevens_as_ones) },
];

/// Formats a share of labels like "2.5 %", with up to four decimals.
fn share_of_labels(of: f64) -> String {
    format!("{} %", (1e6 * of).round() / 1e4)
}

fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| rate(part, whole))
}

/// The rows at the quoted radius. Only FGSM's success rate depends on the radius.
pub(crate) fn quoted(rows: &[PoisonRow]) -> Vec<&PoisonRow> {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon));
    rows.iter().filter(|row| Some(row.epsilon) == epsilon).collect()
}

/// A measure over seeds at one share of wrong labels.
pub(crate) fn at(rows: &[&PoisonRow], flips: &str, of: f64, optimizer: &str, measure: Measure) -> Option<Sample> {
    let own = rows.iter().filter(|row| row.flips == flips && row.rate == of && row.optimizer == optimizer);
    Sample::of(own.filter_map(|row| (measure.value)(row)))
}

/// The shares of wrong labels of one kind, ascending.
pub(crate) fn rates(rows: &[&PoisonRow], flips: &str) -> Vec<f64> {
    let mut rates = in_order(rows.iter().filter(|row| row.flips == flips).map(|row| row.rate));
    rates.sort_by(f64::total_cmp);
    rates
}

/// One row per kind, share and optimizer.
pub(crate) fn table(rows: &[PoisonRow]) -> Table {
    let rows = quoted(rows);
    let mut header = vec!["wrong labels", "share", "optimizer"];
    header.extend(MEASURES.iter().map(|measure| measure.name));
    let mut table = Table::new(&header);
    for flips in in_order(rows.iter().map(|row| row.flips.as_str())) {
        for of in rates(&rows, flips) {
            for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
                let found: Vec<Option<Sample>> =
                    MEASURES.iter().map(|measure| at(&rows, flips, of, optimizer, *measure)).collect();
                if found.iter().all(Option::is_none) {
                    continue;
                }
                let mut cells = vec![flips.to_owned(), share_of_labels(of), label(optimizer).to_owned()];
                cells.extend(found.iter().map(|one| one.map_or("–".to_owned(), |one| one.percent())));
                table.rows.push(cells);
            }
        }
    }
    table
}

/// The section; `None` without rows.
pub(crate) fn section(rows: &[PoisonRow]) -> Option<Document> {
    Some(sentences(rows)?.table(TITLE, table(rows)))
}

/// Sentences derived from the rows, as a list.
pub(crate) fn sentences(rows: &[PoisonRow]) -> Option<Document> {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon))?;
    let rows = quoted(rows);
    let mut lines = Vec::new();
    for flips in in_order(rows.iter().map(|row| row.flips.as_str())) {
        let rates = rates(&rows, flips);
        let (Some(&least), Some(&most)) = (rates.first(), rates.last()) else { continue };
        let seeds = in_order(rows.iter().filter(|row| row.flips == flips).map(|row| row.seed)).len();
        let wrong = if flips == "uniform" { "labels".to_owned() } else { format!("labels ({flips})") };
        for measure in MEASURES {
            // The share of sevens matters only if sevens are mislabelled.
            if (flips == "uniform") == (measure.name == "sevens classified as ones") {
                continue;
            }
            let parts: Vec<String> = distinct(rows.iter().map(|row| row.optimizer.as_str()))
                .into_iter()
                .filter_map(|name| {
                    let end = at(&rows, flips, most, name, measure)?;
                    Some(match at(&rows, flips, least, name, measure).filter(|_| least < most) {
                        Some(start) => format!("{} {} (from {})", label(name), percent(end.mean), percent(start.mean)),
                        None => format!("{} {}", label(name), percent(end.mean)),
                    })
                })
                .collect();
            if !parts.is_empty() {
                let at = if measure.name == FGSM_SUCCESS {
                    format!(" at ε = {epsilon}", epsilon = Radius(epsilon))
                } else {
                    String::new()
                };
                let from = if least < most { format!("from {}; ", share_of_labels(least)) } else { String::new() };
                lines.push(format!(
                    "With {} of the {wrong} wrong ({from}{}), {}{at}: {}.",
                    share_of_labels(most),
                    counted(seeds, "seed"),
                    measure.name,
                    listed(&parts)
                ));
            }
        }
    }
    Document::of_list(lines).non_empty()
}
