//! A rectangle with two axes, and the mapping from data to pixels.

use plotters::prelude::DrawingBackend;

use super::FigureError;
use super::canvas::{Anchor, Canvas, Stroke};
use super::series_style::{GRID, INK, TICK};

/// An axis: the values at its ends and the labelled values between them.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The value at the start.
    pub start: f64,
    /// The value at the end.
    pub end: f64,
    /// Labelled values.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis with about `count` round ticks. Its ends are the ends of the data.
    pub(super) fn linear(start: f64, end: f64, count: usize) -> Self {
        let end = if end > start { end } else { start + 1.0 };
        let step = round_step((end - start) / count.max(1) as f64);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let first = (start / step).ceil() as i64;
        let last = (end / step + 1e-9).floor() as i64;
        let ticks = (first..=last)
            .map(|index| index as f64 * step)
            .map(|value| (value, minus(format!("{value:.decimals$}"))))
            .collect();
        Self { start, end, ticks }
    }

    /// A logarithmic axis, on which values are their decimal logarithms, with a label at each power of `base`. Its ends are the
    /// powers around the positive values.
    pub(super) fn logarithmic(values: impl Iterator<Item = f64>, base: f64, label: fn(f64) -> String) -> Self {
        let exponents = values.filter(|v| *v > 0.0 && v.is_finite()).map(|v| v.log10() / base.log10());
        let (low, high) =
            exponents.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), e| (low.min(e), high.max(e)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        // A value that equals a power up to rounding needs no further power.
        let (first, last) = ((low + 1e-9).floor() as i32, (high - 1e-9).ceil() as i32);
        let last = last.max(first + 1);
        let ticks = (first..=last).map(|power| base.powi(power)).map(|value| (value.log10(), label(value))).collect();
        Self { start: base.powi(first).log10(), end: base.powi(last).log10(), ticks }
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.start) / (self.end - self.start)).clamp(0.0, 1.0)
    }
}

fn round_step(wanted: f64) -> f64 {
    let power = 10f64.powf(wanted.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= wanted * 0.999).unwrap_or(10.0);
    factor * power
}

fn minus(number: String) -> String {
    number.replace('-', "\u{2212}")
}

/// A plot area in pixels, with its axes.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// The left edge.
    pub left: f64,
    /// The top edge.
    pub top: f64,
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl Panel {
    /// The position of a data point. A point beyond an axis is placed at the axis's end.
    pub(super) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + self.x.share(x) * self.width, self.top + (1.0 - self.y.share(y)) * self.height)
    }

    /// The bottom edge.
    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Draws the grid and the labels of the vertical axis, and the horizontal axis with or without labels.
    pub(super) fn draw_axes<DB: DrawingBackend>(
        &self,
        canvas: &Canvas<'_, DB>,
        label_x: bool,
    ) -> Result<(), FigureError> {
        let right = self.left + self.width;
        for (value, label) in &self.y.ticks {
            let (_, y) = self.place(self.x.start, *value);
            canvas.line(&[(self.left, y), (right, y)], &Stroke::solid(GRID, 1.5))?;
            canvas.text(label, (self.left - 12.0, y), Anchor::End, &TICK)?;
        }
        for (value, label) in &self.x.ticks {
            let (x, _) = self.place(*value, self.y.start);
            let bottom = self.bottom();
            canvas.line(&[(x, bottom), (x, bottom + 8.0)], &Stroke::solid(INK, 1.5))?;
            if label_x {
                canvas.text(label, (x, bottom + 28.0), Anchor::Middle, &TICK)?;
            }
        }
        Ok(())
    }

    /// Draws the base line. It is drawn after the data so that it stays visible.
    pub(super) fn draw_baseline<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        canvas.line(&[(self.left, self.bottom()), (self.left + self.width, self.bottom())], &Stroke::solid(INK, 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::linear(-10.0, 25.0, 7);
        let labels: Vec<_> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["−10", "−5", "0", "5", "10", "15", "20", "25"]);
        let axis = Axis::linear(0.0, 2.0, 4);
        assert_eq!(axis.ticks[1].1, "0.5");
        assert_eq!(axis.ticks.len(), 5);
    }

    #[test]
    fn a_logarithmic_axis_ends_at_powers() {
        let axis = Axis::logarithmic([32.0, 512.0].into_iter(), 2.0, |v| format!("{v:.0}"));
        let labels: Vec<_> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["32", "64", "128", "256", "512"]);
        let axis = Axis::logarithmic([3.0, 40.0].into_iter(), 10.0, |v| format!("{v:.0}"));
        assert_eq!((axis.start, axis.end), (0.0, 2.0));
        assert!(Axis::logarithmic(std::iter::empty(), 10.0, |v| format!("{v:.0}")).end > 0.0);
    }

    #[test]
    fn an_empty_range_still_has_an_axis() {
        assert!(Axis::linear(3.0, 3.0, 4).end > 3.0);
    }
}
