//! Stacked histograms on a shared horizontal axis, one per optimizer.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::FigureError;
use super::canvas::{Anchor, Canvas, Stroke};
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, INK, LABEL, SUBTITLE, TITLE, series_style};
use crate::reference::{Center, Reference};
use minima_rows::Quantity;
use minima_rows::significant::decimal;

pub(super) const WIDTH: u32 = 1600;
const HEAD: f64 = 150.0;
const PANEL_HEIGHT: f64 = 210.0;
const PANEL_PITCH: f64 = 300.0;
const FOOT: f64 = 60.0;
const LEFT: f64 = 140.0;
const RIGHT: f64 = 40.0;

/// One optimizer's values, one per test image.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The optimizer's name.
    pub optimizer: String,
    /// The values. NaN and infinite values are not drawn; their number is shown in the figure.
    pub values: Vec<f64>,
}

/// The differences between the histogram figures.
pub(super) struct Layout<'a> {
    pub title: String,
    pub subtitle: &'a str,
    pub x_title: &'a str,
    pub x: Axis,
    pub bins: usize,
    /// Whether the vertical axis is logarithmic in the number of images instead of linear in their share.
    pub logarithmic: bool,
    pub labels: &'a str,
    /// The published result, whose medians are drawn.
    pub reference: Option<&'static dyn Reference>,
    pub quantity: Quantity,
    /// A note on the values, at the right end of a panel's heading.
    pub note: fn(&[f64]) -> String,
    /// Bars below this value are drawn lighter.
    pub lighter_below: f64,
}

pub(super) fn height(panels: usize) -> u32 {
    (HEAD + panels.max(1) as f64 * PANEL_PITCH + FOOT) as u32
}

pub(super) fn draw<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout<'_>,
    samples: &[Samples],
) -> Result<(), FigureError> {
    canvas.text(&layout.title, (40.0, 42.0), Anchor::Start, &TITLE)?;
    let dashed = layout
        .reference
        .map_or_else(String::new, |reference| format!(" Dashed line: the {}'s median.", reference.noun()));
    canvas.text(&format!("{}{dashed}", layout.subtitle), (40.0, 88.0), Anchor::Start, &SUBTITLE)?;

    let finite: Vec<Vec<f64>> = samples.iter().map(|one| finite_sorted(&one.values)).collect();
    let counts: Vec<Vec<u32>> =
        finite.iter().map(|values| count((layout.x.start, layout.x.end), layout.bins, values)).collect();
    let highest = counts.iter().flatten().copied().max().unwrap_or(0);

    for (index, ((one, values), counts)) in samples.iter().zip(&finite).zip(&counts).enumerate() {
        let tallest = counts.iter().copied().max().unwrap_or(0);
        let panel = Panel {
            left: LEFT,
            top: HEAD + index as f64 * PANEL_PITCH + 40.0,
            width: f64::from(WIDTH) - LEFT - RIGHT,
            height: PANEL_HEIGHT,
            x: layout.x.clone(),
            y: if layout.logarithmic { logarithmic_axis(highest) } else { share_axis(tallest, values.len()) },
        };
        let last = index + 1 == samples.len();
        draw_heading(canvas, layout, &panel, one, values)?;
        draw_panel(canvas, layout, &panel, one, values, counts, last)?;
        if last {
            canvas.text(
                layout.x_title,
                (panel.left + panel.width / 2.0, panel.bottom() + 68.0),
                Anchor::Middle,
                &LABEL,
            )?;
        }
    }
    Ok(())
}

fn draw_heading<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout<'_>,
    panel: &Panel,
    one: &Samples,
    values: &[f64],
) -> Result<(), FigureError> {
    let style = series_style(canvas, &one.optimizer);
    let y = panel.top - 34.0;
    canvas.rectangle((panel.left, y - 11.0), (panel.left + 22.0, y + 11.0), style.color)?;
    canvas.text(canvas.label(&one.optimizer), (panel.left + 34.0, y), Anchor::Start, &HEADING)?;
    let mut parts = Vec::new();
    match middle(values) {
        Some(median) => parts.push(match published(layout, one) {
            Some((noun, center)) => format!("median {} ({noun} {})", number(median), number(center.median)),
            None => format!("median {}", number(median)),
        }),
        None => parts.push("no finite values".to_owned()),
    }
    let note = (layout.note)(values);
    if !note.is_empty() && !values.is_empty() {
        parts.push(note);
    }
    let left_out = one.values.len() - values.len();
    if left_out > 0 {
        parts.push(format!("{left_out} not finite"));
    }
    canvas.text(&parts.join("  ·  "), (panel.left + panel.width, y), Anchor::End, &LABEL)
}

fn draw_panel<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    layout: &Layout<'_>,
    panel: &Panel,
    one: &Samples,
    values: &[f64],
    counts: &[u32],
    label_x: bool,
) -> Result<(), FigureError> {
    panel.draw_axes(canvas, label_x)?;
    let style = series_style(canvas, &one.optimizer);
    let width = (layout.x.end - layout.x.start) / layout.bins as f64;
    for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let start = layout.x.start + bin as f64 * width;
        let height = if layout.logarithmic {
            f64::from(*count).log10()
        } else {
            100.0 * f64::from(*count) / values.len().max(1) as f64
        };
        let (left, top) = panel.place(start, height);
        let (right, _) = panel.place(start + width, height);
        let lighter = start + width / 2.0 < layout.lighter_below;
        let color = tint(style.color, if lighter { 0.3 } else { 0.65 });
        canvas.rectangle((left, top), (right - 1.0, panel.bottom()), color)?;
    }
    panel.draw_baseline(canvas)?;
    if let Some(median) = middle(values) {
        draw_median(canvas, panel, median, 0.0, &Stroke::solid(style.color, 7.0))?;
    }
    if let Some((_, center)) = published(layout, one) {
        let dashed = Stroke { color: INK, width: 3.0, dashes: &[9.0, 7.0] };
        draw_median(canvas, panel, center.median, 14.0, &dashed)?;
    }
    Ok(())
}

fn draw_median<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    panel: &Panel,
    median: f64,
    above: f64,
    stroke: &Stroke<'_>,
) -> Result<(), FigureError> {
    let (x, _) = panel.place(median, panel.y.start);
    canvas.line(&[(x, panel.bottom()), (x, panel.top - above)], stroke)
}

/// The reference's noun and its numbers for these samples.
fn published(layout: &Layout<'_>, one: &Samples) -> Option<(&'static str, Center)> {
    let reference = layout.reference?;
    Some((reference.noun(), reference.distribution(layout.labels, &one.optimizer, layout.quantity)?))
}

/// The number of values in each of `bins` equal parts of a range.
pub(crate) fn count((start, end): (f64, f64), bins: usize, values: &[f64]) -> Vec<u32> {
    let mut counts = vec![0; bins];
    for value in values {
        let share = (value - start) / (end - start);
        let bin = (share * bins as f64).floor();
        if bin >= 0.0
            && let Some(count) = counts.get_mut(bin as usize)
        {
            *count += 1;
        }
    }
    counts
}

fn logarithmic_axis(highest: u32) -> Axis {
    let top = f64::from(highest.max(10)).log10();
    Axis {
        // A bin with one image must be visible.
        start: -0.3,
        end: top + 0.1,
        ticks: (0..=top as i32).map(|power| (f64::from(power), 10i64.pow(power as u32).to_string())).collect(),
    }
}

fn share_axis(tallest: u32, total: usize) -> Axis {
    let top = 105.0 * f64::from(tallest) / total.max(1) as f64;
    let mut axis = Axis::linear(0.0, top, 3);
    for (_, text) in &mut axis.ticks {
        text.push_str(" %");
    }
    axis
}

pub(super) fn finite_sorted(values: &[f64]) -> Vec<f64> {
    let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    finite
}

pub(super) fn percent(part: usize, whole: usize) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

fn middle(sorted: &[f64]) -> Option<f64> {
    minima_metrics::quantile(sorted, 0.5)
}

fn number(value: f64) -> String {
    decimal(value, if value.abs() < 0.1 { 4 } else { 2 }).replace('-', "\u{2212}")
}

/// A mixture of a color and white.
pub(super) fn tint(color: RGBColor, share: f64) -> RGBColor {
    let mix = |channel: u8| (255.0 - (255.0 - f64::from(channel)) * share).round() as u8;
    RGBColor(mix(color.0), mix(color.1), mix(color.2))
}
