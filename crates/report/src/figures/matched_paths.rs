//! FGSM's success rate along training runs, against training loss, test error and margin: the effect of early stopping.

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas, Stroke};
use super::heading::draw_heading;
use super::legend::draw_legend;
use super::panel::{Axis, Panel};
use super::series_style::{INK, LABEL, PAPER, series_style};
use super::{Figure, FigureError};
use minima_rows::PathRow;
use minima_rows::in_order;
use minima_rows::optimizers::distinct;
use minima_rows::rate;
use minima_rows::significant::Radius;

const WIDTH: f64 = 1500.0;
const HEIGHT: f64 = 880.0;
const MARGIN: f64 = 40.0;
const AXIS: f64 = 70.0;
const TOP: f64 = 300.0;
const PANEL_HEIGHT: f64 = 440.0;
/// Multiples of powers of ten that are labelled on logarithmic axes.
const LABELLED: [f64; 3] = [1.0, 2.0, 5.0];

/// Paths of models in training, one line per seed, for the largest radius.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchedPaths {
    /// The checkpoints of all runs.
    pub rows: Vec<PathRow>,
}

/// The quantity on the horizontal axis of a panel.
struct Along {
    title: &'static str,
    value: fn(&PathRow) -> f64,
    /// The start of a logarithmic axis; `None` for a linear axis, which starts at zero.
    worst: Option<f64>,
}

/// Random guessing among ten classes has a loss of 2.3.
const PANELS: [Along; 3] = [
    Along { title: "training loss", value: |row| row.train_loss, worst: Some(2.3) },
    Along { title: "test error", value: |row| 1.0 - row.test_accuracy, worst: Some(0.5) },
    Along { title: "mean logit margin", value: |row| row.mean_margin, worst: None },
];

impl Along {
    /// The axis, on which training proceeds from left to right.
    fn axis(&self, rows: &[&PathRow]) -> Axis {
        let values = rows.iter().map(|row| (self.value)(row));
        let Some(worst) = self.worst else { return Axis::linear(0.0, values.fold(0.0, f64::max), 5) };
        let best = values.filter(|value| *value > 0.0).fold(worst / 10.0, f64::min);
        let powers = best.log10().floor() as i32..=worst.log10().ceil() as i32;
        let labelled = powers.flat_map(|power| LABELLED.map(|digit| digit * 10f64.powi(power)));
        // Rounding to six digits removes the rounding error of the power.
        let ticks = labelled.filter(|value| (best..=worst).contains(value));
        let ticks = ticks.map(|value| (value.log10(), ((1e6 * value).round() / 1e6).to_string())).collect();
        Axis { start: worst.log10(), end: best.log10(), ticks }
    }

    fn place(&self, row: &PathRow) -> f64 {
        let value = (self.value)(row);
        if self.worst.is_some() { value.max(f64::MIN_POSITIVE).log10() } else { value }
    }

    /// Whether this model is within the axis.
    fn shows(&self, row: &PathRow) -> bool {
        let value = (self.value)(row);
        self.worst.map_or(value >= 0.0, |worst| value <= worst)
    }
}

impl Figure for MatchedPaths {
    fn name(&self) -> &str {
        "matched"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let epsilon = self.rows.iter().map(|row| row.epsilon).fold(0.0, f64::max);
        let rows: Vec<&PathRow> = self.rows.iter().filter(|row| row.epsilon == epsilon).collect();
        if rows.is_empty() {
            let (figure, found) = ("matched".to_owned(), "no rows".to_owned());
            return Err(FigureError::Data { figure, found, expected: "at least one run".to_owned() });
        }
        let title = "How often FGSM succeeds while training goes on";
        let seeds = in_order(rows.iter().map(|row| row.seed)).len();
        let subtitle = [
            "Success rate: of the correctly classified test images, the share misclassified after the attack."
                .to_owned(),
            format!(
                "FGSM at ε = {epsilon}. Training from left to right, {seeds} {}.",
                if seeds == 1 { "seed" } else { "seeds" },
                epsilon = Radius(epsilon)
            ),
        ];
        draw_heading(canvas, MARGIN, title, &subtitle)?;
        let optimizers = distinct(rows.iter().map(|row| row.optimizer.as_str()));
        draw_legend(canvas, &optimizers, (MARGIN, 168.0))?;
        let width = (WIDTH - 2.0 * MARGIN) / PANELS.len() as f64;
        for (place, along) in PANELS.iter().enumerate() {
            let panel = Panel {
                left: MARGIN + place as f64 * width + AXIS,
                top: TOP,
                width: width - AXIS - 20.0,
                height: PANEL_HEIGHT,
                x: along.axis(&rows),
                y: Axis::linear(0.0, 1.0, 5),
            };
            panel.draw_axes(canvas, true)?;
            draw_paths(canvas, &panel, along, &rows, &optimizers)?;
            panel.draw_baseline(canvas)?;
            canvas.line(&[(panel.left, panel.top), (panel.left, panel.bottom())], &Stroke::solid(INK, 1.5))?;
            let below = (panel.left + panel.width / 2.0, panel.bottom() + 66.0);
            canvas.text(along.title, below, Anchor::Middle, &LABEL)?;
        }
        Ok(())
    }
}

/// Draws every run as a line, and markers at their ends above all lines.
fn draw_paths<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    panel: &Panel,
    along: &Along,
    rows: &[&PathRow],
    optimizers: &[&str],
) -> Result<(), FigureError> {
    let mut ends = Vec::new();
    for optimizer in optimizers {
        let style = series_style(canvas, optimizer);
        for seed in in_order(rows.iter().map(|row| row.seed)) {
            let own = rows.iter().filter(|row| row.optimizer == *optimizer && row.seed == seed && along.shows(row));
            let places: Vec<_> =
                own.map(|row| panel.place(along.place(row), rate(row.successes, row.correct))).collect();
            // Segments are drawn separately, because a single line has long spikes where a path reverses.
            for piece in places.windows(2) {
                canvas.line(piece, &style.stroke(2.0))?;
            }
            ends.extend(places.last().map(|&end| (style, end)));
        }
    }
    for (style, end) in ends {
        style.draw_marker(canvas, end, 9.0, PAPER)?;
    }
    Ok(())
}
