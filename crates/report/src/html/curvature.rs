//! Curvature at the end of training and the distribution of the Hessian's eigenvalues.

use super::chart::{Axis, Figure, Marks, Plot, Point, Series};
use super::prose::prose;
use super::section::Section;
use super::theme::Look;
use crate::curvature;
use crate::input::ReportInput;
use maud::{Markup, html};
use minima_rows::optimizers::{distinct, label};
use minima_rows::{CLEAN, CurvatureMatrix, SpectralDensityRow};

pub(super) fn section(input: &ReportInput<'_>) -> Option<Section> {
    let words = curvature::section(input);
    let figure = spectrum(input);
    if words.is_none() && figure.is_none() {
        return None;
    }
    let body = html! {
        @if let Some(words) = words { (prose(&words)) }
        @if let Some(figure) = figure { (figure) }
    };
    Some(Section::new("curvature", input.heading("Curvature at the end"), body))
}

/// The number of eigenvalues at or above each value, from the largest down.
fn spectrum(input: &ReportInput<'_>) -> Option<Markup> {
    let own: Vec<&SpectralDensityRow> = input
        .spectral_densities
        .iter()
        .filter(|row| row.matrix == CurvatureMatrix::Hessian && !row.normalised && row.labels == CLEAN)
        .collect();
    let seed = own.first()?.seed;
    let series = distinct(own.iter().map(|row| row.optimizer.as_str())).into_iter().map(|name| {
        let mut of: Vec<_> = own.iter().filter(|row| row.optimizer == name && row.seed == seed).collect();
        let probes = of.iter().map(|row| row.probe).max().map_or(1, |probe| probe + 1);
        of.sort_by(|a, b| b.eigenvalue.total_cmp(&a.eigenvalue));
        let mut above = 0.0;
        let points = of.into_iter().filter(|row| row.eigenvalue > 0.0).map(|row| {
            above += row.count / f64::from(probes);
            Point { x: row.eigenvalue, y: above, note: String::new() }
        });
        Series { marks: Marks::None, ..Series::new(label(name), Look::of(input.optimizers, name), points.collect()) }
    });
    let series: Vec<Series> = series.collect();
    let points = || series.iter().flat_map(|one| &one.points);
    let plot = Plot {
        title: "Eigenvalues of the Hessian".to_owned(),
        // The many eigenvalues near zero are dominated by rounding.
        x: Axis::logarithmic("eigenvalue", points().map(|point| point.x.max(1e-4))),
        y: Axis::logarithmic("eigenvalues at or above this value", points().map(|point| point.y.max(0.1))),
        series,
        height: 330.0,
    };
    let figure = Figure {
        caption: "Number of eigenvalues of the Hessian at or above each value".to_owned(),
        note: format!(
            "Both axes logarithmic; clean labels, seed {seed}; estimated by Lanczos's quadrature from random vectors. Negative \
             eigenvalues are in the table above."
        ),
        legend: plot.legend(),
        drawn: plot.svg(),
        numbers: None,
    };
    Some(figure.markup())
}
