//! Variation over seeds and over the last epochs, under FGSM and a stronger attack.

use super::{Sample, percent, quoted_epsilon};
use crate::document::Document;
use crate::results::StudyResults;
use crate::words::counted;
use crate::words::listed;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::Radius;
use minima_rows::{CLEAN, LateAttackRow};
use minima_rows::{Table, in_order};

pub(crate) const TITLE: &str = "Seeds: what varies by chance";

/// Success rates of one attack at one radius on one optimizer's models.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Late {
    /// The success rate after the last epoch, over seeds.
    pub seeds: Sample,
    /// The standard deviation over the last epochs of a run, averaged over runs.
    pub epochs: Option<f64>,
    /// Number of last epochs.
    pub last: usize,
}

/// The share of correctly classified images that are misclassified after the attack.
pub(crate) fn success_rate(row: &LateAttackRow) -> f64 {
    f64::from(row.correct.saturating_sub(row.robust)) / f64::from(row.correct.max(1))
}

/// The rows of the last epoch of each run.
pub(crate) fn last_epochs(rows: &[LateAttackRow]) -> impl Iterator<Item = &LateAttackRow> {
    rows.iter().filter(|row| {
        let same = |other: &&LateAttackRow| {
            (&other.labels, &other.optimizer, other.seed, &other.attack)
                == (&row.labels, &row.optimizer, row.seed, &row.attack)
        };
        rows.iter().filter(same).map(|other| other.epoch).max() == Some(row.epoch)
    })
}

/// One table cell: success rates over seeds and over the last epochs.
pub(crate) fn late(rows: &[LateAttackRow], labels: &str, optimizer: &str, attack: &str, epsilon: f64) -> Option<Late> {
    let own = |row: &&LateAttackRow| {
        row.labels == labels && row.optimizer == optimizer && row.attack == attack && row.epsilon == epsilon
    };
    let seeds = Sample::of(last_epochs(rows).filter(own).map(success_rate))?;
    let runs = in_order(rows.iter().filter(own).map(|row| row.seed));
    let of_run = |seed: u64| Sample::of(rows.iter().filter(own).filter(|row| row.seed == seed).map(success_rate));
    let over: Vec<Sample> = runs.into_iter().filter_map(of_run).collect();
    let epochs = Sample::of(over.iter().filter_map(|run| run.deviation)).map(|sample| sample.mean);
    Some(Late { seeds, epochs, last: over.iter().map(|run| run.count).max().unwrap_or(0) })
}

/// One row per optimizer and radius, with FGSM and AutoAttack side by side.
pub(crate) fn table(rows: &[LateAttackRow]) -> Table {
    let attacks = in_order(rows.iter().map(|row| row.attack.as_str()));
    let mut header = vec!["optimizer".to_owned(), "labels".to_owned(), "ε".to_owned(), "seeds".to_owned()];
    for attack in &attacks {
        header.push(format!("{}: success rate", attack_label(attack)));
        header.push("± over seeds".to_owned());
        header.push("± over last epochs".to_owned());
    }
    let mut table = Table { header, rows: Vec::new() };
    for labels in in_order(rows.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            for epsilon in in_order(rows.iter().map(|row| row.epsilon)) {
                let found: Vec<Option<Late>> =
                    attacks.iter().map(|attack| late(rows, labels, optimizer, attack, epsilon)).collect();
                let Some(seeds) = found.iter().flatten().map(|late| late.seeds.count).max() else { continue };
                let mut cells = vec![
                    label(optimizer).to_owned(),
                    labels.to_owned(),
                    Radius(epsilon).to_string(),
                    seeds.to_string(),
                ];
                for late in found {
                    let points = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{:.1}", 100.0 * v));
                    cells.push(late.map_or("–".to_owned(), |late| percent(late.seeds.mean)));
                    cells.push(points(late.and_then(|late| late.seeds.deviation)));
                    cells.push(points(late.and_then(|late| late.epochs)));
                }
                table.rows.push(cells);
            }
        }
    }
    table
}

/// An attack's name for reports.
pub(crate) fn attack_label(attack: &str) -> &str {
    match attack {
        "fgsm" => "FGSM",
        "autoattack" => "AutoAttack",
        other => other,
    }
}

/// The section; `None` without rows.
pub(crate) fn section(studies: &StudyResults) -> Option<Document> {
    let sentences = sentences(studies)?;
    let table = table(&studies.late);
    Some(sentences.table(TITLE, table))
}

/// Sentences derived from the rows, as a list.
pub(crate) fn sentences(studies: &StudyResults) -> Option<Document> {
    let rows = &studies.late;
    let mut lines = Vec::new();
    if let Some(epsilon) = quoted_epsilon(rows.iter().map(|row| row.epsilon)) {
        for attack in in_order(rows.iter().map(|row| row.attack.as_str())) {
            lines.extend(on_attack(rows, attack, epsilon));
        }
    }
    lines.extend(accuracy(studies));
    Document::of_list(lines).non_empty()
}

fn on_attack(rows: &[LateAttackRow], attack: &str, epsilon: f64) -> Option<String> {
    let names = distinct(rows.iter().map(|row| row.optimizer.as_str()));
    let found: Vec<(&str, Late)> =
        names.into_iter().filter_map(|name| Some((name, late(rows, CLEAN, name, attack, epsilon)?))).collect();
    let (_, first) = found.first()?;
    let shares: Vec<String> =
        found.iter().map(|(name, late)| format!("{} {}", label(name), late.seeds.percent())).collect();
    let spread = if found.iter().any(|(_, late)| late.seeds.count > 1) { ", mean ± standard deviation" } else { "" };
    let mut line = format!(
        "Success rate of {} at ε = {epsilon} on clean models after the last epoch ({}{spread}): {}.",
        attack_label(attack),
        counted(first.seeds.count, "seed"),
        listed(&shares),
        epsilon = Radius(epsilon)
    );
    let restless: Vec<String> = found
        .iter()
        .filter(
            |(_, late)| matches!((late.epochs, late.seeds.deviation), (Some(epochs), Some(seeds)) if epochs > seeds),
        )
        .map(|(name, _)| label(name).to_owned())
        .collect();
    let compared = found.iter().filter(|(_, late)| late.epochs.is_some() && late.seeds.deviation.is_some()).count();
    if compared > 0 {
        let last = found.iter().map(|(_, late)| late.last).max().unwrap_or(0);
        line.push_str(&match restless.as_slice() {
            [] => format!(" No rate varies more over the last {last} epochs of a run than between seeds."),
            some => format!(
                " For {}, the rate varies more over the last {last} epochs of a run than between seeds. The epoch at which such a \
                 run is stopped matters as much as its seed.",
                listed(some)
            ),
        });
    }
    Some(line)
}

fn accuracy(studies: &StudyResults) -> Option<String> {
    let rows: Vec<_> = studies.seeds_training.iter().filter(|row| row.labels == CLEAN).collect();
    let last = rows.iter().map(|row| row.epoch).max()?;
    let shares: Vec<String> = distinct(rows.iter().map(|row| row.optimizer.as_str()))
        .into_iter()
        .filter_map(|name| {
            let own = rows.iter().filter(|row| row.optimizer == name && row.epoch == last);
            Some(format!("{} {}", label(name), Sample::of(own.map(|row| row.test_accuracy))?.percent()))
        })
        .collect();
    let after = counted(last as usize, "epoch");
    (!shares.is_empty()).then(|| format!("Test accuracy after {after}, clean labels: {}.", listed(&shares)))
}
