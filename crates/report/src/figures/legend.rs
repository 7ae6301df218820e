//! A legend of optimizers in three columns, which fit the longest labels.

use plotters::prelude::DrawingBackend;

use super::FigureError;
use super::canvas::{Anchor, Canvas};
use super::series_style::{LABEL, series_style};

const COLUMN: f64 = 480.0;
const LINE: f64 = 40.0;
const STROKE: f64 = 70.0;

/// Draws the line and label of each optimizer, the first at `(left, top)`.
pub(super) fn draw_legend<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    optimizers: &[&str],
    (left, top): (f64, f64),
) -> Result<(), FigureError> {
    for (index, optimizer) in optimizers.iter().enumerate() {
        let (x, y) = (left + COLUMN * (index % 3) as f64, top + LINE * (index / 3) as f64);
        canvas.line(&[(x, y), (x + STROKE, y)], &series_style(canvas, optimizer).stroke(4.0))?;
        canvas.text(canvas.label(optimizer), (x + STROKE + 14.0, y), Anchor::Start, &LABEL)?;
    }
    Ok(())
}
