//! The bracket of each model's mean distance to the nearest misclassified image.

use plotters::prelude::DrawingBackend;

use super::canvas::Canvas;
use super::column;
use super::heading::draw_heading;
use super::legend::draw_marker_legend;
use super::panel::{Axis, Panel};
use super::series_style::{PAPER, series_style};
use super::{Figure, FigureError};
use minima_rows::optimizers::distinct;
use minima_rows::{RadiusRow, in_order};

const WIDTH: f64 = 1500.0;
const HEIGHT: f64 = 860.0;
const MARGIN: f64 = 40.0;
const AXIS: f64 = 110.0;
const TOP: f64 = 250.0;
const PANEL_HEIGHT: f64 = 540.0;
/// The end of the axis over the largest radius, so that no marker is cut off.
const ROOM: f64 = 1.05;

/// Each model's mean proved and mean broken radius, joined by a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Radii {
    /// The brackets of the models.
    pub rows: Vec<RadiusRow>,
}

impl Figure for Radii {
    fn name(&self) -> &str {
        "radii"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let Some(images) = self.rows.iter().map(|row| row.images).max() else {
            let (figure, found) = (self.name().to_owned(), "no rows".to_owned());
            return Err(FigureError::Data { figure, found, expected: "the radii of at least one model".to_owned() });
        };
        let seeds = in_order(self.rows.iter().map(|row| row.seed)).len();
        let subtitle = [
            format!("Radius: mean distance to the nearest misclassified image, over the first {images} test images."),
            format!(
                "A line is one model: proofs put the mean above its lower end, attacks below its upper end. {seeds} {}.",
                if seeds == 1 { "seed" } else { "seeds" }
            ),
        ];
        draw_heading(canvas, MARGIN, "How far a model's images are from an error", &subtitle)?;
        let optimizers = distinct(self.rows.iter().map(|row| row.optimizer.as_str()));
        draw_marker_legend(canvas, &optimizers, (MARGIN, 168.0))?;
        let highest = self.rows.iter().map(|row| row.mean_broken).fold(0.0, f64::max);
        let panel = Panel {
            left: MARGIN + AXIS,
            top: TOP,
            width: WIDTH - 2.0 * MARGIN - AXIS,
            height: PANEL_HEIGHT,
            x: column::axis(optimizers.len()),
            y: Axis::linear(0.0, ROOM * highest, 5),
        };
        panel.draw_axes(canvas, false)?;
        for (number, optimizer) in optimizers.iter().enumerate() {
            let mut own: Vec<&RadiusRow> = self.rows.iter().filter(|row| row.optimizer == *optimizer).collect();
            own.sort_by(|a, b| a.mean_proved.total_cmp(&b.mean_proved));
            let style = series_style(canvas, optimizer);
            for (rank, row) in own.iter().enumerate() {
                let x = column::place(number, rank, own.len());
                let ends = [row.mean_proved, row.mean_broken].map(|radius| panel.place(x, radius));
                canvas.line(&ends, &style.stroke_solid(5.0))?;
                style.draw_marker(canvas, ends[0], 8.0, style.color)?;
                style.draw_marker(canvas, ends[1], 8.0, PAPER)?;
            }
        }
        column::draw_frame(canvas, &panel)
    }
}
