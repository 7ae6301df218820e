//! The title of a figure and the lines below it.

use plotters::prelude::DrawingBackend;

use super::FigureError;
use super::canvas::{Anchor, Canvas};
use super::series_style::{SUBTITLE, TITLE};

const TITLE_AT: f64 = 42.0;
const FIRST_LINE: f64 = 84.0;
const LINE: f64 = 34.0;

/// Draws a title and the lines below it, from `left` on.
pub(super) fn draw_heading<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    left: f64,
    title: &str,
    lines: &[impl AsRef<str>],
) -> Result<(), FigureError> {
    canvas.text(title, (left, TITLE_AT), Anchor::Start, &TITLE)?;
    for (place, line) in lines.iter().enumerate() {
        canvas.text(line.as_ref(), (left, FIRST_LINE + LINE * place as f64), Anchor::Start, &SUBTITLE)?;
    }
    Ok(())
}
