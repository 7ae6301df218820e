//! The distances to the nearest misclassified image, between proofs and attacks.

use crate::html::chart::{Axis, DotRow, Dots, Figure, short};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::html::theme::Look;
use crate::own_optimizer::OwnOptimizer;
use crate::results::StudyResults;
use crate::studies::predictors;
use crate::studies::radii::{CORRELATIONS, DIFFERENCES, TITLE, differences, sentences, table as numbers};
use maud::html;
use minima_rows::RadiusRow;
use minima_rows::optimizers::{distinct, label};

pub(super) fn section(studies: &StudyResults, own: &[OwnOptimizer]) -> Option<Section> {
    let words = sentences(studies)?;
    let (rows, compared, correlations) = (&studies.radii, &studies.radius_differences, &studies.radius_correlations);
    let dots = distinct(rows.iter().map(|row| row.optimizer.as_str())).into_iter().map(|name| {
        let said = |how: &str, pick: fn(&RadiusRow) -> f64| -> Vec<(f64, String)> {
            let own = rows.iter().filter(|row| row.optimizer == name);
            own.map(|row| (pick(row), format!("{}, seed {}, {how}: {}", label(name), row.seed, short(pick(row)))))
                .collect()
        };
        let values = vec![said("proved", |row| row.mean_proved), said("broken", |row| row.mean_broken)];
        DotRow { name: label(name).to_owned(), look: Look::of(own, name), values }
    });
    let dots = Dots {
        title: "Mean proved and mean broken radii of each model".to_owned(),
        x: Axis::linear("mean radius", rows.iter().flat_map(|row| [row.mean_proved, row.mean_broken])),
        kinds: vec!["proved".to_owned(), "broken".to_owned()],
        rows: dots.collect(),
    };
    let figure = Figure {
        caption: "Mean proved radii (filled, above) and mean broken radii (hollow, below)".to_owned(),
        note: "A dot is one model; clean labels. The true mean distance of a model is between its two dots.".to_owned(),
        legend: Vec::new(),
        drawn: dots.svg(),
        numbers: None,
    };
    let body = html! {
        (prose(&words))
        (figure.markup())
        (table("Radii, mean ± standard deviation over seeds", &numbers(rows)))
        @if !compared.is_empty() {
            details { summary { "All differences" } (table(DIFFERENCES, &differences(compared))) }
        }
        @if !correlations.is_empty() {
            details { summary { "All correlations" } (table(CORRELATIONS, &predictors::table(correlations))) }
        }
    };
    Some(Section::new("radii", TITLE, body))
}
