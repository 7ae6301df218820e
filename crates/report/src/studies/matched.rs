//! Models compared at equal train loss, test accuracy or margin instead of at the end of training.

use super::effect_cells::{effect, interval};
use super::{Sample, percent, quoted_epsilon};
use crate::document::Document;
use crate::results::StudyResults;
use crate::words::{counted, listed};
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::{Radius, decimal};
use minima_rows::{Basis, MatchRow, MatchedDifferenceRow};
use minima_rows::{Table, in_order};

pub(crate) const TITLE: &str = "Equals compared: robustness during training";

/// The name of a basis.
pub(crate) fn basis_label(basis: Basis) -> &'static str {
    match basis {
        Basis::TrainLoss => "train loss",
        Basis::TestAccuracy => "test accuracy",
        Basis::MeanMargin => "mean logit margin",
    }
}

const BASES: [Basis; 3] = [Basis::TrainLoss, Basis::TestAccuracy, Basis::MeanMargin];

/// One comparison over seeds. Some seeds may not reach the final model's value.
struct Comparison {
    seeds: usize,
    reached: usize,
    value: f64,
    reference: f64,
    rate: f64,
}

fn comparison(rows: &[MatchRow], reference: &str, optimizer: &str, basis: Basis, epsilon: f64) -> Option<Comparison> {
    let own: Vec<&MatchRow> = rows
        .iter()
        .filter(|row| {
            row.reference == reference && row.optimizer == optimizer && row.basis == basis && row.epsilon == epsilon
        })
        .collect();
    // The value of the final models whose rates are compared; of all final models if none was reached.
    let value = Sample::of(own.iter().filter(|row| row.rate.is_some()).map(|row| row.value))
        .or_else(|| Sample::of(own.iter().map(|row| row.value)))?
        .mean;
    let reached: Vec<(f64, f64)> = own.iter().filter_map(|row| Some((row.reference_rate, row.rate?))).collect();
    let mean = |pick: fn(&(f64, f64)) -> f64| Sample::of(reached.iter().map(pick)).map_or(f64::NAN, |one| one.mean);
    Some(Comparison {
        seeds: own.len(),
        reached: reached.len(),
        value,
        reference: mean(|pair| pair.0),
        rate: mean(|pair| pair.1),
    })
}

/// One row per reference, other optimizer and basis, at the quoted radius.
pub(crate) fn table(rows: &[MatchRow]) -> Table {
    let mut table = Table::new(&[
        "final model of",
        "equal model of",
        "equal in",
        "value",
        "seeds",
        "final model",
        "equal model",
        "Δ",
    ]);
    let Some(epsilon) = quoted_epsilon(rows.iter().map(|row| row.epsilon)) else { return table };
    for reference in distinct(rows.iter().map(|row| row.reference.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            for basis in BASES {
                let Some(found) = comparison(rows, reference, optimizer, basis, epsilon) else { continue };
                let shown = |text: String| if found.reached == 0 { "–".to_owned() } else { text };
                table.rows.push(vec![
                    label(reference).to_owned(),
                    label(optimizer).to_owned(),
                    basis_label(basis).to_owned(),
                    decimal(found.value, 4),
                    format!("{} of {}", found.reached, found.seeds),
                    shown(percent(found.reference)),
                    shown(percent(found.rate)),
                    shown(format!("{:+.1}", 100.0 * (found.reference - found.rate))),
                ]);
            }
        }
    }
    table
}

/// The section; `None` without rows.
pub(crate) fn section(studies: &StudyResults) -> Option<Document> {
    let sentences = sentences(studies)?;
    let table = table(&studies.matches);
    if table.rows.is_empty() {
        return Some(sentences);
    }
    let epsilon = quoted_epsilon(studies.matches.iter().map(|row| row.epsilon)).unwrap_or_default();
    let words = format!("Success rates of FGSM at ε = {epsilon}; Δ in points.", epsilon = Radius(epsilon));
    let document = sentences.paragraph(words).table(TITLE, table);
    Some(document.table(DIFFERENCES, differences(&studies.differences)))
}

/// The caption of the table of [`differences`].
pub(crate) const DIFFERENCES: &str = "Final model less equal model, with 95 % intervals over seeds";

/// One row per reference, other optimizer, basis and quantity, if the value is reached from some seed.
pub(crate) fn differences(rows: &[MatchedDifferenceRow]) -> Table {
    let mut table = Table::new(&[
        "final model of",
        "equal model of",
        "equal in",
        "quantity",
        "ε",
        "seeds",
        "effect",
        "95 % interval",
    ]);
    for row in rows {
        table.rows.push(vec![
            label(&row.reference).to_owned(),
            label(&row.optimizer).to_owned(),
            basis_label(row.basis).to_owned(),
            row.quantity.clone(),
            row.epsilon.map_or_else(String::new, |epsilon| Radius(epsilon).to_string()),
            format!("{} of {}", row.reached, row.seeds),
            effect(row.effect),
            interval(row.low, row.high),
        ]);
    }
    table
}

/// Sentences derived from the rows, as a list.
pub(crate) fn sentences(studies: &StudyResults) -> Option<Document> {
    Document::of_list(ends(studies).into_iter().chain(equals(&studies.matches))).non_empty()
}

/// Two rates are about equal if they differ by at most this many points.
const CLOSE: f64 = 2.0;

/// One line for each reference and basis.
fn equals(rows: &[MatchRow]) -> Vec<String> {
    let Some(epsilon) = quoted_epsilon(rows.iter().map(|row| row.epsilon)) else { return Vec::new() };
    let mut lines = Vec::new();
    for reference in distinct(rows.iter().map(|row| row.reference.as_str())) {
        for basis in BASES {
            let (mut equals, mut missing) = (Vec::new(), Vec::new());
            for rival in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
                match comparison(rows, reference, rival, basis, epsilon) {
                    None => {}
                    Some(found) if found.reached == 0 => missing.push(label(rival).to_owned()),
                    Some(found) => equals.push(against(rival, &found)),
                }
            }
            let mut parts = Vec::new();
            if !equals.is_empty() {
                parts.push(format!("FGSM at ε = {epsilon} succeeds {}", listed(&equals), epsilon = Radius(epsilon)));
            }
            if !missing.is_empty() {
                let verb = if missing.len() == 1 { "never reaches" } else { "never reach" };
                parts.push(format!("{} {verb} its {}", listed(&missing), basis_label(basis)));
            }
            if !parts.is_empty() {
                lines.push(format!("{}, at equal {}: {}.", label(reference), basis_label(basis), parts.join("; ")));
            }
        }
    }
    lines
}

/// "about as often as on Adam's equal model (60.0 % against 61.0 %, 2 of 2 seeds)".
fn against(rival: &str, found: &Comparison) -> String {
    let points = 100.0 * (found.reference - found.rate);
    let how = if points.abs() <= CLOSE {
        "about as often as on"
    } else if points < 0.0 {
        "less often than on"
    } else {
        "more often than on"
    };
    format!(
        "{how} {}'s equal model ({} against {}, {} of {})",
        label(rival),
        percent(found.reference),
        percent(found.rate),
        found.reached,
        counted(found.seeds, "seed")
    )
}

/// A line with train loss and success rate at the end of each path.
fn ends(studies: &StudyResults) -> Option<String> {
    let rows = &studies.path;
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon))?;
    let labels = minima_rows::CLEAN;
    let own = |name: &str, seed: u64| {
        let of = rows.iter().filter(|row| row.optimizer == name && row.seed == seed && row.labels == labels);
        of.filter(|row| row.epsilon == epsilon).max_by_key(|row| row.step)
    };
    let seeds = in_order(rows.iter().map(|row| row.seed));
    let mut found: Vec<(f64, String)> = distinct(rows.iter().map(|row| row.optimizer.as_str()))
        .into_iter()
        .filter_map(|name| {
            let last: Vec<_> = seeds.iter().filter_map(|seed| own(name, *seed)).collect();
            let loss = Sample::of(last.iter().map(|row| row.train_loss))?;
            let rates = last.iter().map(|row| minima_rows::rate(row.successes, row.correct));
            let rate = Sample::of(rates)?;
            Some((loss.mean, format!("{} at {} with {}", label(name), decimal(loss.mean, 3), percent(rate.mean))))
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let words: Vec<String> = found.into_iter().map(|one| one.1).collect();
    (!words.is_empty()).then(|| {
        format!(
            "Final train losses in ascending order, with success rates of FGSM at ε = {epsilon}: {}.",
            listed(&words),
            epsilon = Radius(epsilon)
        )
    })
}
