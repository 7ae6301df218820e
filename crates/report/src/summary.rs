//! The first line of the report: what was run.

use crate::input::ReportInput;
use crate::words::{capitalised, counted, listed};
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};

/// The first line of the report.
pub(crate) fn what_was_run(input: &ReportInput<'_>) -> String {
    let optimizers: Vec<String> = distinct(input.training.iter().map(|row| row.optimizer.as_str()))
        .into_iter()
        .map(|name| label(name).to_owned())
        .collect();
    let mut labels: Vec<String> = input.training.iter().map(|row| row.labels.clone()).collect();
    labels.sort();
    labels.dedup();
    let seeds: Vec<String> = input.seeds.iter().map(u64::to_string).collect();
    let epochs = input.training.iter().map(|row| row.epoch).max().unwrap_or(0);
    if optimizers.is_empty() {
        return format!("{}; no training run is recorded.", capitalised(&input.source_on_data()));
    }
    format!(
        "{}: {} trained the same network from the same initial weights for {} on {} labels ({}).",
        capitalised(&input.source_on_data()),
        listed(&optimizers),
        counted(epochs as usize, "epoch"),
        listed(&labels),
        format_args!("{} {}", if seeds.len() == 1 { "seed" } else { "seeds" }, listed(&seeds)),
    )
}

/// The seeds behind a number, in brackets; empty if the run has a single seed.
pub(crate) fn over(input: &ReportInput<'_>, seeds: impl IntoIterator<Item = u64>) -> String {
    match in_order(seeds).as_slice() {
        [only] if input.seeds.len() > 1 => format!(" (seed {only})"),
        [] | [_] => String::new(),
        several => format!(" (means over {})", counted(several.len(), "seed")),
    }
}
