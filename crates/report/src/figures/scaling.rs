//! Time and memory of a Gauss-Newton step against the size of the network and of the batch, on logarithmic axes.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::canvas::{Anchor, Canvas, Stroke};
use super::heading::draw_heading;
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, INK, LABEL, SeriesStyle};
use super::{Figure, FigureError};
use crate::appearance::Marker;
use minima_rows::ScalingRow;

const WIDTH: f64 = 1500.0;
const HEIGHT: f64 = 1180.0;
const MARGIN: f64 = 40.0;
const AXIS: f64 = 110.0;
const COLUMN: f64 = 720.0;
const PANEL_HEIGHT: f64 = 370.0;
const TOPS: [f64; 2] = [190.0, 710.0];

const OURS: SeriesStyle = SeriesStyle { color: RGBColor(0x00, 0x9e, 0x73), dashes: &[], marker: Marker::Triangle };
const LARGE: SeriesStyle = SeriesStyle { color: RGBColor(0x00, 0x72, 0xb2), dashes: &[], marker: Marker::Circle };
const JACOBIAN: SeriesStyle =
    SeriesStyle { color: RGBColor(0xe6, 0x9f, 0x00), dashes: &[14.0, 6.0], marker: Marker::Diamond };
const GGN: SeriesStyle = SeriesStyle { color: RGBColor(0xd5, 0x5e, 0x00), dashes: &[3.0, 5.0], marker: Marker::Square };

/// Time and memory, against parameters for one batch size and against the batch size for networks measured with several.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// The measurements.
    pub rows: Vec<ScalingRow>,
}

/// The quantity of a line; `None` if it was not measured.
type Quantity<'a> = &'a dyn Fn(&ScalingRow) -> Option<f64>;

/// A line of a panel.
struct Line {
    name: String,
    style: SeriesStyle,
    points: Vec<(f64, f64)>,
}

impl Scaling {
    /// The batch size with which most networks were measured.
    fn batch(&self) -> usize {
        let count = |batch| self.rows.iter().filter(|r| r.batch == batch).count();
        self.rows.iter().map(|r| r.batch).max_by_key(|&batch| count(batch)).unwrap_or(0)
    }

    fn at_batch(&self) -> impl Iterator<Item = &ScalingRow> + Clone {
        let batch = self.batch();
        self.rows.iter().filter(move |r| r.batch == batch)
    }

    /// The networks measured with several batch sizes, in ascending order.
    fn networks(&self) -> Vec<usize> {
        let mut sizes: Vec<_> = self.rows.iter().map(|r| r.parameters).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes.retain(|&size| self.rows.iter().filter(|r| r.parameters == size).count() > 1);
        sizes
    }

    fn by_batch(&self, value: impl Fn(&ScalingRow) -> Option<f64>) -> Vec<Line> {
        let lines = self.networks().into_iter().zip([OURS, LARGE]).map(|(size, style)| Line {
            name: format!("{} parameters", grouped(size)),
            style,
            points: line(self.rows.iter().filter(|r| r.parameters == size), |r| r.batch as f64, &value),
        });
        lines.collect()
    }

    fn by_parameters(&self, lines: &[(&str, SeriesStyle, Quantity<'_>)]) -> Vec<Line> {
        let x = |r: &ScalingRow| r.parameters as f64;
        lines
            .iter()
            .map(|(name, style, value)| Line {
                name: (*name).to_owned(),
                style: *style,
                points: line(self.at_batch(), x, value),
            })
            .collect()
    }
}

/// Points in ascending order of x, without missing values.
fn line<'a>(
    rows: impl Iterator<Item = &'a ScalingRow>,
    x: impl Fn(&ScalingRow) -> f64,
    y: &(impl Fn(&ScalingRow) -> Option<f64> + ?Sized),
) -> Vec<(f64, f64)> {
    let mut points: Vec<_> = rows.filter_map(|r| Some((x(r), y(r)?))).filter(|p| p.0 > 0.0 && p.1 > 0.0).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// A number with digits in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

impl Figure for Scaling {
    fn name(&self) -> &str {
        "scaling"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        if self.rows.is_empty() {
            let (figure, found) = ("scaling".to_owned(), "no rows".to_owned());
            return Err(FigureError::Data { figure, found, expected: "at least one measurement".to_owned() });
        }
        let subtitle = "Exact step in function space, f32. Dashed: the requirement of a dense matrix alone.";
        draw_heading(canvas, MARGIN, "A Gauss-Newton step as the problem grows", &[subtitle])?;
        let time = |r: &ScalingRow| Some(r.median_ms);
        let memory = |r: &ScalingRow| r.memory_bytes.map(|bytes| bytes as f64);
        let jacobian = |r: &ScalingRow| Some(r.dense_jacobian_bytes);
        let ggn = |r: &ScalingRow| Some(r.dense_ggn_bytes);
        let at = format!("batch {}", self.batch());
        let times = self.by_parameters(&[("this step", OURS, &time)]);
        let memories = self.by_parameters(&[
            ("this step", OURS, &memory),
            ("dense Jacobian", JACOBIAN, &jacobian),
            ("dense GGN", GGN, &ggn),
        ]);
        let panel = |column, row, title: String, x, lines: &[Line], unit| {
            draw_panel(canvas, (column, row), &title, x, lines, unit)
        };
        panel(0, 0, format!("Time, {at}"), "parameters", &times, milliseconds)?;
        panel(1, 0, "Time".to_owned(), "batch", &self.by_batch(time), milliseconds)?;
        panel(0, 1, format!("Memory, {at}"), "parameters", &memories, bytes)?;
        panel(1, 1, "Memory".to_owned(), "batch", &self.by_batch(memory), bytes)
    }
}

fn draw_panel<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    (column, row): (usize, usize),
    title: &str,
    x_title: &str,
    lines: &[Line],
    unit: fn(f64) -> String,
) -> Result<(), FigureError> {
    let points = || lines.iter().flat_map(|l| &l.points);
    let label: fn(f64) -> String = if x_title == "batch" { |x| format!("{x:.0}") } else { count };
    let base = if x_title == "batch" { 2.0 } else { 10.0 };
    let panel = Panel {
        left: MARGIN + column as f64 * COLUMN + AXIS,
        top: TOPS[row],
        width: COLUMN - AXIS - 40.0,
        height: PANEL_HEIGHT,
        x: Axis::logarithmic(points().map(|p| p.0), base, label),
        y: Axis::logarithmic(points().map(|p| p.1), 10.0, unit),
    };
    canvas.text(title, (panel.left - AXIS, panel.top - 44.0), Anchor::Start, &HEADING)?;
    panel.draw_axes(canvas, true)?;
    for (index, line) in lines.iter().enumerate() {
        let places: Vec<_> = line.points.iter().map(|p| panel.place(p.0.log10(), p.1.log10())).collect();
        canvas.line(&places, &line.style.stroke(4.0))?;
        for &place in &places {
            line.style.draw_marker(canvas, place, 8.0, line.style.color)?;
        }
        let (x, y) = (panel.left + 24.0, panel.top + 16.0 + 34.0 * index as f64);
        canvas.line(&[(x, y), (x + 56.0, y)], &line.style.stroke(4.0))?;
        canvas.text(&line.name, (x + 68.0, y), Anchor::Start, &LABEL)?;
    }
    panel.draw_baseline(canvas)?;
    canvas.line(&[(panel.left, panel.top), (panel.left, panel.bottom())], &Stroke::solid(INK, 1.5))?;
    let below = (panel.left + panel.width / 2.0, panel.bottom() + 62.0);
    canvas.text(x_title, below, Anchor::Middle, &LABEL)
}

fn count(value: f64) -> String {
    scaled(value, &[(1e6, "M"), (1e3, "k"), (1.0, "")])
}

fn milliseconds(value: f64) -> String {
    scaled(value, &[(1e3, " s"), (1.0, " ms"), (1e-3, " us")])
}

fn bytes(value: f64) -> String {
    scaled(value, &[(1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " kB"), (1.0, " B")])
}

/// A power of ten in the largest unit that it reaches.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = units.iter().find(|(size, _)| value >= 0.999 * size).or(units.last());
    fits.map_or_else(String::new, |(size, name)| format!("{:.0}{name}", value / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        assert_eq!([1e4, 1e6].map(count), ["10k", "1M"]);
        assert_eq!([10.0, 1e3].map(milliseconds), ["10 ms", "1 s"]);
        assert_eq!([1e8, 1e12].map(bytes), ["100 MB", "1 TB"]);
        assert_eq!(grouped(857_738), "857\u{a0}738");
    }
}
