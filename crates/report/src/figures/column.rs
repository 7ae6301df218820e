//! The columns of a panel: one for each optimizer, with its models side by side.

use super::FigureError;
use super::canvas::{Canvas, Stroke};
use super::panel::{Axis, Panel};
use super::series_style::INK;
use plotters::prelude::DrawingBackend;

/// The share of a column that its models take.
const SPREAD: f64 = 0.7;

/// The horizontal axis of a panel with this number of columns.
pub(super) fn axis(columns: usize) -> Axis {
    Axis { start: 0.0, end: columns as f64, ticks: Vec::new() }
}

/// The left and the right end of a column's models, on the axis.
pub(super) fn ends(column: usize) -> [f64; 2] {
    let centre = column as f64 + 0.5;
    [centre - SPREAD / 2.0, centre + SPREAD / 2.0]
}

/// The place of a model on the axis, by its rank from 0 among the models of its column.
pub(super) fn place(column: usize, rank: usize, models: usize) -> f64 {
    let [left, right] = ends(column);
    left + (right - left) * (rank as f64 + 0.5) / models as f64
}

/// Draws the lines at the foot and at the left of the columns.
pub(super) fn draw_frame<DB: DrawingBackend>(canvas: &Canvas<'_, DB>, panel: &Panel) -> Result<(), FigureError> {
    panel.draw_baseline(canvas)?;
    canvas.line(&[(panel.left, panel.top), (panel.left, panel.bottom())], &Stroke::solid(INK, 1.5))
}

#[cfg(test)]
mod tests {
    use super::{ends, place};

    #[test]
    fn models_lie_within_their_column_around_its_centre() {
        assert_eq!(place(3, 0, 1), 3.5);
        let places: Vec<f64> = (0..4).map(|rank| place(2, rank, 4)).collect();
        let [left, right] = ends(2);
        assert!(left < places[0] && places[3] < right, "{places:?}");
        assert!((places[0] + places[3] - 5.0).abs() < 1e-12 && (places[1] + places[2] - 5.0).abs() < 1e-12);
    }
}
