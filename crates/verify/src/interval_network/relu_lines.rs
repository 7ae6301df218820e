//! Lines below and above ReLUs, as functions of the ends of their inputs.

use minima_autodiff::{Activation, AutodiffError, GraphBuilder, Value};

/// The least width of an open range: narrower ones would have steeper derivatives than numbers can hold.
const LEAST_WIDTH: f64 = 1e-8;

/// How steep the change of the slope below a ReLU is between its two values.
const STEEP: f64 = 1e12;

/// The lines of leaky ReLUs with slope a for negative inputs, one number for each ReLU.
///
/// With z in [l, u], and with u⁺ = max(u, 0) and l⁻ = max(−l, 0), the chord above has the slope `a + (1 − a) s` for
/// `s = u⁺ / (u⁺ + l⁻)`, and the intercept `(1 − a) s l⁻`. The slope below is 1 if the range reaches further above 0 than below, and a
/// otherwise. Where the sign is known, both lines are the function itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReluLines {
    /// The slope below.
    below: Value,
    /// Minus the slope above.
    minus_above: Value,
    /// Minus the intercept above.
    minus_intercept: Value,
}

/// `a x + b`, number by number.
fn line(g: &mut GraphBuilder, x: Value, a: f64, b: f64) -> Result<Value, AutodiffError> {
    let channels = g.shape(x).last().copied().unwrap_or(0);
    g.affine(x, &vec![a; channels], &vec![b; channels])
}

impl ReluLines {
    /// The lines over ranges with these ends.
    pub(super) fn new(g: &mut GraphBuilder, [low, high]: [Value; 2], slope: f64) -> Result<Self, AutodiffError> {
        let minus_low = line(g, low, -1.0, 0.0)?;
        let (above, beneath) = (g.relu(high), g.relu(minus_low));
        let width = g.add(above, beneath)?;
        let width = g.activation(width, Activation::Clip { low: LEAST_WIDTH, high: f64::from(f32::MAX) });
        let inverse = g.activation(width, Activation::Reciprocal);
        let share = g.multiply(above, inverse)?;
        let intercept = g.multiply(share, beneath)?;
        let sum = g.add(low, high)?;
        let sum = line(g, sum, STEEP, 0.0)?;
        let step = g.activation(sum, Activation::Clip { low: 0.0, high: 1.0 });
        Ok(Self {
            below: line(g, step, 1.0 - slope, slope)?,
            minus_above: line(g, share, slope - 1.0, -slope)?,
            minus_intercept: line(g, intercept, slope - 1.0, 0.0)?,
        })
    }
}

/// The positive parts and the sizes of the negative parts of coefficients.
pub(super) fn parts(g: &mut GraphBuilder, x: Value) -> Result<[Value; 2], AutodiffError> {
    let minus = line(g, x, -1.0, 0.0)?;
    Ok([g.relu(x), g.relu(minus)])
}

/// The same numbers for every row.
fn repeated(g: &mut GraphBuilder, x: Value, rows: usize) -> Result<Value, AutodiffError> {
    let size: usize = g.shape(x).iter().product();
    let row = g.reshape(x, &[1, size])?;
    g.concat(&vec![row; rows], 0)
}

/// For each row of `(rows, size)`, the sum of its products with the numbers of a vector.
pub(super) fn dot(g: &mut GraphBuilder, rows: Value, vector: Value) -> Result<Value, AutodiffError> {
    let size: usize = g.shape(vector).iter().product();
    let column = g.reshape(vector, &[size, 1])?;
    let count = g.shape(rows).first().copied().unwrap_or(0);
    let sums = g.matmul(rows, column, 1.0)?;
    g.reshape(sums, &[count])
}

/// The coefficients `(rows, size)` of the inputs of ReLUs from the coefficients of their outputs, and the constant of each row, for a lower
/// bound.
pub(super) fn through(
    g: &mut GraphBuilder,
    coefficients: Value,
    lines: &ReluLines,
) -> Result<(Value, Value), AutodiffError> {
    let rows = g.shape(coefficients).first().copied().unwrap_or(0);
    let [positive, negative] = parts(g, coefficients)?;
    let (below, above) = (repeated(g, lines.below, rows)?, repeated(g, lines.minus_above, rows)?);
    let (first, second) = (g.multiply(positive, below)?, g.multiply(negative, above)?);
    Ok((g.add(first, second)?, dot(g, negative, lines.minus_intercept)?))
}

/// The least value of `coefficients · x` for x between these ends, for each row.
pub(super) fn least(
    g: &mut GraphBuilder,
    coefficients: Value,
    [low, high]: [Value; 2],
) -> Result<Value, AutodiffError> {
    let [positive, negative] = parts(g, coefficients)?;
    let minus_high = line(g, high, -1.0, 0.0)?;
    let (first, second) = (dot(g, positive, low)?, dot(g, negative, minus_high)?);
    g.add(first, second)
}
