//! Training curves and the end of training.

use super::chart::{Axis, Figure, Marks, Plot, Point, Series, panels};
use super::prose::prose;
use super::section::Section;
use super::table::table;
use super::theme::Look;
use crate::goal;
use crate::input::ReportInput;
use crate::markdown::{curve_caption, curve_title};
use crate::result_tables::final_epoch_table;
use maud::{Markup, html};
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};
use minima_rows::{CLEAN, CertifiedAccuracyRow, RobustnessRow, Table, TrainingRow};

pub(super) fn section(input: &ReportInput<'_>, differences: &Table) -> Option<Section> {
    if input.training.is_empty() {
        return None;
    }
    let reference = input.reference.filter(|_| input.is_reference_configuration);
    let body = html! {
        (table("The last epoch of every run", &final_epoch_table(input.training)))
        @if let Some(words) = goal::sentences(input) { (prose(&words)) }
        div class="pair" {
            @if let Some(figure) = loss(input) { (figure) }
            @if let Some(figure) = accuracy(input) { (figure) }
        }
        @if let Some(reference) = reference.filter(|_| !differences.rows.is_empty()) {
            h3 { (curve_title(reference)) }
            (table(&curve_caption(reference), differences))
        }
    };
    Some(Section::new("training", input.heading("How training ended"), body))
}

/// The quoted seed's train loss by epoch.
pub(super) fn loss(input: &ReportInput<'_>) -> Option<Markup> {
    curves(input, "Train loss", "train loss", |row| row.train_loss, |values| Axis::logarithmic("train loss", values))
}

fn accuracy(input: &ReportInput<'_>) -> Option<Markup> {
    let axis = |values: Vec<f64>| {
        let error = values.into_iter().map(|value| 100.0 * value);
        Axis::logarithmic("test error in %", error.map(|error| error.max(0.1)))
    };
    curves(input, "Test error", "test error in %", |row| 1.0 - row.test_accuracy, axis)
}

fn curves(
    input: &ReportInput<'_>,
    caption: &str,
    what: &str,
    value: fn(&TrainingRow) -> f64,
    axis: fn(Vec<f64>) -> Axis,
) -> Option<Markup> {
    let seed = input.quoted_seed();
    let rows: Vec<&TrainingRow> = input.training.iter().filter(|row| row.seed == seed).collect();
    let values: Vec<f64> = rows.iter().map(|row| value(row)).collect();
    let factor = if what.ends_with('%') { 100.0 } else { 1.0 };
    let y = axis(values);
    let epochs = rows.iter().map(|row| f64::from(row.epoch));
    let x = Axis::whole("epoch", epochs);
    let mut drawn = Vec::new();
    let mut legend = Vec::new();
    let mut numbers = None;
    for labels in in_order(rows.iter().map(|row| row.labels.as_str())) {
        let series = distinct(rows.iter().map(|row| row.optimizer.as_str())).into_iter().filter_map(|name| {
            let own = rows.iter().filter(|row| row.labels == labels && row.optimizer == name);
            let mut points: Vec<Point> =
                own.map(|row| Point { x: f64::from(row.epoch), y: factor * value(row), note: String::new() }).collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            let one = Series::new(label(name), Look::of(input.optimizers, name), points);
            (!one.points.is_empty()).then_some(Series { marks: Marks::All, ..one })
        });
        let series: Vec<Series> = series.collect();
        let title = format!("{caption}, {labels} labels");
        let plot = Plot { title, x: x.clone(), y: y.clone(), series, height: 300.0 };
        if legend.is_empty() {
            legend = plot.legend();
        }
        let mut own = plot.numbers();
        for row in &mut own.rows {
            row.insert(0, labels.to_owned());
        }
        own.header.insert(0, "labels".to_owned());
        match &mut numbers {
            None => numbers = Some(own),
            Some(all) => all.rows.extend(own.rows),
        }
        drawn.push((format!("{labels} labels"), plot.svg()));
    }
    if drawn.is_empty() {
        return None;
    }
    let figure = Figure {
        caption: format!("{caption} by epoch, seed {seed}"),
        note: "Logarithmic.".to_owned(),
        legend,
        drawn: panels(drawn),
        numbers,
    };
    Some(figure.markup())
}

/// The shares of proved images and of images that are not broken against the radius, for the first seed's models; `None` without
/// proofs.
pub(super) fn certified_accuracy(input: &ReportInput<'_>) -> Option<Markup> {
    let first = input.certified.first()?.seed;
    let own: Vec<&CertifiedAccuracyRow> = input.certified.iter().filter(|row| row.seed == first).collect();
    let images = own.iter().map(|row| row.images).max()?;
    let x = Axis::linear("ε", own.iter().map(|row| row.epsilon));
    let (mut drawn, mut legend) = (Vec::new(), Vec::new());
    let mut numbers: Option<Table> = None;
    for (end, heading) in [(0, "proved"), (1, "not broken")] {
        let series = distinct(own.iter().map(|row| row.optimizer.as_str())).into_iter().map(|name| {
            let of = own.iter().filter(|row| row.optimizer == name);
            let mut points: Vec<Point> =
                of.map(|row| Point { x: row.epsilon, y: row.bracket()[end], note: String::new() }).collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            Series::new(label(name), Look::of(input.optimizers, name), points)
        });
        let plot = Plot {
            title: format!("Share of images that are {heading}"),
            x: x.clone(),
            y: Axis::share(heading),
            series: series.collect(),
            height: 300.0,
        };
        legend = plot.legend();
        let mut own = plot.numbers();
        own.rows.iter_mut().for_each(|row| row.insert(0, heading.to_owned()));
        own.header.insert(0, "images".to_owned());
        match &mut numbers {
            None => numbers = Some(own),
            Some(all) => all.rows.extend(own.rows),
        }
        drawn.push((heading.to_owned(), plot.svg()));
    }
    let figure = Figure {
        caption: "Proved and attacked accuracy against the radius".to_owned(),
        note: format!(
            "Shares of the first {images} test images, clean labels, seed {first}. The robust accuracy lies between the two."
        ),
        legend,
        drawn: panels(drawn),
        numbers,
    };
    Some(figure.markup())
}

/// Robust accuracy against the radius for the first seed's clean models; `None` if it was not measured.
pub(super) fn robust_accuracy(input: &ReportInput<'_>) -> Option<Markup> {
    let curves = input.robustness_curves;
    let first = curves.first()?.seed;
    let own: Vec<&RobustnessRow> = curves.iter().filter(|row| row.seed == first && row.labels == CLEAN).collect();
    let images = own.iter().map(|row| row.images).max()?;
    let x = Axis::linear("ε", own.iter().map(|row| row.epsilon));
    let mut drawn = Vec::new();
    let mut legend = Vec::new();
    let mut numbers = None;
    for attack in in_order(own.iter().map(|row| row.attack.as_str())) {
        let series = distinct(own.iter().map(|row| row.optimizer.as_str())).into_iter().map(|name| {
            let of = own.iter().filter(|row| row.attack == attack && row.optimizer == name);
            let mut points: Vec<Point> =
                of.map(|row| Point { x: row.epsilon, y: row.robust_accuracy(), note: String::new() }).collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            Series::new(label(name), Look::of(input.optimizers, name), points)
        });
        let series: Vec<Series> = series.filter(|one| !one.points.is_empty()).collect();
        let heading = match attack {
            "fgsm" => "FGSM",
            "pgd" => "PGD-40",
            other => other,
        };
        let plot = Plot {
            title: format!("Robust accuracy under {heading}"),
            x: x.clone(),
            y: Axis::share("robust accuracy"),
            series,
            height: 300.0,
        };
        legend = plot.legend();
        let mut own = plot.numbers();
        own.rows.iter_mut().for_each(|row| row.insert(0, heading.to_owned()));
        own.header.insert(0, "attack".to_owned());
        match &mut numbers {
            None => numbers = Some(own),
            Some(all) => all.rows.extend(own.rows),
        }
        drawn.push((heading.to_owned(), plot.svg()));
    }
    let figure = Figure {
        caption: "Robust accuracy against the attack's radius".to_owned(),
        note: format!(
            "Share of the first {images} test images still classified correctly, clean labels, seed {first}."
        ),
        legend,
        drawn: panels(drawn),
        numbers,
    };
    Some(figure.markup())
}
