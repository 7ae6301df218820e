//! The effect of wrong training labels by their share.

use crate::html::chart::{Axis, Figure, Plot, Point, Series, panels};
use crate::html::prose::prose;
use crate::html::section::Section;
use crate::html::table::table;
use crate::html::theme::Look;
use crate::own_optimizer::OwnOptimizer;
use crate::studies::poison::{MEASURES, TITLE, at, quoted, rates, sentences, table as numbers};
use crate::words::capitalised;
use maud::html;
use minima_rows::PoisonRow;
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};

pub(super) fn section(rows: &[PoisonRow], own: &[OwnOptimizer]) -> Option<Section> {
    let words = sentences(rows)?;
    let here = quoted(rows);
    let names = distinct(here.iter().map(|row| row.optimizer.as_str()));
    let mut figures = Vec::new();
    for flips in in_order(here.iter().map(|row| row.flips.as_str())) {
        let rates = rates(&here, flips);
        let mut drawn = Vec::new();
        let mut legend = Vec::new();
        for measure in MEASURES {
            let series = names.iter().map(|name| {
                let points = rates.iter().filter_map(|of| {
                    let sample = at(&here, flips, *of, name, measure)?;
                    Some(Point { x: *of, y: sample.mean, note: sample.percent() })
                });
                Series::new(label(name), Look::of(own, name), points.collect())
            });
            let series: Vec<Series> = series.filter(|one| !one.points.is_empty()).collect();
            if series.is_empty() {
                continue;
            }
            let plot = Plot {
                title: format!("{} by the share of wrong labels", capitalised(measure.name)),
                x: Axis::shares("share of wrong labels", rates.iter().copied()),
                y: Axis::shares(measure.name, series.iter().flat_map(|one| &one.points).map(|point| point.y)),
                series,
                height: 280.0,
            };
            legend = plot.legend();
            drawn.push((capitalised(measure.name), plot.svg()));
        }
        let figure = Figure {
            caption: format!("Effect of the share of wrong labels ({flips})"),
            note: "Means over seeds.".to_owned(),
            legend,
            drawn: panels(drawn),
            numbers: None,
        };
        figures.push(figure.markup());
    }
    let body = html! {
        (prose(&words))
        @for figure in figures { (figure) }
        details { summary { "All numbers" } (table("Means ± standard deviations over seeds", &numbers(rows))) }
    };
    Some(Section::new("poison", TITLE, body))
}
