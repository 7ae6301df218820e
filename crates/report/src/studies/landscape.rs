//! The loss around minima and on lines between them.

use super::Sample;
use crate::document::Document;
use crate::words::{capitalised, listed};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::decimal;
use minima_rows::{SegmentRow, SurfaceRow};
use minima_rows::{Table, in_order};

pub(crate) const TITLE: &str = "Loss around minima and between them";

/// The distance from a minimum, in units of the filters' norms, at which losses are compared.
const NEAR: f64 = 0.5;

/// The largest excess of the loss on the line between two models over the linear interpolation of their losses.
pub(crate) struct Barrier {
    pub from: String,
    pub to: String,
    pub labels: String,
    pub seed: u64,
    /// NaN if a loss on the line is NaN.
    pub height: f64,
    pub at: f64,
    pub loss: f64,
}

/// The barrier of each segment of the first seed.
pub(crate) fn barriers(rows: &[SegmentRow]) -> Vec<Barrier> {
    let Some(seed) = rows.first().map(|row| row.seed) else { return Vec::new() };
    in_order(rows.iter().map(|row| (row.labels.as_str(), row.from.as_str(), row.to.as_str())))
        .into_iter()
        .filter_map(|(labels, from, to)| {
            let own = || {
                rows.iter()
                    .filter(|r| (r.labels.as_str(), r.from.as_str(), r.to.as_str(), r.seed) == (labels, from, to, seed))
            };
            let start = own().min_by(|a, b| a.t.abs().total_cmp(&b.t.abs()))?.train_loss;
            let end = own().min_by(|a, b| (a.t - 1.0).abs().total_cmp(&(b.t - 1.0).abs()))?.train_loss;
            let rise = |row: &SegmentRow| row.train_loss - ((1.0 - row.t) * start + row.t * end);
            let inner = || own().filter(|row| (0.0..=1.0).contains(&row.t));
            let top = inner()
                .find(|row| rise(row).is_nan())
                .or_else(|| inner().max_by(|a, b| rise(a).total_cmp(&rise(b))))?;
            let height = rise(top);
            Some(Barrier {
                from: from.to_owned(),
                to: to.to_owned(),
                labels: labels.to_owned(),
                seed,
                height: if height < 0.0 { 0.0 } else { height },
                at: top.t,
                loss: top.train_loss,
            })
        })
        .collect()
}

/// For each model of the first seed: labels, optimizer, loss at its minimum, and mean loss near it.
pub(crate) fn surroundings(rows: &[SurfaceRow]) -> Vec<(String, String, f64, f64)> {
    let Some(seed) = rows.first().map(|row| row.seed) else { return Vec::new() };
    let mut found = Vec::new();
    for labels in in_order(rows.iter().map(|row| row.labels.as_str())) {
        for name in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = || rows.iter().filter(|row| row.optimizer == name && row.labels == labels && row.seed == seed);
            let radius = |row: &SurfaceRow| row.x.hypot(row.y);
            let Some(center) = own().min_by(|a, b| radius(a).total_cmp(&radius(b))) else { continue };
            // A ring of this thickness contains points of any reasonable grid.
            let ring = own().filter(|row| (radius(row) - NEAR).abs() <= NEAR / 4.0).map(|row| row.train_loss);
            if let Some(near) = Sample::of(ring) {
                found.push((labels.to_owned(), name.to_owned(), center.train_loss, near.mean));
            }
        }
    }
    found
}

/// One row per segment, with its barrier.
pub(crate) fn table(rows: &[SegmentRow]) -> Table {
    let mut table = Table::new(&["from", "to", "labels", "barrier", "at t", "loss there"]);
    for barrier in barriers(rows) {
        table.rows.push(vec![
            label(&barrier.from).to_owned(),
            label(&barrier.to).to_owned(),
            barrier.labels,
            decimal(barrier.height, 3),
            format!("{:.2}", barrier.at),
            decimal(barrier.loss, 3),
        ]);
    }
    table
}

/// The section; `None` without rows.
pub(crate) fn section(surface: &[SurfaceRow], segments: &[SegmentRow]) -> Option<Document> {
    let sentences = sentences(surface, segments)?;
    let table = table(segments);
    Some(sentences.table(TITLE, table))
}

/// Sentences derived from the rows, as a list.
pub(crate) fn sentences(surface: &[SurfaceRow], segments: &[SegmentRow]) -> Option<Document> {
    let mut lines = Vec::new();
    let seed = surface.first().map_or_else(String::new, |row| format!(", seed {}", row.seed));
    let found = surroundings(surface);
    for labels in in_order(found.iter().map(|one| one.0.as_str())) {
        let words: Vec<String> = found
            .iter()
            .filter(|one| one.0 == labels)
            .map(|(_, name, center, near)| {
                format!("{} {} (from {})", label(name), decimal(*near, 2), decimal(*center, 3))
            })
            .collect();
        lines.push(format!(
            "{} labels{seed}: at a distance of about half a filter's norm from the final weights, the mean loss is {}.",
            capitalised(labels),
            listed(&words)
        ));
    }
    let pair =
        |one: &Barrier| format!("{} and {} ({}, seed {})", label(&one.from), label(&one.to), one.labels, one.seed);
    let (barriers, unknown): (Vec<_>, Vec<_>) = barriers(segments).into_iter().partition(|one| one.height.is_finite());
    for one in &unknown {
        lines.push(format!("Between {}, the loss is NaN or infinite on a part of the straight line.", pair(one)));
    }
    let highest = barriers.iter().max_by(|a, b| a.height.total_cmp(&b.height));
    let lowest = barriers.iter().min_by(|a, b| a.height.total_cmp(&b.height));
    if let (Some(highest), Some(lowest)) = (highest, lowest) {
        lines.push(if barriers.len() == 1 {
            format!("Between {}, the loss rises by {} along a straight line.", pair(highest), decimal(highest.height, 3))
        } else {
            format!(
                "Between two models from the same initial weights, the loss rises along a straight line by at least {} ({}) and \
                 at most {} ({}).",
                decimal(lowest.height, 3),
                pair(lowest),
                decimal(highest.height, 3),
                pair(highest)
            )
        });
    }
    Document::of_list(lines).non_empty()
}
