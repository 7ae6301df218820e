//! Training curves: loss and accuracies against the epoch, with published curves.

use plotters::prelude::DrawingBackend;

use super::canvas::{Anchor, Canvas, Stroke};
use super::panel::{Axis, Panel};
use super::series_style::{HEADING, INK, LABEL, PAPER, SUBTITLE, TITLE, series_style};
use super::{Figure, FigureError};
use crate::reference::{CurvePoint, Reference};
use minima_rows::optimizers::distinct;
use minima_rows::{CLEAN, POISONED, TrainingRow};

const WIDTH: f64 = 1600.0;
const MARGIN: f64 = 40.0;
const HEAD: f64 = 128.0;
const LEGEND_PITCH: f64 = 42.0;
const COLUMN: f64 = 515.0;
const LEGEND_COLUMN: f64 = 520.0;
const LEGEND_LINE: f64 = 64.0;
const AXIS: f64 = 80.0;
const PANEL_HEIGHT: f64 = 370.0;
const PANEL_PITCH: f64 = 520.0;
const FOOT: f64 = 20.0;

/// Candidates for ticks of the loss.
const LOSS_TICKS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
/// Candidates for ticks of the accuracy, in percent.
const ACCURACY_TICKS: [f64; 10] = [0.0, 50.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.8, 99.9];
/// Accuracies are drawn at most at this value, because the logarithm of the error diverges at 1.
const HIGHEST_ACCURACY: f64 = 0.9995;

/// Train loss, train accuracy and test accuracy against the epoch: one column each, and one row per kind of training labels.
#[derive(Clone, Debug)]
pub struct TrainingCurves {
    /// The epochs of all runs. Several seeds are averaged.
    pub rows: Vec<TrainingRow>,
    /// The published result, whose curves are shown.
    pub reference: Option<&'static dyn Reference>,
}

#[derive(Clone, Copy, PartialEq)]
enum Metric {
    TrainLoss,
    TrainAccuracy,
    TestAccuracy,
}

const METRICS: [Metric; 3] = [Metric::TrainLoss, Metric::TrainAccuracy, Metric::TestAccuracy];

/// One optimizer's curve for one kind of training labels.
struct Curve<'a> {
    labels: &'a str,
    optimizer: &'a str,
    ours: Vec<CurvePoint>,
    theirs: Vec<CurvePoint>,
}

impl Metric {
    fn title(self) -> &'static str {
        match self {
            Self::TrainLoss => "Train loss",
            Self::TrainAccuracy => "Train accuracy",
            Self::TestAccuracy => "Test accuracy",
        }
    }

    fn of(self, point: &CurvePoint) -> f64 {
        match self {
            Self::TrainLoss => point.train_loss,
            Self::TrainAccuracy => point.train_accuracy,
            Self::TestAccuracy => point.test_accuracy,
        }
    }

    /// The position of a value on the axis.
    fn height(self, value: f64) -> f64 {
        match self {
            Self::TrainLoss => value.max(1e-6).log10(),
            _ => -(1.0 - value.min(HIGHEST_ACCURACY)).log10(),
        }
    }

    fn axis(self, curves: &[Curve<'_>]) -> Axis {
        let heights: Vec<f64> = curves
            .iter()
            .flat_map(|curve| curve.ours.iter().chain(&curve.theirs))
            .map(|point| self.height(self.of(point)))
            .filter(|height| height.is_finite())
            .collect();
        let low = heights.iter().copied().fold(f64::INFINITY, f64::min);
        let high = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = if low < high { (low, high) } else { (0.0, 1.0) };
        let room = 0.04 * (high - low);
        let (start, end) = (low - room, high + room);
        let ticks = match self {
            Self::TrainLoss => self.ticks_within(start, end, &LOSS_TICKS),
            _ => self.ticks_within(start, end, &ACCURACY_TICKS),
        };
        Axis { start, end, ticks }
    }

    /// The candidates between two heights. If fewer than two are, as for a short run, round values at equal distances.
    fn ticks_within(self, start: f64, end: f64, candidates: &[f64]) -> Vec<(f64, String)> {
        let tick = |value: f64, label: &str| match self {
            Self::TrainLoss => (self.height(value), label.to_owned()),
            _ => (self.height(value / 100.0), format!("{label} %")),
        };
        let coarse = candidates.iter().map(|value| tick(*value, &value.to_string()));
        let coarse: Vec<(f64, String)> = coarse.filter(|(height, _)| (start..=end).contains(height)).collect();
        if coarse.len() >= 2 {
            return coarse;
        }
        let [low, high] = [start, end].map(|height| match self {
            Self::TrainLoss => 10f64.powf(height),
            _ => 100.0 * (1.0 - 10f64.powf(-height)),
        });
        Axis::linear(low, high, 4).ticks.into_iter().map(|(value, label)| tick(value, &label)).collect()
    }
}

impl TrainingCurves {
    fn labels(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.rows.iter().map(|row| row.labels.as_str()).collect();
        names.sort_by_key(|name| (*name != CLEAN, *name != POISONED, *name));
        names.dedup();
        names
    }

    fn optimizers(&self) -> Vec<&str> {
        distinct(self.rows.iter().map(|row| row.optimizer.as_str()))
    }

    fn curves(&self) -> Vec<Curve<'_>> {
        let mut curves = Vec::new();
        for labels in self.labels() {
            for optimizer in self.optimizers() {
                let theirs = self.published(labels, optimizer);
                curves.push(Curve { labels, optimizer, ours: self.mean_curve(labels, optimizer), theirs });
            }
        }
        curves
    }

    fn published(&self, labels: &str, optimizer: &str) -> Vec<CurvePoint> {
        self.reference.map_or_else(Vec::new, |reference| reference.curve(labels, optimizer))
    }

    fn mean_curve(&self, labels: &str, optimizer: &str) -> Vec<CurvePoint> {
        let own = || self.rows.iter().filter(|row| row.labels == labels && row.optimizer == optimizer);
        let mut epochs: Vec<u32> = own().map(|row| row.epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        let mean = |epoch, value: fn(&TrainingRow) -> f64| {
            let values: Vec<f64> = own().filter(|row| row.epoch == epoch).map(value).collect();
            values.iter().sum::<f64>() / values.len().max(1) as f64
        };
        epochs
            .into_iter()
            .map(|epoch| CurvePoint {
                epoch,
                train_loss: mean(epoch, |row| row.train_loss),
                train_accuracy: mean(epoch, |row| row.train_accuracy),
                test_accuracy: mean(epoch, |row| row.test_accuracy),
            })
            .collect()
    }

    /// Number of legend lines, with three optimizers per line.
    fn legend_lines(&self) -> usize {
        self.optimizers().len().div_ceil(3)
    }

    fn plots_top(&self) -> f64 {
        HEAD + self.legend_lines() as f64 * LEGEND_PITCH
    }

    fn draw_legend<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        for (index, optimizer) in self.optimizers().into_iter().enumerate() {
            let x = MARGIN + (index % 3) as f64 * LEGEND_COLUMN;
            let y = HEAD + (index / 3) as f64 * LEGEND_PITCH;
            let style = series_style(canvas, optimizer);
            canvas.line(&[(x, y), (x + LEGEND_LINE, y)], &style.stroke(4.0))?;
            if !self.published(CLEAN, optimizer).is_empty() {
                style.draw_marker(canvas, (x + LEGEND_LINE / 2.0, y), 9.0, PAPER)?;
            }
            canvas.text(canvas.label(optimizer), (x + LEGEND_LINE + 12.0, y), Anchor::Start, &LABEL)?;
        }
        Ok(())
    }
}

impl Figure for TrainingCurves {
    fn name(&self) -> &str {
        "training"
    }

    fn size(&self) -> (u32, u32) {
        let height = self.plots_top() + self.labels().len().max(1) as f64 * PANEL_PITCH + FOOT;
        (WIDTH as u32, height as u32)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        canvas.text("Training curves", (MARGIN, 42.0), Anchor::Start, &TITLE)?;
        let markers = self
            .reference
            .map_or_else(String::new, |reference| format!(" Hollow markers: the {}'s runs.", reference.noun()));
        canvas.text(
            &format!("Log scale for the loss; accuracies are spaced by the logarithm of the error.{markers}"),
            (MARGIN, 84.0),
            Anchor::Start,
            &SUBTITLE,
        )?;
        self.draw_legend(canvas)?;

        let curves = self.curves();
        let epochs = curves.iter().flat_map(|curve| curve.ours.iter().chain(&curve.theirs));
        let last_epoch = epochs.map(|point| point.epoch).max().unwrap_or(1);
        for (row, labels) in self.labels().into_iter().enumerate() {
            for (column, metric) in METRICS.into_iter().enumerate() {
                let panel = Panel {
                    left: MARGIN + column as f64 * COLUMN + AXIS,
                    top: self.plots_top() + row as f64 * PANEL_PITCH + 50.0,
                    width: COLUMN - AXIS - 25.0,
                    height: PANEL_HEIGHT,
                    x: epoch_axis(last_epoch),
                    y: metric.axis(&curves),
                };
                canvas.text(
                    &format!("{}, {labels}", metric.title()),
                    (panel.left - AXIS, panel.top - 34.0),
                    Anchor::Start,
                    &HEADING,
                )?;
                panel.draw_axes(canvas, true)?;
                let here = curves.iter().filter(|curve| curve.labels == labels);
                draw_curves(canvas, &panel, metric, here)?;
                panel.draw_baseline(canvas)?;
                canvas.text(
                    "epoch",
                    (panel.left + panel.width / 2.0, panel.bottom() + 60.0),
                    Anchor::Middle,
                    &LABEL,
                )?;
            }
        }
        Ok(())
    }
}

fn epoch_axis(last: u32) -> Axis {
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(|step| last / step <= 8).unwrap_or(1000);
    let ticks = (1..=last)
        // With a step of two, the labels 1 and 2 would touch.
        .filter(|epoch| *epoch == 1 || (epoch % step == 0 && (step != 2 || *epoch != 2)))
        .map(|epoch| (f64::from(epoch), epoch.to_string()))
        .collect();
    Axis { start: 0.5, end: f64::from(last) + 0.5, ticks }
}

fn draw_curves<'a, DB: DrawingBackend>(
    canvas: &Canvas<'_, DB>,
    panel: &Panel,
    metric: Metric,
    curves: impl Iterator<Item = &'a Curve<'a>> + Clone,
) -> Result<(), FigureError> {
    let place = |point: &CurvePoint| {
        let height = metric.height(metric.of(point));
        height.is_finite().then(|| panel.place(f64::from(point.epoch), height))
    };
    for curve in curves.clone() {
        let style = series_style(canvas, curve.optimizer);
        for center in curve.theirs.iter().filter_map(place) {
            style.draw_marker(canvas, center, 8.0, PAPER)?;
        }
    }
    for curve in curves {
        let style = series_style(canvas, curve.optimizer);
        let points: Vec<_> = curve.ours.iter().filter_map(place).collect();
        match points.as_slice() {
            [only] => style.draw_marker(canvas, *only, 6.0, style.color)?,
            points => canvas.line(points, &style.stroke(4.0))?,
        }
    }
    canvas.line(&[(panel.left, panel.top), (panel.left, panel.bottom())], &Stroke::solid(INK, 1.5))
}

#[cfg(test)]
mod tests {
    use super::{ACCURACY_TICKS, LOSS_TICKS, Metric};

    fn labels(metric: Metric, [low, high]: [f64; 2], candidates: &[f64]) -> Vec<String> {
        let ticks = metric.ticks_within(metric.height(low), metric.height(high), candidates);
        assert!(ticks.iter().all(|(height, _)| (metric.height(low)..=metric.height(high)).contains(height)));
        ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn a_short_curve_has_ticks_too() {
        assert_eq!(labels(Metric::TrainLoss, [0.04, 0.6], &LOSS_TICKS), ["0.05", "0.1", "0.2", "0.5"]);
        assert_eq!(labels(Metric::TrainLoss, [1.21, 1.52], &LOSS_TICKS), ["1.3", "1.4", "1.5"]);
        assert_eq!(labels(Metric::TestAccuracy, [0.45, 0.93], &ACCURACY_TICKS), ["50 %", "80 %", "90 %"]);
        assert_eq!(labels(Metric::TestAccuracy, [0.613, 0.689], &ACCURACY_TICKS), ["62 %", "64 %", "66 %", "68 %"]);
    }
}
