//! Test error against seconds and against steps, on logarithmic axes.

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas, Stroke};
use super::heading::draw_heading;
use super::legend::draw_legend;
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, INK, LABEL, MUTED, series_style};
use super::{Figure, FigureError};
use minima_rows::PaceRow;
use minima_rows::optimizers::distinct;

const WIDTH: f64 = 1500.0;
const HEIGHT: f64 = 860.0;
const MARGIN: f64 = 40.0;
const AXIS: f64 = 100.0;
const TOP: f64 = 340.0;
const PANEL_HEIGHT: f64 = 400.0;

/// Test error against time and against steps.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeToAccuracy {
    /// The accuracy at which a run ends.
    pub target: f64,
    /// Description of the device.
    pub machine: String,
    /// Test accuracies along each run.
    pub rows: Vec<PaceRow>,
}

fn error(row: &PaceRow) -> f64 {
    1.0 - row.test_accuracy
}

impl Figure for TimeToAccuracy {
    fn name(&self) -> &str {
        "time-to-accuracy"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        if self.rows.is_empty() {
            let (figure, found) = ("time-to-accuracy".to_owned(), "no rows".to_owned());
            return Err(FigureError::Data { figure, found, expected: "at least one run".to_owned() });
        }
        let title = format!("How fast each optimizer gets to {} % test accuracy", percent(self.target));
        let subtitle = format!("Test error, one run each, on {}; a run ends at the target.", self.machine);
        draw_heading(canvas, MARGIN, &title, &[subtitle])?;
        let optimizers = distinct(self.rows.iter().map(|row| row.optimizer.as_str()));
        draw_legend(canvas, &optimizers, (MARGIN, 136.0))?;
        let seconds: fn(&PaceRow) -> f64 = |row| row.seconds;
        let steps: fn(&PaceRow) -> f64 = |row| row.step as f64;
        let width = (WIDTH - 2.0 * MARGIN) / 2.0;
        for (place, (heading, of)) in [("seconds of training", seconds), ("steps", steps)].into_iter().enumerate() {
            let panel = Panel {
                left: MARGIN + place as f64 * width + AXIS,
                top: TOP,
                width: width - AXIS - 30.0,
                height: PANEL_HEIGHT,
                x: Axis::logarithmic(self.rows.iter().map(of), 10.0, plain),
                y: Axis::logarithmic(self.rows.iter().map(error).chain([1.0 - self.target]), 10.0, as_percent),
            };
            canvas.text("test error", (panel.left - AXIS, panel.top - 34.0), Anchor::Start, &HEADING)?;
            panel.draw_axes(canvas, true)?;
            let height = (1.0 - self.target).log10();
            let ends = [panel.place(panel.x.start, height), panel.place(panel.x.end, height)];
            canvas.line(&ends, &Stroke { color: MUTED, width: 2.0, dashes: &[4.0, 6.0] })?;
            for optimizer in &optimizers {
                let own = self.rows.iter().filter(|row| row.optimizer == *optimizer && error(row) > 0.0);
                let places: Vec<_> = own.map(|row| panel.place(of(row).log10(), error(row).log10())).collect();
                let style = series_style(canvas, optimizer);
                canvas.line(&places, &style.stroke(3.0))?;
                if let Some(&last) = places.last() {
                    style.draw_marker(canvas, last, 9.0, style.color)?;
                }
            }
            panel.draw_baseline(canvas)?;
            canvas.line(&[(panel.left, panel.top), (panel.left, panel.bottom())], &Stroke::solid(INK, 1.5))?;
            let below = (panel.left + panel.width / 2.0, panel.bottom() + 66.0);
            canvas.text(heading, below, Anchor::Middle, &LABEL)?;
        }
        Ok(())
    }
}

fn percent(share: f64) -> String {
    // Rounding to six digits removes the rounding error of the share.
    ((1e8 * share).round() / 1e6).to_string()
}

fn as_percent(share: f64) -> String {
    format!("{} %", percent(share))
}

fn plain(value: f64) -> String {
    percent(value / 100.0)
}
