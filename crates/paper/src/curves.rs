//! A table of differences between training curves and the paper's curves.

use crate::agreement::check_curve;
use minima_report::ReportInput;
use minima_rows::optimizers::{distinct, label};
use minima_rows::{CLEAN, Table};

/// One row for each optimizer with a curve in the paper.
pub(crate) fn curve_differences(input: &ReportInput<'_>) -> Table {
    let mut table = Table::new(&[
        "optimizer",
        "epochs",
        "train loss",
        "allowed",
        "train acc.",
        "allowed",
        "test acc.",
        "allowed",
        "within",
    ]);
    for optimizer in distinct(input.training.iter().map(|row| row.optimizer.as_str())) {
        if let Some(check) = check_curve(input.training, CLEAN, optimizer) {
            table.rows.push(vec![
                label(optimizer).to_owned(),
                check.epochs.to_string(),
                format!("{:.4}", check.train_loss),
                check.band.train_loss.to_string(),
                format!("{:.4}", check.train_accuracy),
                check.band.train_accuracy.to_string(),
                format!("{:.4}", check.test_accuracy),
                check.band.test_accuracy.to_string(),
                if check.passes() { "yes" } else { "no" }.to_owned(),
            ]);
        }
    }
    table
}
