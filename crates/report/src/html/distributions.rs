//! Input-gradient norms and logit margins over the test images.

use super::chart::{Axis, Bars, Bin, Figure, panels};
use super::section::Section;
use super::table::table;
use super::theme::Look;
use crate::input::ReportInput;
use crate::result_tables::distribution_table;
use maud::{Markup, html};
use minima_rows::optimizers::{distinct, label};
use minima_rows::{HistogramRow, Quantity};

pub(super) fn sections(input: &ReportInput<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    for (id, quantity, title, axis) in [
        (
            "input-gradient-norms",
            Quantity::InputGradientNorm,
            "Input-gradient norms",
            "norm of the gradient of the loss with respect to the image",
        ),
        (
            "logit-margins",
            Quantity::LogitMargin,
            "Logit margins",
            "logit of the true class minus the largest other logit",
        ),
    ] {
        let numbers = distribution_table(input.distributions, quantity, input.beside());
        let figure = histograms(input, quantity, title, axis);
        if numbers.rows.is_empty() && figure.is_none() {
            continue;
        }
        let body = html! {
            @if let Some(figure) = figure { (figure) }
            @if !numbers.rows.is_empty() { (table("Mean, median and quantiles over the test images", &numbers)) }
        };
        sections.push(Section::new(id, input.heading(title), body));
    }
    sections
}

fn histograms(input: &ReportInput<'_>, quantity: Quantity, title: &str, axis: &str) -> Option<Markup> {
    let own: Vec<&HistogramRow> = input.histograms.iter().filter(|row| row.quantity == quantity).collect();
    let inside = |row: &&&HistogramRow| row.from.is_finite() && row.to.is_finite();
    let seed = own.first()?.seed;
    let from = own.iter().filter(inside).map(|row| row.from).fold(f64::INFINITY, f64::min);
    let to = own.iter().filter(inside).map(|row| row.to).fold(f64::NEG_INFINITY, f64::max);
    if from >= to {
        return None;
    }
    let x = Axis::linear(axis, [from, to]).between(from, to);
    let logarithmic = quantity == Quantity::InputGradientNorm;
    let most = own.iter().filter(inside).map(|row| f64::from(row.images)).fold(1.0, f64::max);
    let y = if logarithmic {
        Axis::logarithmic("images, logarithmic", [0.6, most])
    } else {
        Axis::linear("images", [0.0, most])
    };
    let drawn = distinct(own.iter().map(|row| row.optimizer.as_str())).into_iter().map(|name| {
        let of = || own.iter().filter(|row| row.optimizer == name);
        let outside: u32 = of().filter(|row| !inside(row)).map(|row| row.images).sum();
        let bins = of().filter(inside).map(|row| Bin {
            from: row.from,
            to: row.to,
            height: f64::from(row.images),
            note: format!("{:.3} to {:.3}\n{} images", row.from, row.to, row.images),
        });
        let bars = Bars {
            title: format!("{title}, {}", label(name)),
            x: x.clone(),
            y: y.clone(),
            look: Look::of(input.optimizers, name),
            bins: bins.collect(),
            height: 230.0,
        };
        let beyond = if outside > 0 { format!(" ({outside} images outside the range)") } else { String::new() };
        (format!("{}{beyond}", label(name)), bars.svg())
    });
    let figure = Figure {
        caption: format!("{title}, clean labels, seed {seed}"),
        note: "Number of test images in each bin; the table below summarises them.".to_owned(),
        legend: Vec::new(),
        drawn: panels(drawn.collect()),
        numbers: None,
    };
    Some(figure.markup())
}
