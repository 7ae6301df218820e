//! Runs that differ only in arithmetic.

use crate::html::chart::{Axis, Figure, Plot, Point, Series, panels};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::html::theme::Look;
use crate::studies::precision::{TITLE, arithmetics, quoted, sentences, table as numbers, variants};
use crate::studies::{percent, quoted_epsilon};
use maud::{Markup, html};
use minima_rows::rate;
use minima_rows::significant::Radius;
use minima_rows::{DriftRow, PrecisionRow};
use minima_rows::{Table, in_order};

pub(super) fn section(rows: &[PrecisionRow], drift: &[DriftRow]) -> Option<Section> {
    let words = sentences(rows, drift)?;
    let ends = numbers(rows);
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon)).unwrap_or_default();
    let body = html! {
        (prose(&words))
        @if !rows.is_empty() {
            (curves(rows, "Train loss by arithmetic", |row| row.train_loss, |values| Axis::logarithmic("train loss", values)))
            (curves(
                rows,
                &format!("Success rate of FGSM at ε = {epsilon}, by arithmetic", epsilon = Radius(epsilon)),
                |row| rate(row.successes, row.correct),
                |values| Axis::shares("success rate", values),
            ))
            (table("Final values of each run, mean ± standard deviation over seeds", &ends))
        }
        @if !drift.is_empty() { (parted(drift)) }
    };
    Some(Section::new("precision", TITLE, body))
}

/// One panel per curvature matrix and one line per arithmetic, for the first seed.
fn curves(rows: &[PrecisionRow], caption: &str, value: fn(&PrecisionRow) -> f64, axis: fn(Vec<f64>) -> Axis) -> Markup {
    let here = quoted(rows);
    let seed = here.first().map(|row| row.seed).unwrap_or_default();
    let mut drawn = Vec::new();
    let mut legend = Vec::new();
    for variant in variants(rows) {
        let own: Vec<_> = here.iter().filter(|row| row.variant == variant && row.seed == seed).collect();
        let series = arithmetics(rows).into_iter().enumerate().map(|(number, arithmetic)| {
            let mut points: Vec<Point> = own
                .iter()
                .filter(|row| row.arithmetic == arithmetic)
                .map(|row| Point {
                    x: f64::from(row.epoch),
                    y: value(row),
                    note: format!("test accuracy {}", percent(row.test_accuracy)),
                })
                .collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            Series::new(arithmetic, Look::numbered(number), points)
        });
        let plot = Plot {
            title: format!("{caption}, {variant}"),
            x: Axis::whole("epoch", own.iter().map(|row| f64::from(row.epoch))),
            y: axis(own.iter().map(|row| value(row)).collect()),
            series: series.filter(|one| !one.points.is_empty()).collect(),
            height: 280.0,
        };
        if plot.series.len() > legend.len() {
            legend = plot.legend();
        }
        drawn.push((variant.to_owned(), plot.svg()));
    }
    let figure = Figure {
        caption: caption.to_owned(),
        note: format!("One panel per curvature matrix; seed {seed}."),
        legend,
        drawn: panels(drawn),
        numbers: None,
    };
    figure.markup()
}

/// The distance between weights by epoch, and its directions.
fn parted(drift: &[DriftRow]) -> Markup {
    let seed = drift.first().map(|row| row.seed).unwrap_or_default();
    let mut drawn = Vec::new();
    let mut legend = Vec::new();
    for variant in in_order(drift.iter().map(|row| row.variant.as_str())) {
        let own: Vec<_> = drift.iter().filter(|row| row.variant == variant && row.seed == seed).collect();
        let series = in_order(own.iter().map(|row| row.arithmetic.as_str())).into_iter().map(|arithmetic| {
            let of = own.iter().filter(|row| row.arithmetic == arithmetic);
            let mut pairs = in_order(of.map(|row| (row.epoch, row.distance / row.travelled)));
            pairs.sort_by_key(|pair| pair.0);
            let points =
                pairs.into_iter().map(|(epoch, share)| Point { x: f64::from(epoch), y: share, note: String::new() });
            // The others are compared with f64, so they use the looks from the second on.
            let number = ["f64", "f32", "tf32", "bf16"].iter().position(|name| *name == arithmetic).unwrap_or(4);
            Series::new(arithmetic, Look::numbered(number), points.collect())
        });
        let series: Vec<Series> = series.collect();
        let values: Vec<f64> = series.iter().flat_map(|one| &one.points).map(|point| point.y).collect();
        let plot = Plot {
            title: format!("Distance from the run in f64, {variant}"),
            x: Axis::whole("epoch", own.iter().map(|row| f64::from(row.epoch))),
            y: Axis::logarithmic("relative distance", values),
            series,
            height: 280.0,
        };
        if plot.series.len() > legend.len() {
            legend = plot.legend();
        }
        drawn.push((variant.to_owned(), plot.svg()));
    }
    let mut shares =
        Table::new(&["matrix", "arithmetic", "epoch", "curvature from", "to", "share of the squared distance"]);
    for row in drift.iter().filter(|row| row.seed == seed) {
        shares.rows.push(vec![
            row.variant.clone(),
            row.arithmetic.clone(),
            row.epoch.to_string(),
            format!("{:.2e}", row.curvature_from),
            format!("{:.2e}", row.curvature_to),
            percent(row.share),
        ]);
    }
    let figure = Figure {
        caption: "Distance of the weights from the weights of the run in f64".to_owned(),
        note: format!("Relative to the distance that run has travelled from its initial weights; seed {seed}."),
        legend,
        drawn: panels(drawn),
        numbers: Some(shares),
    };
    figure.markup()
}
