//! Surfaces of the loss and segments between minima.

use crate::html::chart::{Axis, Figure, HeatCell, HeatMap, Marks, Plot, Point, Series, panels, short};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::html::theme::Look;
use crate::studies::landscape::{TITLE, sentences, table as barriers};
use maud::{Markup, html};
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};
use minima_rows::{SegmentRow, SurfaceRow};

pub(super) fn section(surface: &[SurfaceRow], segments: &[SegmentRow]) -> Option<Section> {
    let words = sentences(surface, segments)?;
    let rows = barriers(segments);
    let body = html! {
        (prose(&words))
        @for figure in surfaces(surface) { (figure) }
        @for figure in lines(segments) { (figure) }
        @if !rows.rows.is_empty() {
            (table("The largest excess of the loss over a linear interpolation between both ends", &rows))
        }
    };
    Some(Section::new("landscape", TITLE, body))
}

/// One figure per kind of labels and one map per optimizer, all in the same colours.
fn surfaces(rows: &[SurfaceRow]) -> Vec<Markup> {
    let Some(seed) = rows.first().map(|row| row.seed) else { return Vec::new() };
    let mut figures = Vec::new();
    for labels in in_order(rows.iter().map(|row| row.labels.as_str())) {
        let own: Vec<&SurfaceRow> = rows.iter().filter(|row| row.labels == labels && row.seed == seed).collect();
        let finite = || own.iter().map(|row| row.train_loss).filter(|loss| loss.is_finite());
        let range = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let drawn = distinct(own.iter().map(|row| row.optimizer.as_str())).into_iter().map(|name| {
            let of: Vec<_> = own.iter().copied().filter(|row| row.optimizer == name).collect();
            (label(name).to_owned(), map(&of, name, range))
        });
        let figure = Figure {
            caption: format!("Train loss around the final weights, {labels} labels, seed {seed}"),
            note: format!(
                "Along two random directions; a distance of 1 changes each filter by its own norm. Colours are logarithmic and the same \
                 in all maps: dark {}, light {}.",
                short(range.0),
                short(range.1)
            ),
            legend: Vec::new(),
            drawn: panels(drawn.collect()),
            numbers: None,
        };
        figures.push(figure.markup());
    }
    figures
}

fn map(rows: &[&SurfaceRow], name: &str, range: (f64, f64)) -> Markup {
    let sorted = |values: Vec<f64>| {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let columns = sorted(rows.iter().map(|row| row.x).collect());
    let lines = sorted(rows.iter().map(|row| row.y).collect());
    let cell = |x: f64, y: f64| {
        let found = rows.iter().find(|row| (row.x, row.y) == (x, y));
        let said = found.map_or_else(|| "–".to_owned(), |row| short(row.train_loss));
        HeatCell {
            value: found.map(|row| row.train_loss).filter(|loss| loss.is_finite()),
            note: format!("{} at ({}, {})\ntrain loss {said}", label(name), short(x), short(y)),
            text: said,
        }
    };
    let map = HeatMap {
        title: format!("Train loss around {}", label(name)),
        x_title: "first direction".to_owned(),
        y_title: "second direction".to_owned(),
        columns: columns.iter().map(|value| short(*value)).collect(),
        rows: lines.iter().map(|value| short(*value)).collect(),
        cells: lines.iter().map(|y| columns.iter().map(|x| cell(*x, *y)).collect()).collect(),
        range,
        logarithmic: range.0 > 0.0,
        height: 440.0,
    };
    map.svg()
}

/// One figure per kind of labels and one line per pair of optimizers.
fn lines(rows: &[SegmentRow]) -> Vec<Markup> {
    let Some(seed) = rows.first().map(|row| row.seed) else { return Vec::new() };
    let mut figures = Vec::new();
    for labels in in_order(rows.iter().map(|row| row.labels.as_str())) {
        let own: Vec<&SegmentRow> = rows.iter().filter(|row| row.labels == labels && row.seed == seed).collect();
        let pairs = in_order(own.iter().map(|row| (row.from.as_str(), row.to.as_str())));
        let plot = |what: &str, value: fn(&SegmentRow) -> f64, y: Axis| {
            let series = pairs.iter().enumerate().map(|(number, (from, to))| {
                let mut of: Vec<_> =
                    own.iter().filter(|row| (row.from.as_str(), row.to.as_str()) == (*from, *to)).collect();
                of.sort_by(|a, b| a.t.total_cmp(&b.t));
                let points = of.into_iter().map(|row| Point { x: row.t, y: value(row), note: String::new() });
                let name = format!("{} to {}", label(from), label(to));
                Series { marks: Marks::None, ..Series::new(name, Look::numbered(number), points.collect()) }
            });
            Plot {
                title: format!("{what} between two models"),
                x: Axis::linear("t", own.iter().map(|row| row.t)),
                y,
                series: series.collect(),
                height: 300.0,
            }
        };
        let loss = plot(
            "Train loss",
            |row| row.train_loss,
            Axis::logarithmic("train loss", own.iter().map(|row| row.train_loss)),
        );
        let accuracy = plot("Test accuracy", |row| row.test_accuracy, Axis::share("test accuracy"));
        let figure = Figure {
            caption: format!(
                "On the straight line from one model's weights to another's, {labels} labels, seed {seed}"
            ),
            note: "t = 0 is the first model, t = 1 the second.".to_owned(),
            legend: loss.legend(),
            drawn: panels(vec![
                ("Train loss, logarithmic".to_owned(), loss.svg()),
                ("Test accuracy".to_owned(), accuracy.svg()),
            ]),
            numbers: Some(loss.numbers()),
        };
        figures.push(figure.markup());
    }
    figures
}
