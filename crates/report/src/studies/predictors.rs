//! Which measures of a model go with its robustness.

use crate::document::Document;
use minima_rows::significant::Radius;
use minima_rows::{PredictorRow, PredictorScope, Table, in_order};

pub(crate) const TITLE: &str = "What goes with robustness";

/// The name of a measure or a robustness, with the norm of a weight perturbation or the radius of an attack or a proof.
pub(crate) fn named(name: &str, at: Option<f64>) -> String {
    let letter = if name.starts_with("median loss increase") { "ρ" } else { "ε" };
    at.map_or_else(|| name.to_owned(), |at| format!("{name}, {letter} = {}", Radius(at)))
}

/// The name of a measure without its unit.
pub(crate) fn unitless(measure: &str) -> &str {
    measure.split_once(" (").map_or(measure, |(name, _)| name)
}

/// One row per robustness and measure, and a column per scope.
pub(crate) fn table(rows: &[PredictorRow]) -> Table {
    let scopes = [PredictorScope::All, PredictorScope::Within, PredictorScope::Between];
    let mut header = vec!["robustness".to_owned(), "measure".to_owned()];
    header.extend(scopes.iter().map(ToString::to_string));
    let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
    let keys = in_order(rows.iter().map(|row| (&row.robustness, row.epsilon, &row.measure, row.at)));
    for (robustness, epsilon, measure, at) in keys {
        let own = |scope| {
            rows.iter().find(|row| {
                (&row.robustness, row.epsilon, &row.measure, row.at, row.scope)
                    == (robustness, epsilon, measure, at, scope)
            })
        };
        let mut cells = vec![named(robustness, epsilon), named(measure, at)];
        cells.extend(scopes.map(|scope| own(scope).map_or_else(|| "–".to_owned(), cell)));
        table.rows.push(cells);
    }
    table
}

fn cell(row: &PredictorRow) -> String {
    format!("{:+.2} ({:+.2} to {:+.2})", row.correlation, row.low, row.high)
}

/// Describes the method.
const INTRODUCTION: &str = "Spearman's rank correlation of each measure with each robustness, with 95 % intervals: over all models, within optimizers \
     (models that differ in their seed; the mean over optimizers), and between optimizers (means over seeds). A measure that predicts \
     robustness has a correlation of one sign in every scope. Robustness is the share of the correctly classified images that stand, or \
     that are proved. The intervals are not corrected for the number of measures.";

/// The section; `None` without rows.
pub(crate) fn section(rows: &[PredictorRow]) -> Option<Document> {
    Some(sentences(rows)?.table(TITLE, table(rows)))
}

/// The method, and for each robustness the measure with the largest correlation within optimizers, if its interval excludes zero.
pub(crate) fn sentences(rows: &[PredictorRow]) -> Option<Document> {
    let mut lines = Vec::new();
    for (robustness, epsilon) in in_order(rows.iter().map(|row| (&row.robustness, row.epsilon))) {
        let own = rows.iter().filter(|row| (&row.robustness, row.epsilon) == (robustness, epsilon));
        let apart = own.filter(|row| row.scope == PredictorScope::Within && (row.low > 0.0 || row.high < 0.0));
        let best = apart.max_by(|a, b| a.correlation.abs().total_cmp(&b.correlation.abs()));
        let name = named(robustness, epsilon);
        lines.push(match best {
            Some(row) => {
                format!("Within optimizers, {} goes most with “{name}”: {}.", named(&row.measure, row.at), cell(row))
            }
            None => {
                format!("Within optimizers, no measure has a correlation with “{name}” whose interval excludes zero.")
            }
        });
    }
    (!lines.is_empty()).then(|| Document::of_paragraph(INTRODUCTION).list(lines))
}
