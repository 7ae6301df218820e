//! Maps over learning rate and damping.

use crate::html::chart::{Figure, HeatCell, HeatMap, panels};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::studies::damping::{Setting, TITLE, sentences, settings, table as numbers};
use crate::studies::{percent, quoted_epsilon};
use maud::{Markup, html};
use minima_rows::DampingRow;
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::{Radius, decimal};

/// The quantity of a map.
struct Shown {
    heading: &'static str,
    value: fn(&Setting) -> Option<f64>,
    say: fn(f64) -> String,
    logarithmic: bool,
}

const SHOWN: [Shown; 3] = [
    Shown {
        heading: "train loss (dark: low)",
        value: |one| one.train_loss,
        say: |value| decimal(value, 3),
        logarithmic: true,
    },
    Shown { heading: "test accuracy (dark: low)", value: |one| one.test_accuracy, say: percent, logarithmic: false },
    Shown { heading: "FGSM's success rate (dark: low)", value: |one| one.success, say: percent, logarithmic: false },
];

pub(super) fn section(rows: &[DampingRow]) -> Option<Section> {
    let words = sentences(rows)?;
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon)).unwrap_or_default();
    let mut figures = Vec::new();
    for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        let settings = settings(rows, optimizer);
        let figure = Figure {
            caption: format!("{}: learning rate η and damping λ, FGSM at ε = {epsilon}", label(optimizer), epsilon = Radius(epsilon)),
            note: "A cross marks a setting at which every run failed. Values are shown on hovering and in the table below.".to_owned(),
            legend: Vec::new(),
            drawn: panels(
                SHOWN.iter().map(|shown| (shown.heading.to_owned(), map(&settings, shown, optimizer))).collect(),
            ),
            numbers: None,
        };
        figures.push(figure.markup());
    }
    let body = html! {
        (prose(&words))
        @for figure in figures { (figure) }
        details { summary { "All numbers" } (table("Means over seeds", &numbers(rows))) }
    };
    Some(Section::new("damping", TITLE, body))
}

fn map(settings: &[Setting], shown: &Shown, optimizer: &str) -> Markup {
    let sorted = |values: Vec<f64>| {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        values
    };
    let learning_rates = sorted(in_order(settings.iter().map(|one| one.learning_rate)));
    let dampings = sorted(in_order(settings.iter().map(|one| one.damping)));
    let values = || settings.iter().filter_map(shown.value).filter(|value| value.is_finite());
    let cell = |damping: f64, learning_rate: f64| {
        let one = settings.iter().find(|one| (one.learning_rate, one.damping) == (learning_rate, damping));
        let value = one.and_then(shown.value);
        let said = value.map_or_else(|| "–".to_owned(), shown.say);
        let why = one.map(|one| one.failure.as_str()).filter(|why| !why.is_empty());
        let note = format!(
            "η = {learning_rate}, λ = {damping}\n{}: {said}{}",
            shown.heading,
            why.map_or_else(String::new, |why| format!("\n{why}"))
        );
        HeatCell { value, text: said, note }
    };
    let map = HeatMap {
        title: format!("{}: {}", label(optimizer), shown.heading),
        x_title: "learning rate η".to_owned(),
        y_title: "damping λ".to_owned(),
        columns: learning_rates.iter().map(f64::to_string).collect(),
        rows: dampings.iter().map(f64::to_string).collect(),
        cells: dampings
            .iter()
            .map(|damping| learning_rates.iter().map(|rate| cell(*damping, *rate)).collect())
            .collect(),
        range: (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)),
        logarithmic: shown.logarithmic,
        height: 300.0,
    };
    map.svg()
}
