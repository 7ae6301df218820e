//! How the ranks of each measure agree with the ranks of one robustness.

use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::canvas::{Anchor, Canvas, Stroke};
use super::heading::draw_heading;
use super::panel::{Axis, Panel};
use super::series_style::{GRID, HEADING, INK, PAPER, SUBTITLE, SeriesStyle, TICK};
use super::{Figure, FigureError};
use crate::appearance::Marker;
use crate::studies::predictors::{named, unitless};
use minima_rows::{PredictorRow, PredictorScope, in_order};

const WIDTH: f64 = 1500.0;
const MARGIN: f64 = 40.0;
const TOP: f64 = 205.0;
const NAMES: f64 = 600.0;
const PANEL: f64 = 375.0;
const GAP: f64 = 60.0;
const LINE: f64 = 42.0;
const BELOW: f64 = 70.0;
const SCOPES: [PredictorScope; 2] = [PredictorScope::All, PredictorScope::Within];

/// A measure whose interval excludes zero.
const APART: SeriesStyle = SeriesStyle { color: RGBColor(0x00, 0x72, 0xb2), dashes: &[], marker: Marker::Circle };
/// A measure whose interval holds zero.
const OPEN: SeriesStyle = SeriesStyle { color: RGBColor(0x80, 0x80, 0x80), dashes: &[], marker: Marker::Circle };

/// The rank correlation of each measure with one robustness, over all models and within optimizers.
///
/// The robustness is the share of images that withstand AutoAttack at its smallest radius, or the first one if there is no such row.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlations {
    /// The correlations.
    pub rows: Vec<PredictorRow>,
}

impl Correlations {
    /// The name and the radius of the robustness.
    fn robustness(&self) -> Option<(&str, Option<f64>)> {
        let all = || self.rows.iter().map(|row| (row.robustness.as_str(), row.epsilon));
        let strongest = all().filter(|(name, _)| name.ends_with("AutoAttack"));
        let radius = |at: &(&str, Option<f64>)| at.1.unwrap_or(f64::INFINITY);
        strongest.min_by(|a, b| radius(a).total_cmp(&radius(b))).or_else(|| all().next())
    }

    /// The measures, in the order of the rows.
    fn measures(&self) -> Vec<(&str, Option<f64>)> {
        in_order(self.rows.iter().map(|row| (row.measure.as_str(), row.at)))
    }
}

impl Figure for Correlations {
    fn name(&self) -> &str {
        "correlations"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, (TOP + LINE * self.measures().len() as f64 + BELOW) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let Some((robustness, epsilon)) = self.robustness() else {
            let (figure, found) = (self.name().to_owned(), "no rows".to_owned());
            return Err(FigureError::Data { figure, found, expected: "at least one correlation".to_owned() });
        };
        let title = format!("Which measure goes with “{}”?", named(robustness, epsilon));
        let subtitle = "Rank correlation with 95 % intervals; blue where the interval excludes zero.";
        draw_heading(canvas, MARGIN, &title, &[subtitle])?;
        let measures = self.measures();
        for (place, (measure, at)) in measures.iter().enumerate() {
            let middle = TOP + LINE * (place as f64 + 0.5);
            // The font has no subscripts.
            let name = named(unitless(measure), *at).replace("λ₁", "largest eigenvalue");
            canvas.text(&name, (MARGIN, middle), Anchor::Start, &TICK)?;
        }
        for (column, scope) in SCOPES.into_iter().enumerate() {
            let panel = Panel {
                left: MARGIN + NAMES + column as f64 * (PANEL + GAP),
                top: TOP,
                width: PANEL,
                height: LINE * measures.len() as f64,
                x: Axis::linear(-1.0, 1.0, 4),
                y: Axis { start: measures.len() as f64, end: 0.0, ticks: Vec::new() },
            };
            let own =
                |row: &&PredictorRow| (row.robustness.as_str(), row.epsilon, row.scope) == (robustness, epsilon, scope);
            let rows: Vec<&PredictorRow> = self.rows.iter().filter(own).collect();
            let models = rows.iter().map(|row| row.count).max().unwrap_or(0);
            let heading = match scope {
                PredictorScope::All => format!("all {models} models"),
                _ => scope.to_string(),
            };
            let centre = panel.left + PANEL / 2.0;
            canvas.text(&heading, (centre, TOP - 40.0), Anchor::Middle, &HEADING)?;
            if rows.is_empty() {
                let middle = (centre, TOP + panel.height / 2.0);
                canvas.text("too few models", middle, Anchor::Middle, &SUBTITLE)?;
                continue;
            }
            for (value, _) in &panel.x.ticks {
                let ends = [panel.place(*value, 0.0), panel.place(*value, measures.len() as f64)];
                canvas.line(&ends, &if *value == 0.0 { Stroke::solid(INK, 2.0) } else { Stroke::solid(GRID, 1.5) })?;
            }
            panel.draw_axes(canvas, true)?;
            for row in rows {
                let Some(place) = measures.iter().position(|m| *m == (row.measure.as_str(), row.at)) else { continue };
                let at = |value| panel.place(value, place as f64 + 0.5);
                let apart = row.low > 0.0 || row.high < 0.0;
                let style = if apart { APART } else { OPEN };
                canvas.line(&[at(row.low), at(row.high)], &style.stroke_solid(5.0))?;
                style.draw_marker(canvas, at(row.correlation), 9.0, if apart { style.color } else { PAPER })?;
            }
            panel.draw_baseline(canvas)?;
        }
        Ok(())
    }
}
