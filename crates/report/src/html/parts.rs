//! The page of a results folder with parts: tables across all parts, and a section for each.

use super::answer::answer;
use super::chart::{Axis, DotRow, Dots, Figure};
use super::page::document;
use super::prose::prose;
use super::section::Section;
use super::table::table;
use super::theme::{self, Look};
use crate::answer::Answer;
use crate::attacked::Attacked;
use crate::commentary::Comments;
use crate::document::Document;
use crate::parts::{
    Part, accuracies, across, again, attacked_images, attacks_table, caveats, missing, models_table, what_was_run,
};
use crate::result_tables::{fgsm_table, final_epoch_table};
use crate::studies::percent;
use crate::{robustness, summary};
use maud::{Markup, html};
use minima_rows::Table;
use minima_rows::optimizers::label;
use minima_rows::significant::Radius;

/// The whole page.
pub(crate) fn parts_page(parts: &[Part]) -> String {
    let mut sections = vec![Section::new("models", "All models", table("All models", &models_table(parts)))];
    let attacks = attacks_table(parts);
    if !attacks.rows.is_empty() {
        let words = Document::of_paragraph(attacked_images(parts)).table("Every attack at every radius", attacks);
        sections.push(Section::new("attacks", "Attacks", prose(&words)));
    }
    let mut colors = theme::colors(&[]);
    for (id, part) in parts.iter().enumerate().map(|(place, part)| (format!("part-{}", place + 1), part)) {
        if let Some(body) = of_part(part) {
            let own = part.results.as_ref().map_or(&[][..], |results| &results.optimizers);
            colors.push_str(&theme::colors_within(&id, own));
            sections.push(Section::new(id, part.title().replace('`', ""), body));
        }
    }
    sections.push(Section::new("caveats", "Caveats", prose(&caveats(parts))));
    if let Some(words) = again(parts).non_empty() {
        sections.push(Section::new("again", "Run it again", prose(&words)));
    }
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let title = format!("minima: {}", names.join(", "));
    let lead = prose(&Document::of_paragraph(what_was_run(parts)));
    let first = html! {
        (prose(&missing(parts)))
        (prose(&across(parts)))
        @if let Some(figure) = before_and_after(parts) { (figure) }
    };
    document(&title, &lead, &first, &sections, &colors).into_string()
}

/// A part's headline with its figures, its main tables, and the way to its own report.
fn of_part(part: &Part) -> Option<Markup> {
    let input = part.input()?;
    let comments = Comments::of(part.commentary, &input);
    let tables = Document::default()
        .table("The last epoch of every run", final_epoch_table(input.training))
        .table("FGSM on the models trained on clean labels", fgsm_table(input.clean_fgsm, input.beside()))
        .then(robustness::section(&input).unwrap_or_default());
    Some(html! {
        (prose(&Document::of_paragraph(summary::what_was_run(&input))))
        p { a href={ (part.name) "/report.html" } { "The whole report of this part" } }
        (answer(&input, &Answer::of(&input, &comments.findings)))
        (prose(&tables))
    })
}

/// Accuracies before and after the strongest attack of each part; `None` if no part was attacked.
fn before_and_after(parts: &[Part]) -> Option<Markup> {
    let mut rows = Vec::new();
    let mut numbers = Table::new(&["part", "optimizer", "seed", "attack", "ε", "accuracy before", "robust accuracy"]);
    for part in parts {
        let Some(input) = part.input() else { continue };
        let Some((attack, epsilon, outcomes)) = accuracies(&input) else { continue };
        let epsilon = Radius(epsilon);
        for one in outcomes {
            let name = label(&one.optimizer);
            let found = if attack == "FGSM" { &one.fgsm } else { &one.autoattack };
            let dots = |value: fn(&Attacked) -> f64, what: &str| -> Vec<(f64, String)> {
                let dot = |one: &Attacked| {
                    (value(one), format!("{name} in {}, seed {}\n{what}: {}", part.name, one.seed, percent(value(one))))
                };
                found.iter().map(dot).collect()
            };
            let after = format!("robust accuracy after {attack} at ε = {epsilon}");
            let values = vec![dots(|one| one.correct, "accuracy before the attack"), dots(|one| one.robust, &after)];
            rows.push(DotRow { name: format!("{}: {name}", part.name), look: Look::of(&[], &one.optimizer), values });
            numbers.rows.extend(found.iter().map(|one| {
                let (seed, before, after) = (one.seed.to_string(), percent(one.correct), percent(one.robust));
                vec![part.name.clone(), name.to_owned(), seed, attack.to_owned(), epsilon.to_string(), before, after]
            }));
        }
    }
    if rows.is_empty() {
        return None;
    }
    let dots = Dots {
        title: "Accuracy before and after an attack, for each part and optimizer".to_owned(),
        x: Axis::share("accuracy"),
        kinds: vec!["the images".to_owned(), "the attacked images".to_owned()],
        rows,
    };
    let figure = Figure {
        caption: "Accuracy before an attack (filled, above) and after it (hollow, below), for each part and optimizer".to_owned(),
        note: "The strongest attack of each part: AutoAttack, or FGSM if AutoAttack was not run. Clean labels; one mark per seed."
            .to_owned(),
        legend: Vec::new(),
        drawn: dots.svg(),
        numbers: Some(numbers),
    };
    Some(figure.markup())
}
