//! Colours, dashes and markers of figures, and their text styles.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::FigureError;
use super::canvas::{Canvas, Stroke, TextLook};
use crate::appearance::{Appearance, Marker};
use crate::own_optimizer;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Secondary text.
pub(super) const MUTED: RGBColor = RGBColor(0x5a, 0x5a, 0x5a);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xe3, 0xe3, 0xe3);
/// The page.
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// A figure's title.
pub(super) const TITLE: TextLook = text(34.0, true, INK);
/// A figure's subtitle.
pub(super) const SUBTITLE: TextLook = text(25.0, false, MUTED);
/// A panel's title.
pub(super) const HEADING: TextLook = text(28.0, true, INK);
/// Legends, axis titles and numbers next to a panel.
pub(super) const LABEL: TextLook = text(25.0, false, INK);
/// The numbers on an axis.
pub(super) const TICK: TextLook = text(23.0, false, INK);

const fn text(size: f64, bold: bool, color: RGBColor) -> TextLook {
    TextLook { size, bold, color }
}

/// The style of one optimizer's series.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeriesStyle {
    /// Color.
    pub color: RGBColor,
    /// Dashes.
    pub dashes: &'static [f64],
    /// Marker.
    pub marker: Marker,
}

/// The style of an optimizer on this canvas; grey if the optimizer is unknown.
pub(super) fn series_style<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, optimizer: &str) -> SeriesStyle {
    let Appearance { on_light: [red, green, blue], dashes, marker, .. } =
        own_optimizer::appearance(canvas.optimizers(), optimizer);
    let color = RGBColor(red, green, blue);
    SeriesStyle { color, dashes, marker }
}

impl SeriesStyle {
    /// The line style.
    pub(super) fn stroke(&self, width: f64) -> Stroke<'static> {
        Stroke { color: self.color, width, dashes: self.dashes }
    }

    /// A solid line in the series' color.
    pub(super) fn stroke_solid(&self, width: f64) -> Stroke<'static> {
        Stroke::solid(self.color, width)
    }

    /// The color at a quarter of its strength on white.
    pub(super) fn tint(&self) -> RGBColor {
        let RGBColor(red, green, blue) = self.color;
        let [red, green, blue] = [red, green, blue].map(|part| 255 - (255 - part) / 4);
        RGBColor(red, green, blue)
    }

    /// Draws the marker, filled with `inside`.
    pub(super) fn draw_marker<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        center: (f64, f64),
        radius: f64,
        inside: RGBColor,
    ) -> Result<(), FigureError> {
        self.fill_marker(canvas, center, radius, self.color)?;
        self.fill_marker(canvas, center, radius - 2.5, inside)
    }

    fn fill_marker<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        (x, y): (f64, f64),
        radius: f64,
        color: RGBColor,
    ) -> Result<(), FigureError> {
        let Some(corners) = self.marker.corners() else { return canvas.disc((x, y), radius, color) };
        let corners: Vec<_> = corners.iter().map(|(right, down)| (x + right * radius, y + down * radius)).collect();
        canvas.polygon(&corners, color)
    }
}
