//! The effect of arithmetic on the result of a run.

use super::{Sample, percent, quoted_epsilon};
use crate::document::Document;
use crate::words::listed;
use minima_rows::rate;
use minima_rows::significant::Radius;
use minima_rows::{DriftRow, PrecisionRow};
use minima_rows::{Table, in_order};

pub(crate) const TITLE: &str = "Arithmetic: f64, f32, TF32, bf16";

/// The rows at the quoted radius.
pub(crate) fn quoted(rows: &[PrecisionRow]) -> Vec<&PrecisionRow> {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon));
    rows.iter().filter(|row| Some(row.epsilon) == epsilon).collect()
}

/// The curvature matrices that have rows, in the file's order.
pub(crate) fn variants(rows: &[PrecisionRow]) -> Vec<&str> {
    in_order(rows.iter().map(|row| row.variant.as_str()))
}

/// The arithmetics that have rows, in the file's order.
pub(crate) fn arithmetics(rows: &[PrecisionRow]) -> Vec<&str> {
    in_order(rows.iter().map(|row| row.arithmetic.as_str()))
}

fn last<'a>(rows: &[&'a PrecisionRow], variant: &str, arithmetic: &str) -> Vec<&'a PrecisionRow> {
    let own: Vec<&PrecisionRow> =
        rows.iter().copied().filter(|row| row.variant == variant && row.arithmetic == arithmetic).collect();
    let epoch = own.iter().map(|row| row.epoch).max();
    own.into_iter().filter(|row| Some(row.epoch) == epoch).collect()
}

/// One row per curvature matrix and arithmetic, with the final values of its runs.
pub(crate) fn table(rows: &[PrecisionRow]) -> Table {
    let mut table = Table::new(&["matrix", "arithmetic", "epochs", "train loss", "test accuracy", "success rate"]);
    let here = quoted(rows);
    for variant in variants(rows) {
        for arithmetic in arithmetics(rows) {
            let last = last(&here, variant, arithmetic);
            let Some(epoch) = last.first().map(|row| row.epoch) else { continue };
            let over = |value: &dyn Fn(&PrecisionRow) -> f64| Sample::of(last.iter().map(|row| value(row)));
            table.rows.push(vec![
                variant.to_owned(),
                arithmetic.to_owned(),
                epoch.to_string(),
                over(&|row| row.train_loss).map_or_else(String::new, |one| one.digits(4)),
                over(&|row| row.test_accuracy).map_or_else(String::new, |one| one.percent()),
                over(&|row| rate(row.successes, row.correct)).map_or_else(String::new, |one| one.percent()),
            ]);
        }
    }
    table
}

/// The section; `None` without rows.
pub(crate) fn section(rows: &[PrecisionRow], drift: &[DriftRow]) -> Option<Document> {
    let sentences = sentences(rows, drift)?;
    let table = table(rows);
    Some(sentences.table(TITLE, table))
}

/// Sentences derived from the rows, as a list.
pub(crate) fn sentences(rows: &[PrecisionRow], drift: &[DriftRow]) -> Option<Document> {
    let mut lines = Vec::new();
    let here = quoted(rows);
    if let Some(epsilon) = quoted_epsilon(rows.iter().map(|row| row.epsilon)) {
        for variant in variants(rows) {
            let found: Vec<(&str, f64)> = arithmetics(rows)
                .into_iter()
                .filter_map(|arithmetic| {
                    let last = last(&here, variant, arithmetic);
                    let share = Sample::of(last.iter().map(|row| rate(row.successes, row.correct)))?;
                    Some((arithmetic, share.mean))
                })
                .collect();
            let words: Vec<String> = found.iter().map(|(name, share)| format!("{name} {}", percent(*share))).collect();
            let least = found.iter().map(|one| one.1).fold(f64::INFINITY, f64::min);
            let most = found.iter().map(|one| one.1).fold(f64::NEG_INFINITY, f64::max);
            let spread = if found.len() > 1 {
                format!(", a range of {:.1} points", 100.0 * (most - least))
            } else {
                String::new()
            };
            lines.push(format!(
                "`{variant}`: FGSM's final success rate at ε = {epsilon}, by arithmetic: {}{spread}.",
                listed(&words),
                epsilon = Radius(epsilon)
            ));
        }
    }
    lines.extend(parted(drift));
    Document::of_list(lines).non_empty()
}

/// One line per curvature matrix: the distance of its runs from the run in double precision, and the curvatures along which they
/// differ.
fn parted(drift: &[DriftRow]) -> Vec<String> {
    let mut lines = Vec::new();
    for variant in in_order(drift.iter().map(|row| row.variant.as_str())) {
        let own = || drift.iter().filter(|row| row.variant == variant);
        let Some(epoch) = own().map(|row| row.epoch).max() else { continue };
        let words: Vec<String> = in_order(own().map(|row| row.arithmetic.as_str()))
            .into_iter()
            .filter_map(|arithmetic| {
                let here = || own().filter(|row| row.arithmetic == arithmetic && row.epoch == epoch);
                let share = Sample::of(here().map(|row| row.distance / row.travelled))?;
                let most = here().max_by(|a, b| a.share.total_cmp(&b.share))?;
                Some(format!(
                    "{arithmetic} {} (most of it, {:.0} %, at curvatures from {} to {})",
                    percent(share.mean),
                    100.0 * most.share,
                    power(most.curvature_from),
                    power(most.curvature_to)
                ))
            })
            .collect();
        if !words.is_empty() {
            lines.push(format!(
                "`{variant}`: distance of the weights from the weights of the `f64` run after epoch {epoch}, relative to the distance that \
                 run has travelled: {}.",
                listed(&words)
            ));
        }
    }
    lines
}

/// Formats like "1e-4", and zero as "0".
fn power(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:.1e}").replace(".0e", "e") }
}
