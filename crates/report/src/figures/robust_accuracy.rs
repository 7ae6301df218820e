//! Robust accuracy against the radius of the attack, one panel per attack.

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas, Stroke};
use super::heading::draw_heading;
use super::legend::draw_legend;
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, INK, LABEL, series_style};
use super::{Figure, FigureError};
use minima_rows::RobustnessRow;
use minima_rows::in_order;
use minima_rows::optimizers::distinct;

const WIDTH: f64 = 1500.0;
const HEIGHT: f64 = 820.0;
const MARGIN: f64 = 40.0;
const AXIS: f64 = 90.0;
const TOP: f64 = 300.0;
const PANEL_HEIGHT: f64 = 400.0;

/// The share of images classified correctly after each attack, against its radius.
#[derive(Clone, Debug, PartialEq)]
pub struct RobustAccuracy {
    /// The training labels of the models: `clean` or `poisoned`.
    pub labels: String,
    /// The attacks on one seed's models.
    pub rows: Vec<RobustnessRow>,
}

/// An attack's name for the figure.
fn heading(attack: &str) -> &str {
    match attack {
        "fgsm" => "FGSM",
        "pgd" => "PGD-40",
        other => other,
    }
}

impl Figure for RobustAccuracy {
    fn name(&self) -> &str {
        "robust-accuracy"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let attacks = in_order(self.rows.iter().map(|row| row.attack.as_str()));
        let images = self.rows.iter().map(|row| row.images).max().unwrap_or(0);
        if images == 0 {
            let (figure, found) = ("robust-accuracy".to_owned(), "no attack".to_owned());
            return Err(FigureError::Data { figure, found, expected: "at least one attack".to_owned() });
        }
        let title = format!("Robust accuracy against the attack's radius, {} labels", self.labels);
        let seed = self.rows.first().map(|row| row.seed).unwrap_or_default();
        let subtitle = format!(
            "Share of the first {images} test images that are classified correctly after the attack, seed {seed}."
        );
        draw_heading(canvas, MARGIN, &title, &[subtitle])?;
        let optimizers = distinct(self.rows.iter().map(|row| row.optimizer.as_str()));
        draw_legend(canvas, &optimizers, (MARGIN, 136.0))?;
        let width = (WIDTH - 2.0 * MARGIN) / attacks.len() as f64;
        let widest = self.rows.iter().map(|row| row.epsilon).fold(0.0, f64::max);
        for (place, attack) in attacks.iter().enumerate() {
            let panel = Panel {
                left: MARGIN + place as f64 * width + AXIS,
                top: TOP,
                width: width - AXIS - 30.0,
                height: PANEL_HEIGHT,
                x: Axis::linear(0.0, widest, 6),
                y: Axis::linear(0.0, 1.0, 5),
            };
            canvas.text(heading(attack), (panel.left, panel.top - 40.0), Anchor::Start, &HEADING)?;
            panel.draw_axes(canvas, true)?;
            for optimizer in &optimizers {
                let own = self.rows.iter().filter(|row| row.attack == *attack && row.optimizer == *optimizer);
                let mut points: Vec<(f64, f64)> = own.map(|row| (row.epsilon, row.robust_accuracy())).collect();
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                let places: Vec<_> = points.iter().map(|p| panel.place(p.0, p.1)).collect();
                let style = series_style(canvas, optimizer);
                canvas.line(&places, &style.stroke(4.0))?;
                for &at in &places {
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
