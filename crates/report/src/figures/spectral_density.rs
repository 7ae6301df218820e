//! The distribution of the Hessian's eigenvalues, one panel per optimizer on a shared axis.

use std::f64::consts::{LN_10, PI};

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas, Stroke};
use super::histogram::tint;
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, INK, LABEL, SUBTITLE, TITLE, series_style};
use super::{Figure, FigureError};
use minima_rows::SpectralDensityRow;
use minima_rows::optimizers::distinct;
use minima_rows::significant::decimal;

const WIDTH: u32 = 1600;
const HEAD: f64 = 190.0;
const PANEL_HEIGHT: f64 = 150.0;
const PANEL_PITCH: f64 = 235.0;
const FOOT: f64 = 50.0;
const LEFT: f64 = 140.0;
const RIGHT: f64 = 40.0;
/// The axis is linear for eigenvalues of smaller magnitude and logarithmic beyond.
const LINEAR_BELOW: f64 = 0.1;
/// Width in decades of the Gaussian drawn for a node.
const SIGMA: f64 = 0.04;
/// Number of points of a curve.
const POINTS: usize = 900;

/// The density of the Hessian's eigenvalues at the end of each run.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralDensityFigure {
    /// The training labels of the models: `clean` or `poisoned`.
    pub labels: String,
    /// The distributions of one matrix for one seed.
    pub rows: Vec<SpectralDensityRow>,
    /// Number of images in the loss.
    pub images: u32,
}

/// The position of an eigenvalue on the axis. Far from zero, a decade has length 1.
fn place(eigenvalue: f64) -> f64 {
    (eigenvalue / (2.0 * LINEAR_BELOW)).asinh() / LN_10
}

/// An axis around these positions with a label at each power of ten.
fn axis(places: &[f64]) -> Axis {
    let (low, high) = places.iter().fold((0.0_f64, 0.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
    let (start, end) = (low - 5.0 * SIGMA, high + 5.0 * SIGMA);
    let mut ticks = vec![(0.0, "0".to_owned())];
    for power in -1..9 {
        let value = 10.0_f64.powi(power);
        ticks.push((place(value), value.to_string()));
        ticks.push((place(-value), format!("\u{2212}{value}")));
    }
    ticks.retain(|(at, _)| (start..=end).contains(at));
    Axis { start, end, ticks }
}

/// A logarithmic axis that starts at one eigenvalue per decade.
fn count_axis(most: f64) -> Axis {
    let end = most.max(10.0).log10() + 0.1;
    let ticks = (0..=end as i32).step_by(2).map(|power| (f64::from(power), 10_i64.pow(power as u32).to_string()));
    Axis { start: 0.0, end, ticks: ticks.collect() }
}

/// The number of eigenvalues per decade at points of the axis, averaged over probes.
fn density(rows: &[&SpectralDensityRow], axis: &Axis) -> Vec<(f64, f64)> {
    let probes = rows.iter().map(|row| row.probe).max().map_or(1.0, |last| f64::from(last) + 1.0);
    let height = 1.0 / (SIGMA * (2.0 * PI).sqrt() * probes);
    let nodes: Vec<(f64, f64)> = rows.iter().map(|row| (place(row.eigenvalue), row.count * height)).collect();
    let step = (axis.end - axis.start) / (POINTS - 1) as f64;
    let point = |index: usize| {
        let x = axis.start + index as f64 * step;
        (x, nodes.iter().map(|(node, height)| height * (-0.5 * ((x - node) / SIGMA).powi(2)).exp()).sum())
    };
    (0..POINTS).map(point).collect()
}

/// The smallest and largest eigenvalue as text.
fn ends(rows: &[&SpectralDensityRow]) -> String {
    let (low, high) = rows.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), row| {
        (low.min(row.eigenvalue), high.max(row.eigenvalue))
    });
    // Adding zero turns -0 into 0.
    let low = (100.0 * low).round() / 100.0 + 0.0;
    format!("from {} to {}", decimal(low, 2), decimal(high, 1)).replace('-', "\u{2212}")
}

impl Figure for SpectralDensityFigure {
    fn name(&self) -> &str {
        "spectral-density"
    }

    fn size(&self) -> (u32, u32) {
        let panels = distinct(self.rows.iter().map(|row| row.optimizer.as_str())).len();
        (WIDTH, (HEAD + panels.max(1) as f64 * PANEL_PITCH + FOOT) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let odd = self.rows.iter().find(|row| !(row.eigenvalue.is_finite() && row.count.is_finite()));
        let (Some(first), None) = (self.rows.first(), odd) else {
            let found = odd.map_or("no eigenvalue".to_owned(), |row| format!("{} × {}", row.count, row.eigenvalue));
            let expected = "eigenvalues that are numbers".to_owned();
            return Err(FigureError::Data { figure: self.name().to_owned(), found, expected });
        };
        let title = format!("The {}'s eigenvalues at the end of {} training", first.matrix, self.labels);
        canvas.text(&title, (40.0, 42.0), Anchor::Start, &TITLE)?;
        let subtitle = format!(
            "Second derivatives of the mean loss on the first {} training images: eigenvalues per decade, smoothed.",
            self.images
        );
        canvas.text(&subtitle, (40.0, 88.0), Anchor::Start, &SUBTITLE)?;
        let peak = 1.0 / (SIGMA * (2.0 * PI).sqrt());
        let rest = format!(
            "A lone one is a peak of {peak:.0}. The axis is linear within ±{LINEAR_BELOW} and logarithmic beyond. Seed {}.",
            first.seed
        );
        canvas.text(&rest, (40.0, 122.0), Anchor::Start, &SUBTITLE)?;
        let x = axis(&self.rows.iter().map(|row| place(row.eigenvalue)).collect::<Vec<_>>());
        let optimizers = distinct(self.rows.iter().map(|row| row.optimizer.as_str()));
        let of = |name: &str| self.rows.iter().filter(|row| row.optimizer == name).collect::<Vec<_>>();
        let curves: Vec<_> = optimizers.iter().map(|name| density(&of(name), &x)).collect();
        let y = count_axis(curves.iter().flatten().map(|(_, height)| *height).fold(0.0, f64::max));
        for (index, (optimizer, curve)) in optimizers.iter().zip(&curves).enumerate() {
            let panel = Panel {
                left: LEFT,
                top: HEAD + index as f64 * PANEL_PITCH + 30.0,
                width: f64::from(WIDTH) - LEFT - RIGHT,
                height: PANEL_HEIGHT,
                x: x.clone(),
                y: y.clone(),
            };
            draw_heading(canvas, &panel, optimizer, &ends(&of(optimizer)))?;
            let last = index + 1 == optimizers.len();
            draw_panel(canvas, &panel, optimizer, curve, last)?;
            if last {
                let below = (panel.left + panel.width / 2.0, panel.bottom() + 66.0);
                canvas.text("eigenvalue", below, Anchor::Middle, &LABEL)?;
            }
        }
        Ok(())
    }
}

fn draw_heading<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    panel: &Panel,
    optimizer: &str,
    note: &str,
) -> Result<(), FigureError> {
    let y = panel.top - 30.0;
    canvas.rectangle((panel.left, y - 11.0), (panel.left + 22.0, y + 11.0), series_style(canvas, optimizer).color)?;
    canvas.text(canvas.label(optimizer), (panel.left + 34.0, y), Anchor::Start, &HEADING)?;
    canvas.text(note, (panel.left + panel.width, y), Anchor::End, &LABEL)
}

fn draw_panel<DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    panel: &Panel,
    optimizer: &str,
    curve: &[(f64, f64)],
    label_x: bool,
) -> Result<(), FigureError> {
    panel.draw_axes(canvas, label_x)?;
    let color = series_style(canvas, optimizer).color;
    // Values below the axis are drawn on it.
    let line: Vec<_> = curve.iter().map(|(x, height)| panel.place(*x, height.max(1.0).log10())).collect();
    for pair in line.windows(2) {
        if let [(left, start), (right, end)] = *pair
            && start.min(end) < panel.bottom()
        {
            let corners = [(left, panel.bottom()), (left, start), (right, end), (right, panel.bottom())];
            canvas.polygon(&corners, tint(color, 0.4))?;
        }
    }
    canvas.line(&line, &Stroke::solid(color, 2.5))?;
    let (zero, _) = panel.place(0.0, panel.y.start);
    canvas
        .line(&[(zero, panel.top), (zero, panel.bottom())], &Stroke { color: INK, width: 1.5, dashes: &[6.0, 6.0] })?;
    panel.draw_baseline(canvas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rows::CurvatureMatrix;

    fn row(probe: u32, eigenvalue: f64, count: f64) -> SpectralDensityRow {
        SpectralDensityRow {
            labels: "clean".to_owned(),
            optimizer: "sgd".to_owned(),
            seed: 42,
            matrix: CurvatureMatrix::Hessian,
            normalised: false,
            probe,
            eigenvalue,
            count,
        }
    }

    #[test]
    fn the_axis_counts_decades_and_is_odd() {
        assert!((place(1_000.0) - place(100.0) - 1.0).abs() < 1e-5, "corrections are of the order (0.1/100)²");
        assert_eq!(place(-3.0), -place(3.0));
        assert_eq!(place(0.0), 0.0);
        let labels: Vec<String> = axis(&[place(-0.5), place(12.0)]).ticks.into_iter().map(|(_, text)| text).collect();
        assert_eq!(labels, ["0", "0.1", "\u{2212}0.1", "1", "10"]);
    }

    #[test]
    fn the_area_under_a_curve_is_the_number_of_eigenvalues() {
        let rows = [row(0, 20.0, 1.0), row(0, 0.0, 99.0), row(1, 20.0, 3.0), row(1, -0.3, 97.0)];
        let rows: Vec<&SpectralDensityRow> = rows.iter().collect();
        let axis = axis(&rows.iter().map(|row| place(row.eigenvalue)).collect::<Vec<_>>());
        let curve = density(&rows, &axis);
        let step = curve[1].0 - curve[0].0;
        let area = |from: f64| step * curve.iter().filter(|(x, _)| *x > from).map(|(_, y)| y).sum::<f64>();
        // The axis cuts off 3e-7 of the outermost node's mass, five standard deviations away. Sums over steps far below the width
        // are exact.
        assert!((area(f64::NEG_INFINITY) - 100.0).abs() < 1e-3);
        assert!((area(place(3.0)) - 2.0).abs() < 1e-3, "the mean of two probes");
    }
}
