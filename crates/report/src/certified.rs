//! The report's section on proofs.

use crate::document::Document;
use crate::input::ReportInput;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::Radius;
use minima_rows::{CertifiedAccuracyRow, Table, in_order, names};

/// The table of proofs: one row per optimizer and radius, with the mean numbers of images over seeds.
pub fn certified_table(rows: &[CertifiedAccuracyRow]) -> Table {
    let mut table = Table::new(&["labels", "optimizer", "radius", "correct", "proved", "broken", "undecided"]);
    for labels in names(rows.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = || rows.iter().filter(|row| row.labels == labels && row.optimizer == optimizer);
            for epsilon in in_order(own().map(|row| row.epsilon)) {
                let at: Vec<&CertifiedAccuracyRow> = own().filter(|row| row.epsilon == epsilon).collect();
                let mean = |count: &dyn Fn(&CertifiedAccuracyRow) -> u32| {
                    let sum: f64 = at.iter().map(|row| f64::from(count(row))).sum();
                    let mean = sum / at.len().max(1) as f64;
                    if mean.fract() == 0.0 { mean.to_string() } else { format!("{mean:.1}") }
                };
                table.rows.push(vec![
                    labels.to_owned(),
                    label(optimizer).to_owned(),
                    Radius(epsilon).to_string(),
                    mean(&|row| row.correct),
                    mean(&|row| row.proved),
                    mean(&|row| row.broken),
                    mean(&|row| row.undecided),
                ]);
            }
        }
    }
    table
}

/// The section on proofs; `None` without proofs.
pub(crate) fn section(input: &ReportInput<'_>) -> Option<Document> {
    let images = input.certified.iter().map(|row| row.images).max()?;
    let words = format!(
        "What is known of the first {images} test images in an L∞ ball (means over seeds). An image is broken if an attack or the \
         search found a misclassified image in the ball. It is proved if there is none: linear bounds with optimised slopes, and \
         branch and bound after them, bound the margin from below, with the rounding of the network included. Undecided images \
         are neither. The robust accuracy lies between the share of proved images and the share of images that are not broken."
    );
    Some(
        Document::of_paragraph(words)
            .table("Proved and broken images at each radius", certified_table(input.certified)),
    )
}
