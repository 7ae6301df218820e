//! Sentences across all parts.

use super::part::Part;
use crate::attacked::{Attacks, COMPARABLE, Outcome, Top, attacks, top};
use crate::curvature::largest_eigenvalues;
use crate::document::Document;
use crate::input::ReportInput;
use crate::studies::{Sample, percent};
use crate::words::{counted, listed};
use minima_rows::CLEAN;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::{Radius, decimal};

/// What holds in which part: the optimizers with the highest accuracy, the highest robust accuracy and the sharpest minimum.
pub(crate) fn across(parts: &[Part]) -> Document {
    let inputs: Vec<(&str, ReportInput<'_>)> =
        parts.iter().filter_map(|part| Some((part.name.as_str(), part.input()?))).collect();
    let lines = [
        sentence("**How accurate.** Test accuracy is highest for", &inputs, most_accurate),
        most_robust(&inputs),
        sentence(
            "**How sharp.** The largest eigenvalue of the Hessian at the end of training is largest for",
            &inputs,
            sharpest,
        ),
    ];
    Document::of_list(lines.into_iter().flatten())
}

/// "BEGINNING Adam in `a` (98.2 %) and SGD in `b` (91.0 %)."
fn sentence(
    beginning: &str,
    inputs: &[(&str, ReportInput<'_>)],
    best: fn(&ReportInput<'_>) -> Option<(String, String)>,
) -> Option<String> {
    let found = inputs.iter().filter_map(|(part, input)| {
        let (optimizer, value) = best(input)?;
        Some(format!("{} in `{part}` ({value})", label(&optimizer)))
    });
    let found: Vec<String> = found.collect();
    (!found.is_empty()).then(|| format!("{beginning} {}.", listed(&found)))
}

/// The name with the largest mean, and this mean as it is shown; `None` with fewer than two names, or if several share it.
fn largest<'a>(means: impl Iterator<Item = (&'a str, f64)>, shown: fn(f64) -> String) -> Option<(String, String)> {
    let means: Vec<(&str, f64)> = means.collect();
    let (name, value) = *means.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let value = shown(value);
    let alike = means.iter().filter(|(_, other)| shown(*other) == value).count();
    (means.len() > 1 && alike == 1).then(|| (name.to_owned(), value))
}

fn most_accurate(input: &ReportInput<'_>) -> Option<(String, String)> {
    let names = distinct(input.training.iter().map(|row| row.optimizer.as_str())).into_iter();
    let mean = |name| Sample::of(input.final_epochs(CLEAN, name).into_iter().map(|row| row.test_accuracy));
    largest(names.filter_map(|name| Some((name, mean(name)?.mean))), percent)
}

fn sharpest(input: &ReportInput<'_>) -> Option<(String, String)> {
    let rows = || largest_eigenvalues(input.curvature).filter(|row| row.labels == CLEAN);
    let names = distinct(rows().map(|row| row.optimizer.as_str())).into_iter();
    let mean = |name: &str| Sample::of(rows().filter(|row| row.optimizer == name).map(|row| row.value));
    largest(names.filter_map(|name| Some((name, mean(name)?.mean))), |value| decimal(value, 1))
}

fn most_robust(inputs: &[(&str, ReportInput<'_>)]) -> Option<String> {
    let (mut ranked, mut apart, mut shared) = (Vec::new(), Vec::new(), Vec::new());
    for (part, input) in inputs {
        match top(input) {
            None => {}
            Some(Top::Several) => shared.push(format!("`{part}`")),
            Some(Top::NotComparable) => apart.push(format!("`{part}`")),
            Some(Top::One { optimizer, robust, attack, epsilon }) => ranked.push(format!(
                "{} in `{part}` ({}, {attack} at ε = {})",
                label(&optimizer),
                percent(robust),
                Radius(epsilon)
            )),
        }
    }
    let mut sentences = Vec::new();
    if !ranked.is_empty() {
        sentences.push(format!("Robust accuracy is highest for {}.", listed(&ranked)));
    }
    if !shared.is_empty() {
        sentences.push(format!("Several optimizers share the highest robust accuracy in {}.", listed(&shared)));
    }
    if !apart.is_empty() {
        sentences.push(format!(
            "Optimizers are not ranked in {}, because their test accuracies are more than {:.0} points apart.",
            listed(&apart),
            100.0 * COMPARABLE
        ));
    }
    (!sentences.is_empty()).then(|| format!("**How robust.** {}", sentences.join(" ")))
}

/// The accuracies of each optimizer of a part before and after the strongest attack, with the attack's name and radius; `None`
/// without attacks.
pub(crate) fn accuracies(input: &ReportInput<'_>) -> Option<(&'static str, f64, Vec<Outcome>)> {
    let Attacks { epsilon, outcomes, .. } = attacks(input)?;
    let strong = outcomes.iter().any(|one| !one.autoattack.is_empty());
    (!outcomes.is_empty()).then_some((if strong { "AutoAttack" } else { "FGSM" }, epsilon, outcomes))
}

/// The parts whose run is not complete; empty if all are.
pub(crate) fn missing(parts: &[Part]) -> Document {
    let lines = parts.iter().filter_map(|part| match (&part.results, part.is_unfinished) {
        (None, _) => Some(format!("`{}` has no results yet and is not in the tables.", part.name)),
        (Some(_), true) => Some(format!("The run of `{}` is not complete. These are its results so far.", part.name)),
        (Some(_), false) => None,
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return Document::default();
    }
    let words = format!("{} of {} not complete:", lines.len(), counted(parts.len(), "part"));
    Document::of_paragraph(words).list(lines)
}

/// How the numbers of several parts may be compared.
pub(crate) fn caveats(parts: &[Part]) -> Document {
    let one_seed = |part: &&Part| part.results.as_ref().is_some_and(|results| results.seeds.len() < 2);
    let single: Vec<String> = parts.iter().filter(one_seed).map(|part| format!("`{}`", part.name)).collect();
    let mut lines = vec![
        "Optimizers are compared within a part. Losses, margins, eigenvalues and radii of different data sets and networks have \
         different scales, and a larger one does not mean a sharper minimum or a more robust model."
            .to_owned(),
        "Several seeds are shown as mean and range.".to_owned(),
    ];
    if !single.is_empty() {
        lines.push(format!(
            "One seed in {}: this does not show how much the numbers vary between seeds.",
            listed(&single)
        ));
    }
    Document::of_list(lines)
}
