//! Differences between models when all models' logits have the same scale.

use super::Sample;
use crate::document::Document;
use crate::words::{capitalised, listed};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::decimal;
use minima_rows::{CLEAN, LogitScaleRow, ScaledQuantity};
use minima_rows::{Table, in_order};

pub(crate) const TITLE: &str = "Logit scale: differences due to scale only";

/// The name of a quantity.
pub(crate) fn quantity_label(quantity: ScaledQuantity, rho: Option<f64>) -> String {
    let at = rho.map(|rho| format!(" at ρ = {rho}")).unwrap_or_default();
    match quantity {
        ScaledQuantity::InputGradientNorm => "input-gradient norm".to_owned(),
        ScaledQuantity::LogitMargin => "logit margin".to_owned(),
        ScaledQuantity::LossIncrease => format!("loss increase{at}"),
        ScaledQuantity::TestLoss => "test loss".to_owned(),
    }
}

/// The compared values of a quantity: means for a loss, medians for the others.
fn pair(row: &LogitScaleRow) -> (f64, f64) {
    match row.quantity {
        ScaledQuantity::TestLoss => (row.mean_before, row.mean_after),
        _ => (row.median_before, row.median_after),
    }
}

/// A quantity's values for each optimizer's clean models, before and after scaling, over seeds.
pub(crate) fn values(
    rows: &[LogitScaleRow],
    quantity: ScaledQuantity,
    rho: Option<f64>,
) -> Vec<(&str, Sample, Sample)> {
    let own = move |row: &&LogitScaleRow| row.labels == CLEAN && row.quantity == quantity && row.rho == rho;
    distinct(rows.iter().filter(own).map(|row| row.optimizer.as_str()))
        .into_iter()
        .filter_map(|name| {
            let of = || rows.iter().filter(own).filter(|row| row.optimizer == name).map(pair);
            Some((name, Sample::of(of().map(|pair| pair.0))?, Sample::of(of().map(|pair| pair.1))?))
        })
        .collect()
}

/// The quantities that have rows, in the file's order.
pub(crate) fn quantities(rows: &[LogitScaleRow]) -> Vec<(ScaledQuantity, Option<f64>)> {
    in_order(rows.iter().map(|row| (row.quantity, row.rho)))
}

/// One row per quantity and optimizer.
pub(crate) fn table(rows: &[LogitScaleRow]) -> Table {
    let mut table = Table::new(&["quantity", "optimizer", "as trained", "logits scaled"]);
    for (quantity, rho) in quantities(rows) {
        for (name, before, after) in values(rows, quantity, rho) {
            let (before, after) = (before.digits(4), after.digits(4));
            table.rows.push(vec![quantity_label(quantity, rho), label(name).to_owned(), before, after]);
        }
    }
    table
}

/// The section; `None` without rows.
pub(crate) fn section(rows: &[LogitScaleRow]) -> Option<Document> {
    Some(sentences(rows)?.table(TITLE, table(rows)))
}

/// Describes the method.
const INTRODUCTION: &str = "The logits of each model are multiplied by one number, so that all models have the same mean margin. This changes neither the \
     predicted classes nor attacks that use only signs. It changes margins, input gradients and losses. Values are medians over \
     the test images; the test loss is a mean.";

/// The method, and sentences derived from the rows as a list.
pub(crate) fn sentences(rows: &[LogitScaleRow]) -> Option<Document> {
    let mut lines = Vec::new();
    for (quantity, rho) in quantities(rows) {
        let mut found = values(rows, quantity, rho);
        if found.len() < 2 {
            continue;
        }
        let what = quantity_label(quantity, rho);
        let names = |found: &[(&str, Sample, Sample)]| -> Vec<String> {
            found.iter().map(|(name, ..)| label(name).to_owned()).collect()
        };
        found.sort_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
        let (first, before) = (names(&found), ratio(found.iter().map(|one| one.1.mean)));
        found.sort_by(|a, b| a.2.mean.total_cmp(&b.2.mean));
        let (second, after) = (names(&found), ratio(found.iter().map(|one| one.2.mean)));
        let spread = match (before, after) {
            (Some(before), Some(after)) => {
                format!(
                    "the largest is {} times the smallest as trained and {} times with scaled logits",
                    decimal(before, 1),
                    decimal(after, 1)
                )
            }
            _ => "not all values are positive, so their ratio is undefined".to_owned(),
        };
        let order = if first == second {
            "The order stays the same".to_owned()
        } else {
            format!("The order changes from {} to {}, smallest first", listed(&first), listed(&second))
        };
        lines.push(format!("{}: {spread}. {order}.", capitalised(&what)));
    }
    (!lines.is_empty()).then(|| Document::of_paragraph(INTRODUCTION).list(lines))
}

/// The ratio of the largest to the smallest value; `None` if a value is not positive.
fn ratio(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(f64::NEG_INFINITY, f64::max);
    (least > 0.0).then(|| most / least)
}
