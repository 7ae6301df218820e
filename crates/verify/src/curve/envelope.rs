//! Lines below a function between two ends: the least distance of a line with a given slope, and the slope of the best line.
//!
//! Minus the function has the sign −1, so lines above need no code of their own.

use super::{Bend, Curve};

/// A part of an interval on which a function has one shape.
#[derive(Clone, Copy, Debug)]
struct Piece {
    bend: Bend,
    ends: [f64; 2],
}

/// Halvings of an interval that holds a tangent's point. More would not change the bounds visibly.
const POINT_STEPS: usize = 26;

/// Halvings of an interval that holds the best slope.
const SLOPE_STEPS: usize = 14;

/// The rounding of values and slopes in `f64`, with room.
const ROUNDING: f64 = 1e-13;

/// The smaller of two numbers, or NaN if one of them is NaN.
fn not_above(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

impl Curve {
    /// The pieces between two ends.
    fn within(self, sign: f64, [l, u]: [f64; 2]) -> impl Iterator<Item = Piece> {
        let ([first, second], bends) = self.pieces();
        let bounds = [f64::NEG_INFINITY, first, second, f64::INFINITY];
        (0..3).filter_map(move |k| {
            let (from, to) = (bounds[k].max(l), bounds[k + 1].min(u));
            // A piece that meets the interval in one end counts only if the interval is that point.
            let meets = from < to || (from == to && l == u);
            let bend = if sign < 0.0 { bends[k].flipped() } else { bends[k] };
            meets.then_some(Piece { bend, ends: [from, to] })
        })
    }

    /// The point of a convex piece at which the derivative of `sign · f` is s, or the end that is next to it.
    fn tangent_point(self, sign: f64, s: f64, [from, to]: [f64; 2]) -> f64 {
        if sign * self.slope(from) >= s {
            return from;
        }
        if sign * self.slope(to) <= s {
            return to;
        }
        let (mut from, mut to) = (from, to);
        for _ in 0..POINT_STEPS {
            let middle = 0.5 * (from + to);
            if sign * self.slope(middle) < s { from = middle } else { to = middle }
        }
        0.5 * (from + to)
    }

    /// A lower bound of `sign · f(x) − s x` between two ends.
    ///
    /// A convex piece lies above each of its tangents, and on a tangent the least value is at an end. On other pieces it is at
    /// an end anyway. The tangent's point need not be exact. An inflection point that is off by 10⁻¹⁵ moves a tangent by
    /// less than 10⁻⁴⁰, because the curvature vanishes there.
    pub(super) fn lowest(self, sign: f64, s: f64, [l, u]: [f64; 2]) -> f64 {
        let (mut least, mut size) = (f64::INFINITY, s.abs() * l.abs().max(u.abs()));
        for Piece { bend, ends: [from, to] } in self.within(sign, [l, u]) {
            if bend == Bend::Convex && from < to {
                let c = self.tangent_point(sign, s, [from, to]);
                let (y, slope) = (sign * self.value(c), sign * self.slope(c));
                if slope.is_finite() {
                    let at = |x: f64| (y - s * c) + (slope - s) * (x - c);
                    least = not_above(not_above(least, at(from)), at(to));
                    size = size.max(y.abs()).max((1.0 + slope.abs() + s.abs()) * (to - from)).max(s.abs() * c.abs());
                    continue;
                }
                // The derivative is infinite at an end: nothing better is known than a NaN.
                return f64::NAN;
            }
            for x in [from, to] {
                let y = sign * self.value(x);
                least = not_above(least, y - s * x);
                size = size.max(y.abs());
            }
        }
        least - ROUNDING * size * self.steepness()
    }

    /// A number that is at least 1 and at least the size of derivatives whose rounding is not in proportion to them.
    fn steepness(self) -> f64 {
        match self {
            Self::Activation(minima_autodiff::Activation::Elu { alpha }) => alpha.abs().max(1.0),
            _ => 1.0,
        }
    }

    /// The slope of the line below `sign · f` that is highest in the middle between two ends.
    ///
    /// The height is a concave function of the slope, whose derivative is the distance of the middle from the point that the line
    /// touches.
    pub(super) fn slope_below(self, sign: f64, [l, u]: [f64; 2]) -> f64 {
        let middle = 0.5 * (l + u);
        if l == u {
            return sign * self.slope(l);
        }
        let chord = |[from, to]: [f64; 2]| sign * (self.value(to) - self.value(from)) / (to - from);
        let mut pieces = self.within(sign, [l, u]);
        if let (Some(piece), None) = (pieces.next(), pieces.next()) {
            return if piece.bend == Bend::Convex { sign * self.slope(middle) } else { chord(piece.ends) };
        }
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for Piece { bend, ends } in self.within(sign, [l, u]) {
            let slopes = match bend {
                Bend::Straight => [chord(ends); 2],
                _ => ends.map(|x| sign * self.slope(x)),
            };
            slopes.into_iter().for_each(|s| (least, most) = (least.min(s), most.max(s)));
        }
        for _ in 0..SLOPE_STEPS {
            let s = 0.5 * (least + most);
            if self.lowest_point(sign, s, [l, u]) < middle { least = s } else { most = s }
        }
        0.5 * (least + most)
    }

    /// The point at which `sign · f(x) − s x` is least between two ends, nearly.
    fn lowest_point(self, sign: f64, s: f64, ends: [f64; 2]) -> f64 {
        let mut best = (f64::INFINITY, ends[0]);
        let mut offer = |x: f64| {
            let y = sign * self.value(x) - s * x;
            if y < best.0 {
                best = (y, x);
            }
        };
        for Piece { bend, ends: [from, to] } in self.within(sign, ends) {
            if bend == Bend::Convex {
                offer(self.tangent_point(sign, s, [from, to]));
            } else {
                offer(from);
                offer(to);
            }
        }
        best.1
    }
}
