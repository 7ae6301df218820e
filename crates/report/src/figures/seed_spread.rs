//! Success rates of attacks on the models of several seeds: one point for each model, the mean and its interval.

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas};
use super::column;
use super::heading::draw_heading;
use super::legend::draw_marker_legend;
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, PAPER, series_style};
use super::{Figure, FigureError};
use minima_metrics::statistics::Estimate;
use minima_rows::optimizers::distinct;
use minima_rows::significant::Radius;
use minima_rows::{CLEAN, LateAttackRow, in_order, rate, same};

const WIDTH: f64 = 1500.0;
const HEIGHT: f64 = 820.0;
const MARGIN: f64 = 40.0;
const AXIS: f64 = 70.0;
const TOP: f64 = 300.0;
const PANEL_HEIGHT: f64 = 470.0;
/// The coverage of the intervals.
const LEVEL: f64 = 0.95;

/// Success rates of FGSM, at its largest radius, and of stronger attacks on the final models of clean labels.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedSpread {
    /// The attacks on the models of the last epochs.
    pub rows: Vec<LateAttackRow>,
}

impl SeedSpread {
    /// The attacks on the final models.
    fn last(&self) -> Vec<&LateAttackRow> {
        let epoch = self.rows.iter().map(|row| row.epoch).max();
        self.rows.iter().filter(|row| row.labels == CLEAN && Some(row.epoch) == epoch && row.correct > 0).collect()
    }

    /// The attacks and radii, each of which has a panel.
    fn panels<'r>(rows: &[&'r LateAttackRow]) -> Vec<(&'r str, f64)> {
        let largest = rows.iter().map(|row| row.epsilon).fold(0.0, f64::max);
        let all = in_order(rows.iter().map(|row| (row.attack.as_str(), row.epsilon)));
        all.into_iter().filter(|(attack, epsilon)| *attack != "fgsm" || same(*epsilon, largest)).collect()
    }
}

/// The name of an attack in a heading.
fn shown(attack: &str) -> &str {
    match attack {
        "fgsm" => "FGSM",
        "autoattack" => "AutoAttack",
        other => other,
    }
}

impl Figure for SeedSpread {
    fn name(&self) -> &str {
        "seeds"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let rows = self.last();
        let panels = Self::panels(&rows);
        if panels.is_empty() {
            let (figure, found) = (self.name().to_owned(), "no rows".to_owned());
            return Err(FigureError::Data { figure, found, expected: "at least one attack on a model".to_owned() });
        }
        let seeds = in_order(rows.iter().map(|row| row.seed)).len();
        let subtitle = [
            "Success rate: of the correctly classified test images, the share misclassified after the attack."
                .to_owned(),
            format!(
                "A point is one model, in ascending order; {seeds} {}. Line: mean. Band: 95 % interval of the mean.",
                if seeds == 1 { "seed" } else { "seeds" }
            ),
        ];
        draw_heading(canvas, MARGIN, "How often attacks succeed, seed by seed", &subtitle)?;
        let optimizers = distinct(rows.iter().map(|row| row.optimizer.as_str()));
        draw_marker_legend(canvas, &optimizers, (MARGIN, 168.0))?;
        let width = (WIDTH - 2.0 * MARGIN) / panels.len() as f64;
        for (place, (attack, epsilon)) in panels.into_iter().enumerate() {
            let panel = Panel {
                left: MARGIN + place as f64 * width + AXIS,
                top: TOP,
                width: width - AXIS - 20.0,
                height: PANEL_HEIGHT,
                x: column::axis(optimizers.len()),
                y: Axis::linear(0.0, 1.0, 5),
            };
            let heading = format!("{}, ε = {}", shown(attack), Radius(epsilon));
            canvas.text(&heading, (panel.left, panel.top - 36.0), Anchor::Start, &HEADING)?;
            panel.draw_axes(canvas, false)?;
            for (number, optimizer) in optimizers.iter().enumerate() {
                let own = rows.iter().filter(|row| (row.attack.as_str(), row.epsilon) == (attack, epsilon));
                let own = own.filter(|row| row.optimizer == *optimizer);
                let rates: Vec<f64> = own.map(|row| 1.0 - rate(row.robust, row.correct)).collect();
                draw_column(canvas, &panel, number, optimizer, rates)?;
            }
            column::draw_frame(canvas, &panel)?;
        }
        Ok(())
    }
}

/// Draws one optimizer's models, with the band and the mean behind them.
fn draw_column<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    panel: &Panel,
    number: usize,
    optimizer: &str,
    mut rates: Vec<f64>,
) -> Result<(), FigureError> {
    let Ok(estimate) = Estimate::over_seeds(&rates) else { return Ok(()) };
    rates.sort_by(f64::total_cmp);
    let style = series_style(canvas, optimizer);
    let ends = column::ends(number);
    let (low, high) = estimate.interval(LEVEL);
    if estimate.seeds > 1 {
        canvas.rectangle(panel.place(ends[0], high), panel.place(ends[1], low), style.tint())?;
    }
    canvas.line(&ends.map(|x| panel.place(x, estimate.effect)), &style.stroke_solid(4.0))?;
    for (rank, rate) in rates.iter().enumerate() {
        style.draw_marker(canvas, panel.place(column::place(number, rank, rates.len()), *rate), 7.0, PAPER)?;
    }
    Ok(())
}
