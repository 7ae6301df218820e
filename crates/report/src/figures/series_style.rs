//! Colors, dashes and markers: Okabe and Ito's palette, told apart by form as well as by color.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::FigureError;
use super::canvas::{Canvas, Stroke, TextLook};
use minima_rows::optimizers::{ADAM, CG, EKFAC, KFAC, MEAN, PUBLISHED, PUBLISHED_TF32, SAM, SGD, SUM};

/// Text and axes.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Secondary text.
pub const MUTED: RGBColor = RGBColor(0x5a, 0x5a, 0x5a);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(0xe3, 0xe3, 0xe3);
/// The page.
pub const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// A figure's title.
pub const TITLE: TextLook = text(34.0, true, INK);
/// What a figure shows, under its title.
pub const SUBTITLE: TextLook = text(25.0, false, MUTED);
/// A panel's title.
pub const HEADING: TextLook = text(28.0, true, INK);
/// Legends, axis titles and numbers beside a panel.
pub const LABEL: TextLook = text(25.0, false, INK);
/// The numbers on an axis.
pub const TICK: TextLook = text(23.0, false, INK);

const fn text(size: f64, bold: bool, color: RGBColor) -> TextLook {
    TextLook { size, bold, color }
}

/// The form of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A circle.
    Circle,
    /// A square.
    Square,
    /// A diamond.
    Diamond,
    /// A triangle that points up.
    Triangle,
    /// A triangle that points down.
    Nabla,
}

/// How one optimizer is drawn.
#[derive(Clone, Copy, Debug)]
pub struct SeriesStyle {
    /// Its color.
    pub color: RGBColor,
    /// Its dashes.
    pub dashes: &'static [f64],
    /// Its markers.
    pub marker: Marker,
}

/// The style of an optimizer; one not known here is drawn in grey.
pub fn series_style(optimizer: &str) -> SeriesStyle {
    let (color, dashes, marker): (RGBColor, &'static [f64], Marker) = match optimizer {
        SGD => (RGBColor(0x00, 0x00, 0x00), &[3.0, 5.0], Marker::Square),
        ADAM => (RGBColor(0x00, 0x72, 0xb2), &[], Marker::Circle),
        PUBLISHED => (RGBColor(0xd5, 0x5e, 0x00), &[14.0, 6.0], Marker::Diamond),
        PUBLISHED_TF32 => (RGBColor(0xe6, 0x9f, 0x00), &[14.0, 5.0, 3.0, 5.0], Marker::Nabla),
        SUM => (RGBColor(0xcc, 0x79, 0xa7), &[7.0, 5.0], Marker::Nabla),
        MEAN => (RGBColor(0x00, 0x9e, 0x73), &[24.0, 5.0, 6.0, 5.0], Marker::Triangle),
        CG => (RGBColor(0x56, 0xb4, 0xe9), &[10.0, 6.0], Marker::Triangle),
        KFAC => (RGBColor(0x8a, 0x3f, 0xb0), &[], Marker::Diamond),
        EKFAC => (RGBColor(0x9c, 0x4a, 0x2f), &[18.0, 5.0, 3.0, 5.0], Marker::Square),
        SAM => (RGBColor(0xb0, 0x9a, 0x00), &[], Marker::Nabla),
        _ => (RGBColor(0x80, 0x80, 0x80), &[], Marker::Circle),
    };
    SeriesStyle { color, dashes, marker }
}

impl SeriesStyle {
    /// The style's line.
    pub fn stroke(&self, width: f64) -> Stroke<'static> {
        Stroke { color: self.color, width, dashes: self.dashes }
    }

    /// Draws its marker, filled with `inside`.
    pub fn draw_marker<DB: DrawingBackend>(
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
        let corners: &[(f64, f64)] = match self.marker {
            Marker::Circle => return canvas.disc((x, y), radius, color),
            Marker::Square => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
            Marker::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
            Marker::Triangle => &[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)],
            Marker::Nabla => &[(0.0, 1.15), (1.1, -0.8), (-1.1, -0.8)],
        };
        let corners: Vec<_> = corners.iter().map(|(right, down)| (x + right * radius, y + down * radius)).collect();
        canvas.polygon(&corners, color)
    }
}
