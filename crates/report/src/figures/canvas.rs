//! Drawing in pixels of the finished figure, independent of the backend.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::FigureError;
use super::font::FAMILY;
use crate::own_optimizer::{self, OwnOptimizer};

/// Line height of the font in em. The drawing library uses line heights where SVG uses em.
const LINE_HEIGHT: f64 = 1.24;
/// Distance of a text's baseline below its middle line, in em: half the height of a digit.
const BASELINE: f64 = 0.36;
/// The part of [`BASELINE`] that the drawing library already applies in a bitmap.
const BITMAP_BASELINE: f64 = 0.12;

/// Shifts the texts of an SVG document to their baseline in a bitmap.
pub(super) fn align_svg_texts(document: &str) -> String {
    document.replace(" dy=\"0.5ex\"", &format!(" dy=\"{BITMAP_BASELINE}em\""))
}

/// The horizontal position of a text relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The text starts at the point.
    Start,
    /// The text is centred at the point.
    Middle,
    /// The text ends at the point.
    End,
}

/// The style of a text.
#[derive(Clone, Copy, Debug)]
pub struct TextLook {
    /// Size in pixels.
    pub size: f64,
    /// Whether the text is bold.
    pub bold: bool,
    /// Color.
    pub color: RGBColor,
}

/// The style of a line.
#[derive(Clone, Copy, Debug)]
pub struct Stroke<'a> {
    /// Color.
    pub color: RGBColor,
    /// Width in pixels.
    pub width: f64,
    /// Alternating lengths of dashes and gaps; empty for a solid line.
    pub dashes: &'a [f64],
}

impl Stroke<'_> {
    /// A solid line.
    pub fn solid(color: RGBColor, width: f64) -> Self {
        Self { color, width, dashes: &[] }
    }
}

/// A drawing area measured in pixels of the finished figure.
pub struct Canvas<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    scale: f64,
    optimizers: &'a [OwnOptimizer],
}

impl<'a, DB: DrawingBackend> Canvas<'a, DB> {
    /// A canvas on which one pixel is `scale` units of `area`.
    pub fn new(area: &'a DrawingArea<DB, Shift>, scale: f64) -> Self {
        Self { area, scale, optimizers: &[] }
    }

    /// The same canvas with optimizers that bring their appearance.
    #[must_use]
    pub fn with_optimizers(self, optimizers: &'a [OwnOptimizer]) -> Self {
        Self { optimizers, ..self }
    }

    /// The optimizers that bring their appearance.
    pub(super) fn optimizers(&self) -> &'a [OwnOptimizer] {
        self.optimizers
    }

    /// The label of an optimizer.
    pub(super) fn label<'n>(&self, optimizer: &'n str) -> &'n str
    where
        'a: 'n,
    {
        own_optimizer::label(self.optimizers, optimizer)
    }

    /// Fills the rectangle between two corners.
    pub fn rectangle(
        &self,
        (left, top): (f64, f64),
        (right, bottom): (f64, f64),
        color: RGBColor,
    ) -> Result<(), FigureError> {
        let corners = [self.place((left, top)), self.place((right, bottom))];
        self.done(self.area.draw(&Rectangle::new(corners, filled(color))))
    }

    /// Draws a line through the points.
    pub fn line(&self, points: &[(f64, f64)], stroke: &Stroke<'_>) -> Result<(), FigureError> {
        if stroke.dashes.is_empty() {
            return self.solid_line(points, stroke);
        }
        for dash in dashes(points, stroke.dashes) {
            self.solid_line(&dash, stroke)?;
        }
        Ok(())
    }

    /// Fills the polygon with these corners.
    pub fn polygon(&self, corners: &[(f64, f64)], color: RGBColor) -> Result<(), FigureError> {
        let corners: Vec<_> = corners.iter().map(|point| self.place(*point)).collect();
        self.done(self.area.draw(&Polygon::new(corners, filled(color))))
    }

    /// Fills a circle.
    pub fn disc(&self, center: (f64, f64), radius: f64, color: RGBColor) -> Result<(), FigureError> {
        self.done(self.area.draw(&Circle::new(self.place(center), self.length(radius), filled(color))))
    }

    /// Draws a text whose middle line is at the point's height.
    pub fn text(&self, text: &str, (x, y): (f64, f64), anchor: Anchor, look: &TextLook) -> Result<(), FigureError> {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = TextStyle::from(self.font(look)).color(&look.color).pos(Pos::new(horizontal, VPos::Center));
        let at = self.place((x, y + (BASELINE - BITMAP_BASELINE) * look.size));
        self.done(self.area.draw(&Text::new(text.to_owned(), at, style)))
    }

    /// The width of a text in pixels.
    pub fn text_width(&self, text: &str, look: &TextLook) -> Result<f64, FigureError> {
        let (width, _) = self.font(look).box_size(text).map_err(|error| FigureError::Drawing(error.to_string()))?;
        Ok(f64::from(width) / self.scale)
    }

    fn solid_line(&self, points: &[(f64, f64)], stroke: &Stroke<'_>) -> Result<(), FigureError> {
        let points: Vec<_> = points.iter().map(|point| self.place(*point)).collect();
        let style =
            ShapeStyle { color: stroke.color.into(), filled: false, stroke_width: self.length(stroke.width) as u32 };
        self.done(self.area.draw(&PathElement::new(points, style)))
    }

    fn font(&self, look: &TextLook) -> FontDesc<'static> {
        let style = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
        FontDesc::new(FontFamily::Name(FAMILY), look.size * self.scale * LINE_HEIGHT, style)
    }

    fn place(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn length(&self, pixels: f64) -> i32 {
        (pixels * self.scale).round().max(1.0) as i32
    }

    fn done(&self, drawn: Result<(), DrawingAreaErrorKind<DB::ErrorType>>) -> Result<(), FigureError> {
        drawn.map_err(|error| FigureError::Drawing(error.to_string()))
    }
}

fn filled(color: RGBColor) -> ShapeStyle {
    ShapeStyle { color: color.into(), filled: true, stroke_width: 0 }
}

/// Cuts a line into dashes. `pattern` contains alternating lengths of dashes and gaps.
fn dashes(points: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut lengths = pattern.iter().copied().cycle();
    let mut finished = Vec::new();
    let (Some(&first), Some(mut left)) = (points.first(), lengths.next()) else {
        return finished;
    };
    if pattern.iter().any(|length| *length <= 0.0) {
        return vec![points.to_vec()];
    }
    let mut drawing = true;
    let mut dash = vec![first];
    for (&start, &end) in points.iter().zip(points.iter().skip(1)) {
        let length = (end.0 - start.0).hypot(end.1 - start.1);
        let mut walked = 0.0;
        while length - walked > left {
            walked += left;
            let share = walked / length;
            let point = (start.0 + (end.0 - start.0) * share, start.1 + (end.1 - start.1) * share);
            if drawing {
                dash.push(point);
                finished.push(std::mem::take(&mut dash));
            } else {
                dash = vec![point];
            }
            drawing = !drawing;
            left = lengths.next().unwrap_or(f64::INFINITY);
        }
        left -= length - walked;
        if drawing {
            dash.push(end);
        }
    }
    if drawing && dash.len() > 1 {
        finished.push(dash);
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_follow_the_line_around_a_corner() {
        let cut = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)], &[4.0, 2.0]);
        assert_eq!(cut, [vec![(0.0, 0.0), (4.0, 0.0)], vec![(5.0, 1.0), (5.0, 5.0)]]);
    }

    #[test]
    fn a_pattern_that_goes_nowhere_is_a_solid_line() {
        assert_eq!(dashes(&[(0.0, 0.0), (1.0, 0.0)], &[0.0]).len(), 1);
        assert!(dashes(&[], &[1.0]).is_empty());
    }
}
