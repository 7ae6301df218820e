//! A legend of optimizers in three columns, which fit the longest labels.

use plotters::prelude::DrawingBackend;

use super::FigureError;
use super::canvas::{Anchor, Canvas};
use super::series_style::{LABEL, PAPER, series_style};

const COLUMN: f64 = 480.0;
const LINE: f64 = 40.0;
const STROKE: f64 = 70.0;
const MARKER: f64 = 9.0;

/// Draws the line and label of each optimizer, the first at `(left, top)`.
pub(super) fn draw_legend<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    optimizers: &[&str],
    start: (f64, f64),
) -> Result<(), FigureError> {
    for (optimizer, (x, y)) in places(optimizers, start) {
        canvas.line(&[(x, y), (x + STROKE, y)], &series_style(canvas, optimizer).stroke(4.0))?;
        canvas.text(canvas.label(optimizer), (x + STROKE + 14.0, y), Anchor::Start, &LABEL)?;
    }
    Ok(())
}

/// Draws the marker and label of each optimizer, the first at `(left, top)`.
pub(super) fn draw_marker_legend<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    optimizers: &[&str],
    start: (f64, f64),
) -> Result<(), FigureError> {
    for (optimizer, (x, y)) in places(optimizers, start) {
        series_style(canvas, optimizer).draw_marker(canvas, (x + MARKER, y), MARKER, PAPER)?;
        canvas.text(canvas.label(optimizer), (x + 2.0 * MARKER + 14.0, y), Anchor::Start, &LABEL)?;
    }
    Ok(())
}

/// The place of each optimizer.
fn places<'o>(optimizers: &[&'o str], (left, top): (f64, f64)) -> impl Iterator<Item = (&'o str, (f64, f64))> {
    let at = move |index: usize| (left + COLUMN * (index % 3) as f64, top + LINE * (index / 3) as f64);
    optimizers.iter().enumerate().map(move |(index, optimizer)| (*optimizer, at(index)))
}
