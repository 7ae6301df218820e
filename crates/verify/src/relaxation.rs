//! Linear bounds of nonlinear operations on the ranges of their inputs.
//!
//! Zhang et al., "Efficient neural network robustness certification with general activation functions" (CROWN), 2018.

mod curve;
mod product;
mod softmax;

pub(crate) use curve::CurveLines;
pub(crate) use product::ProductPlanes;
pub(crate) use softmax::SoftmaxPlanes;

use crate::interval::Ranges;
use crate::program::{Operation, Program, Window};
use crate::rounding::up;

/// The lines of one node.
#[derive(Clone, Debug)]
pub(crate) enum Lines {
    /// An affine operation.
    Affine,
    /// A ReLU.
    Relu(ReluLines),
    /// A maximum over windows.
    Max(MaxLines),
    /// A function of one number.
    Curve(CurveLines),
    /// Products of two values.
    Product(ProductPlanes),
    /// A softmax.
    Softmax(SoftmaxPlanes),
}

/// Lines below and above each ReLU: `α z` with α between two slopes, and `s z + t`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReluLines {
    /// The least slope of a line below.
    pub(crate) least: Vec<f32>,
    /// The largest slope of a line below.
    pub(crate) most: Vec<f32>,
    /// The slope of a line below that leaves the smaller triangle.
    pub(crate) adaptive: Vec<f32>,
    /// The slope of the line above.
    pub(crate) upper: Vec<f32>,
    /// The intercept of the line above.
    pub(crate) intercept: Vec<f32>,
    /// The features whose sign is not known.
    pub(crate) unstable: Vec<u32>,
}

/// Lines of each maximum: the entry with the largest lower end below, and a constant above.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaxLines {
    /// The entry of the input.
    pub(crate) entry: Vec<u32>,
    /// Whether that entry is always the largest.
    pub(crate) dominant: Vec<bool>,
    /// The largest upper end.
    pub(crate) top: Vec<f32>,
}

impl Lines {
    /// The lines of a node, whose inputs have ranges.
    pub(crate) fn of(program: &Program, ranges: &Ranges, node: usize) -> Self {
        let input = program.nodes[node].inputs.first().copied().unwrap_or(0);
        let (lower, upper) = (&ranges.lower[input], &ranges.upper[input]);
        match &program.nodes[node].operation {
            &Operation::Relu { slope } => Self::Relu(ReluLines::new(lower, upper, slope)),
            Operation::Max { window } => Self::Max(MaxLines::new(lower, upper, window)),
            &Operation::Curve(curve) => Self::Curve(CurveLines::new(curve, lower, upper, ranges.rounded)),
            Operation::Product(product) => match program.nodes[node].inputs[..] {
                [first, second] => Self::Product(ProductPlanes::new(product, ranges, [first, second])),
                _ => Self::Affine,
            },
            &Operation::Softmax { shape } => Self::Softmax(SoftmaxPlanes::new(shape, ranges, input, ranges.rounded)),
            _ => Self::Affine,
        }
    }
}

impl ReluLines {
    fn new(lower: &[f32], upper: &[f32], slope: f32) -> Self {
        let mut lines = Self::default();
        for (feature, (&l, &u)) in lower.iter().zip(upper).enumerate() {
            let [least, most, adaptive, above, intercept] = if l >= 0.0 {
                [1.0, 1.0, 1.0, 1.0, 0.0]
            } else if u <= 0.0 {
                [slope, slope, slope, slope, 0.0]
            } else {
                lines.unstable.push(feature as u32);
                let (above, intercept) = chord(l, u, slope);
                [slope, 1.0, if u > -l { 1.0 } else { slope }, above, intercept]
            };
            lines.least.push(least);
            lines.most.push(most);
            lines.adaptive.push(adaptive);
            lines.upper.push(above);
            lines.intercept.push(intercept);
        }
        lines
    }
}

/// The slope s and the intercept t of a line above a ReLU on [l, u] with l < 0 < u.
fn chord(l: f32, u: f32, slope: f32) -> (f32, f32) {
    let (low, high, a) = (f64::from(l), f64::from(u), f64::from(slope));
    let s = ((high - a * low) / (high - low)) as f32;
    if !s.is_finite() {
        // A range too wide for numbers: no line is known.
        return (f32::NAN, f32::NAN);
    }
    let exact = f64::from(s);
    // `a l − s l` and `u − s u`: the products are exact in `f64`, the differences are rounded once.
    let gap = (a * low - exact * low).max(high - exact * high).max(0.0);
    (s, up(gap * (1.0 + 4.0 * f64::EPSILON)))
}

impl MaxLines {
    fn new(lower: &[f32], upper: &[f32], window: &Window) -> Self {
        let mut lines = Self::default();
        for feature in 0..window.output.iter().product() {
            let best = window.entries(feature).fold(None, |best: Option<usize>, i| match best {
                Some(b) if lower[b] >= lower[i] => Some(b),
                _ => Some(i),
            });
            let best = best.unwrap_or(0);
            let others = window.entries(feature).filter(|&i| i != best).map(|i| upper[i]);
            let rest = others.fold(f32::NEG_INFINITY, f32::max);
            lines.entry.push(best as u32);
            lines.dominant.push(lower.get(best).is_some_and(|&l| l >= rest));
            lines.top.push(window.entries(feature).map(|i| upper[i]).fold(f32::NEG_INFINITY, f32::max));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_lie_above() {
        for (l, u) in [(-1.0, 1.0), (-1e-30, 3.0), (-7.3, 1e-20), (-1e30, 1e-3), (-0.1, 0.3)] {
            for slope in [0.0_f32, 0.01, 0.3] {
                let (s, t) = chord(l, u, slope);
                for x in [l, u, 0.0, 0.5 * l, 0.5 * u] {
                    let y = if x > 0.0 { f64::from(x) } else { f64::from(slope) * f64::from(x) };
                    assert!(
                        f64::from(s) * f64::from(x) + f64::from(t) >= y - 1e-15 * f64::from(l.abs()).max(1e-3),
                        "{l} {u} {x}"
                    );
                }
            }
        }
    }
}
