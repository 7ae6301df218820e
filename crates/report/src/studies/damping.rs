//! Learning rate and damping: for which values Gauss-Newton trains, and FGSM's success rate there.

use super::{Sample, percent, quoted_epsilon};
use crate::document::Document;
use crate::words::counted;
use minima_rows::DampingRow;
use minima_rows::optimizers::{distinct, label};
use minima_rows::rate;
use minima_rows::significant::{Radius, decimal};
use minima_rows::{Table, in_order};

pub(crate) const TITLE: &str = "Learning rate and damping";

/// Test accuracy at which a model counts as trained.
const TRAINED: f64 = 0.95;

/// Results for one learning rate and damping, as means over seeds.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub learning_rate: f64,
    pub damping: f64,
    /// `None` if the runs of all seeds failed.
    pub train_loss: Option<f64>,
    pub test_accuracy: Option<f64>,
    /// FGSM's success rate.
    pub success: Option<f64>,
    /// Why a run failed; empty if no run failed.
    pub failure: String,
}

/// The settings of one optimizer, at the quoted radius.
pub(crate) fn settings(rows: &[DampingRow], optimizer: &str) -> Vec<Setting> {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon));
    let own: Vec<&DampingRow> =
        rows.iter().filter(|row| row.optimizer == optimizer && Some(row.epsilon) == epsilon).collect();
    in_order(own.iter().map(|row| (row.learning_rate, row.damping)))
        .into_iter()
        .map(|(learning_rate, damping)| {
            let here: Vec<_> =
                own.iter().filter(|row| (row.learning_rate, row.damping) == (learning_rate, damping)).collect();
            let mean = |value: &dyn Fn(&DampingRow) -> Option<f64>| {
                Sample::of(here.iter().filter_map(|row| value(row))).map(|one| one.mean)
            };
            Setting {
                learning_rate,
                damping,
                train_loss: mean(&|row| row.train_loss),
                test_accuracy: mean(&|row| row.test_accuracy),
                success: mean(&|row| Some(rate(row.successes?, row.correct?))),
                failure: here
                    .iter()
                    .map(|row| row.failure.as_str())
                    .find(|why| !why.is_empty())
                    .unwrap_or("")
                    .to_owned(),
            }
        })
        .collect()
}

/// One row per setting.
pub(crate) fn table(rows: &[DampingRow]) -> Table {
    let mut table = Table::new(&["optimizer", "η", "λ", "train loss", "test accuracy", "success rate", "failed"]);
    for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        for setting in settings(rows, optimizer) {
            let nothing = || "–".to_owned();
            table.rows.push(vec![
                label(optimizer).to_owned(),
                setting.learning_rate.to_string(),
                setting.damping.to_string(),
                setting.train_loss.map_or_else(nothing, |loss| decimal(loss, 4)),
                setting.test_accuracy.map_or_else(nothing, percent),
                setting.success.map_or_else(nothing, percent),
                setting.failure,
            ]);
        }
    }
    table
}

/// The section; `None` without rows.
pub(crate) fn section(rows: &[DampingRow]) -> Option<Document> {
    Some(sentences(rows)?.table(TITLE, table(rows)))
}

/// Sentences derived from the rows, as a list.
pub(crate) fn sentences(rows: &[DampingRow]) -> Option<Document> {
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon))?;
    let epochs = rows.iter().map(|row| row.epochs).max()?;
    let mut lines = Vec::new();
    for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        let settings = settings(rows, optimizer);
        let trained: Vec<&Setting> =
            settings.iter().filter(|one| one.test_accuracy.is_some_and(|accuracy| accuracy >= TRAINED)).collect();
        let failed = settings.iter().filter(|one| one.train_loss.is_none()).count();
        let mut line = format!(
            "{}: {} of {} of η and λ {} {} test accuracy or more in {}, and training failed for {failed}.",
            label(optimizer),
            trained.len(),
            counted(settings.len(), "pair"),
            if trained.len() == 1 { "reaches" } else { "reach" },
            percent(TRAINED),
            counted(epochs as usize, "epoch"),
        );
        let best = settings.iter().filter_map(|one| Some((one.train_loss?, one)));
        if let Some((loss, best)) = best.min_by(|a, b| a.0.total_cmp(&b.0)) {
            line.push_str(&format!(
                " The lowest train loss, {}, is at η = {}, λ = {}.",
                decimal(loss, 4),
                best.learning_rate,
                best.damping
            ));
        }
        let rates = || trained.iter().filter_map(|one| Some((one.success?, *one)));
        let least = rates().min_by(|a, b| a.0.total_cmp(&b.0));
        let most = rates().max_by(|a, b| a.0.total_cmp(&b.0));
        if let (Some(least), Some(most)) = (least, most)
            && trained.len() > 1
        {
            line.push_str(&format!(
                " Among these pairs, FGSM's success rate at ε = {epsilon} ranges from {} (η = {}, λ = {}) to {} (η = {}, λ = {}).",
                percent(least.0),
                least.1.learning_rate,
                least.1.damping,
                percent(most.0),
                most.1.learning_rate,
                most.1.damping, epsilon = Radius(epsilon)
            ));
        }
        lines.push(line);
    }
    Some(Document::of_list(lines))
}
