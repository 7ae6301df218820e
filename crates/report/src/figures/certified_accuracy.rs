//! Proved and attacked accuracy against the radius, one panel per optimizer, with the undecided band between.

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas, Stroke};
use super::heading::draw_heading;
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, INK, LABEL, series_style};
use super::{Figure, FigureError};
use minima_rows::CertifiedAccuracyRow;
use minima_rows::optimizers::distinct;

const WIDTH: f64 = 1500.0;
const MARGIN: f64 = 40.0;
const AXIS: f64 = 90.0;
const TOP: f64 = 236.0;
const PANEL_HEIGHT: f64 = 300.0;
const ROW_HEIGHT: f64 = 460.0;
/// Panels of a row.
const ACROSS: usize = 2;

/// The shares of images that are proved, and that are not broken, against the radius.
#[derive(Clone, Debug, PartialEq)]
pub struct CertifiedAccuracy {
    /// The training labels of the models: `clean` or `poisoned`.
    pub labels: String,
    /// The proofs for one seed's models.
    pub rows: Vec<CertifiedAccuracyRow>,
}

impl CertifiedAccuracy {
    fn optimizers(&self) -> Vec<&str> {
        distinct(self.rows.iter().map(|row| row.optimizer.as_str()))
    }
}

impl Figure for CertifiedAccuracy {
    fn name(&self) -> &str {
        "certified-accuracy"
    }

    fn size(&self) -> (u32, u32) {
        let rows = self.optimizers().len().div_ceil(ACROSS).max(1);
        (WIDTH as u32, (TOP + rows as f64 * ROW_HEIGHT) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let images = self.rows.iter().map(|row| row.images).max().unwrap_or(0);
        if images == 0 {
            let (figure, found) = (self.name().to_owned(), "no image".to_owned());
            return Err(FigureError::Data { figure, found, expected: "at least one image".to_owned() });
        }
        let title = format!("Proved and attacked accuracy against the radius, {} labels", self.labels);
        let seed = self.rows.first().map(|row| row.seed).unwrap_or_default();
        let subtitle = [
            format!(
                "Lower line: share of the first {images} test images that are proved. Upper line: share that is not broken."
            ),
            format!("The images between the lines are undecided. Seed {seed}."),
        ];
        draw_heading(canvas, MARGIN, &title, &subtitle)?;
        let width = (WIDTH - 2.0 * MARGIN) / ACROSS as f64;
        let widest = self.rows.iter().map(|row| row.epsilon).fold(0.0, f64::max);
        for (place, optimizer) in self.optimizers().into_iter().enumerate() {
            let panel = Panel {
                left: MARGIN + (place % ACROSS) as f64 * width + AXIS,
                top: TOP + (place / ACROSS) as f64 * ROW_HEIGHT,
                width: width - AXIS - 30.0,
                height: PANEL_HEIGHT,
                x: Axis::linear(0.0, widest, 5),
                y: Axis::linear(0.0, 1.0, 5),
            };
            canvas.text(canvas.label(optimizer), (panel.left, panel.top - 40.0), Anchor::Start, &HEADING)?;
            panel.draw_axes(canvas, true)?;
            let mut own: Vec<&CertifiedAccuracyRow> =
                self.rows.iter().filter(|row| row.optimizer == optimizer).collect();
            own.sort_by(|a, b| a.epsilon.total_cmp(&b.epsilon));
            let line = |end: usize| -> Vec<(f64, f64)> {
                own.iter().map(|row| panel.place(row.epsilon, row.bracket()[end])).collect()
            };
            let style = series_style(canvas, optimizer);
            let [proved, standing] = [line(0), line(1)];
            let band: Vec<(f64, f64)> = proved.iter().chain(standing.iter().rev()).copied().collect();
            canvas.polygon(&band, style.tint())?;
            for ends in [&proved, &standing] {
                canvas.line(ends, &style.stroke(4.0))?;
                for &at in ends {
                    style.draw_marker(canvas, at, 7.0, style.color)?;
                }
            }
            panel.draw_baseline(canvas)?;
            canvas.line(&[(panel.left, panel.top), (panel.left, panel.bottom())], &Stroke::solid(INK, 1.5))?;
            let below = (panel.left + panel.width / 2.0, panel.bottom() + 66.0);
            canvas.text("ε", below, Anchor::Middle, &LABEL)?;
        }
        Ok(())
    }
}
