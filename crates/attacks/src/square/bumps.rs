//! The shapes of the changes in L2.

/// Keeps divisors above zero.
pub(super) const TINY: f64 = 1e-12;

/// The shape of a change, of norm 1: a square whose upper half is a bump and whose lower half is a negative bump, each
/// decreasing from its centre (eq. 2 of the paper).
pub(super) struct Bumps {
    pub side: usize,
    upright: Vec<f64>,
}

impl Bumps {
    pub(super) fn new(side: usize) -> Self {
        let upper = side / 2;
        let (bump, hollow) = (bump(upper, side), bump(side - upper, side));
        let upright: Vec<f64> = bump.into_iter().chain(hollow.into_iter().map(|v| -v)).collect();
        let length = length(upright.iter().copied());
        Self { side, upright: upright.iter().map(|v| v / (length + TINY)).collect() }
    }

    /// The value at a row and a column of the shape, or of the transposed shape.
    pub(super) fn at(&self, row: usize, column: usize, on_its_side: bool) -> f64 {
        let place = if on_its_side { column * self.side + row } else { row * self.side + column };
        self.upright.get(place).copied().unwrap_or(0.0)
    }
}

/// A bump with this many rows and columns, row by row, of norm 1. Its value at distance d (the larger coordinate) from
/// the centre is the sum of `1 / (k + 1)²` over k from d to the largest d.
fn bump(rows: usize, columns: usize) -> Vec<f64> {
    let furthest = (rows / 2).max(columns / 2);
    let value = |d: usize| (d..=furthest).map(|k| ((k + 1) as f64).powi(-2)).sum::<f64>();
    let values: Vec<f64> = (0..rows * columns)
        .map(|i| value((i / columns).abs_diff(rows / 2).max((i % columns).abs_diff(columns / 2))))
        .collect();
    let length = length(values.iter().copied());
    values.iter().map(|v| v / (length + TINY)).collect()
}

/// The Euclidean length of a vector.
pub(super) fn length(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|v| v * v).sum::<f64>().sqrt()
}
