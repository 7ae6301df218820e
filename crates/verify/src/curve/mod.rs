//! Functions of one number: where they are convex or concave, and how far the network's `f32` results lie from them.
//!
//! The function itself is the one with `f64` constants, evaluated by `minima-autodiff` in `f64`. The network's number for an
//! `f32` argument x is within `relative · |f(x)| + absolute` of it ([`Error`]). With `u = 2⁻²⁴`, and e the error of the
//! exponential, which is at most 3 u:
//!
//! - **Sigmoid**: `t = e^(−|x|)` has error e. For x ≥ 0, `1/(1 + t)` is rounded twice, and `t ≤ 1` halves the error of t. For
//!   x < 0, `t/(1 + t)` has `e + e/2` and two roundings: less than 8 u.
//! - **SiLU** multiplies it by x: less than 9 u.
//! - **Softplus**: `ln(1 + t)` passes at most the relative error of t, then C's `log1p` and a sum: less than 12 u.
//! - **Tanh**, **ELU**: C's `tanhf` and `expm1f` are taken to be within 4 ulp, which is 8 u, and a product follows in ELU. The
//!   GNU C library promises less than 2 ulp. A test compares them.
//! - **GELU** is `x Φ(x)` with `Φ(x) = erfc(−x/√2)/2`. The complementary error function has an error of 16 u, and its argument
//!   is rounded twice. Its relative condition number is at most `x² + 1` for x < 0 and at most 1 for x ≥ 0. So the relative error is less
//!   than `(22 + 3 x²) u` for x < 0. In place of the second term, `3 x² |x| Φ(x) ≤ 3 x² φ(x) < 1` bounds it absolutely by u.
//! - **GELU by tanh** is `x σ(v)`: v is rounded seven times, and the condition number of σ is at most |v| for v < 0 and
//!   0.28 for v ≥ 0. So the relative error is less than `(12 + 8 |v|) u`, or absolutely `8 |x v| σ(v) u < 3 u` beside `12 u`.
//! - **Square**, **square root**, **reciprocal** and slopes of lines are rounded once. An inverse root is rounded in the
//!   sum, the root and the quotient, of which the first counts half.
//! - **Underflow** and a limited range of the exponential lose less than 10⁻³⁶.
//!
//! Values in `f64` have relative errors below 10⁻¹³ where they matter, which is far below all of these.

mod envelope;

use crate::rounding::{LARGEST, TINY};
use minima_autodiff::Activation;

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Curve {
    /// A function of a layer. Its numbers are in `f32`.
    Activation(Activation),
    /// `x²`.
    Square,
    /// `1 / √(x + epsilon)` of numbers that are never negative.
    InverseRoot {
        /// The positive number that is added.
        epsilon: f32,
    },
}

/// The shape of a function on an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bend {
    /// Its derivative rises.
    Convex,
    /// Its derivative falls.
    Concave,
    /// It is linear.
    Straight,
}

impl Bend {
    /// The shape of minus the function.
    fn flipped(self) -> Self {
        match self {
            Self::Convex => Self::Concave,
            Self::Concave => Self::Convex,
            Self::Straight => Self::Straight,
        }
    }
}

/// A bound `relative · |f(x)| + absolute` of the distance of the network's number from `f(x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Error {
    relative: f64,
    absolute: f64,
}

/// The unit roundoff of `f32`.
const UNIT: f64 = 1.0 / 16_777_216.0;

/// The inflection points of GELU, of its form by tanh, and of SiLU, for positive numbers: within 10⁻¹⁵.
const GELU_INFLECTION: f64 = std::f64::consts::SQRT_2;
const GELU_TANH_INFLECTION: f64 = 1.418_504_008_790_828;
const SILU_INFLECTION: f64 = 2.399_357_280_515_467_5;

impl Curve {
    /// The function of a layer, with its numbers in `f32`. `None` if one of them is NaN or infinite there.
    pub(crate) fn of_activation(function: Activation) -> Option<Self> {
        let single = |x: f64| Some(f64::from(x as f32)).filter(|x| x.is_finite());
        Some(Self::Activation(match function {
            Activation::LeakyRelu { slope } => Activation::LeakyRelu { slope: single(slope)? },
            Activation::Elu { alpha } => Activation::Elu { alpha: single(alpha)? },
            Activation::Clip { low, high } => {
                let (low, high) = (single(low)?, single(high)?);
                (low <= high).then_some(Activation::Clip { low, high })?
            }
            Activation::Gelu
            | Activation::GeluTanh
            | Activation::Silu
            | Activation::Tanh
            | Activation::Sigmoid
            | Activation::Softplus
            | Activation::Sqrt
            | Activation::Reciprocal => function,
            // A function that is added later has no rule here.
            _ => return None,
        }))
    }

    /// The function at x, in `f64`.
    fn value(self, x: f64) -> f64 {
        match self {
            Self::Activation(function) => function.value(x),
            Self::Square => x * x,
            Self::InverseRoot { epsilon } => 1.0 / (x + f64::from(epsilon)).sqrt(),
        }
    }

    /// Its derivative, in `f64`.
    fn slope(self, x: f64) -> f64 {
        match self {
            Self::Activation(function) => function.slope(x),
            Self::Square => 2.0 * x,
            Self::InverseRoot { epsilon } => {
                let root = 1.0 / (x + f64::from(epsilon)).sqrt();
                -0.5 * root * root * root
            }
        }
    }

    /// The ends of the pieces on which it has one shape, in ascending order, and the shapes from −∞ to ∞. Ends that are not
    /// needed are infinite.
    fn pieces(self) -> ([f64; 2], [Bend; 3]) {
        use Bend::{Concave, Convex, Straight};
        const NONE: f64 = f64::INFINITY;
        let around = |p: f64| ([-p, p], [Concave, Convex, Concave]);
        match self {
            Self::Square | Self::InverseRoot { .. } => ([NONE; 2], [Convex; 3]),
            Self::Activation(function) => match function {
                Activation::LeakyRelu { .. } => ([0.0, NONE], [Straight; 3]),
                Activation::Clip { low, high } => ([low, high], [Straight; 3]),
                Activation::Elu { alpha } => {
                    ([0.0, NONE], [if alpha >= 0.0 { Convex } else { Concave }, Straight, Straight])
                }
                Activation::Gelu => around(GELU_INFLECTION),
                Activation::GeluTanh => around(GELU_TANH_INFLECTION),
                Activation::Silu => around(SILU_INFLECTION),
                Activation::Tanh | Activation::Sigmoid => ([0.0, NONE], [Convex, Concave, Concave]),
                Activation::Softplus => ([NONE; 2], [Convex; 3]),
                Activation::Sqrt => ([NONE; 2], [Concave; 3]),
                Activation::Reciprocal => ([0.0, NONE], [Concave, Convex, Convex]),
                _ => ([NONE; 2], [Straight; 3]),
            },
        }
    }

    /// The numbers between two ends at which it is evaluated. `None` if the network's numbers may be NaN or infinite there.
    fn domain(self, low: f32, high: f32) -> Option<[f64; 2]> {
        let (l, u) = (f64::from(low), f64::from(high));
        if !(l.is_finite() && u.is_finite() && l <= u) {
            return None;
        }
        match self {
            Self::Activation(Activation::Sqrt) if l < 0.0 => None,
            Self::Activation(Activation::Reciprocal) if l <= 0.0 && u >= 0.0 => None,
            // A sum of squares is not negative, whatever its bound.
            Self::InverseRoot { epsilon } => (u + f64::from(epsilon) < LARGEST).then_some([l.max(0.0), u.max(0.0)]),
            _ => Some([l, u]),
        }
    }

    /// The least and the largest value between two ends, or `None` if they are not far below the largest `f32`.
    fn extremes(self, domain: [f64; 2]) -> Option<[f64; 2]> {
        let (least, most) = (self.lowest(1.0, 0.0, domain), -self.lowest(-1.0, 0.0, domain));
        (least > -LARGEST && most < LARGEST).then_some([least, most])
    }

    /// Whether the network's numbers are never negative.
    fn is_never_negative(self) -> bool {
        match self {
            Self::Square | Self::InverseRoot { .. } => true,
            Self::Activation(function) => {
                matches!(function, Activation::Sigmoid | Activation::Softplus | Activation::Sqrt)
            }
        }
    }

    /// The error of the network's numbers for arguments in an interval, where the function is at most `most` in size.
    fn error(self, [l, _]: [f64; 2], most: f64) -> Error {
        let plain = |units: f64| Error { relative: units * UNIT, absolute: TINY };
        let least = |by_size: f64, relative: f64, absolute: f64| {
            if (by_size - relative) * most <= absolute {
                plain(by_size)
            } else {
                Error { relative: relative * UNIT, absolute: absolute * UNIT + TINY }
            }
        };
        let below = (-l).max(0.0);
        match self {
            Self::Square => plain(1.001),
            Self::InverseRoot { .. } => plain(2.51),
            Self::Activation(function) => match function {
                Activation::Clip { .. } => Error { relative: 0.0, absolute: 0.0 },
                Activation::LeakyRelu { .. } | Activation::Sqrt | Activation::Reciprocal => plain(1.001),
                Activation::Elu { .. } => plain(9.01),
                Activation::Tanh => plain(8.01),
                Activation::Sigmoid => plain(8.0),
                Activation::Silu => plain(9.01),
                Activation::Softplus => plain(12.01),
                Activation::Gelu => least(22.0 + 3.0 * below * below, 22.0, 1.0),
                Activation::GeluTanh => {
                    let argument = 1.6 * below * (1.0 + 0.044_715 * below * below);
                    least(12.0 + 8.0 * argument, 12.0, 3.0)
                }
                _ => Error { relative: f64::INFINITY, absolute: f64::INFINITY },
            },
        }
    }
}

/// The range of a function's `f32` numbers, or `None` if they may be NaN or infinite.
pub(crate) fn range(curve: Curve, low: f32, high: f32, rounding: f64) -> Option<[f64; 2]> {
    let domain = curve.domain(low, high)?;
    let [least, most] = curve.extremes(domain)?;
    let Error { relative, absolute } = curve.error(domain, least.abs().max(most.abs()));
    let below = least - rounding * (relative * least.abs() + absolute);
    let above = most + rounding * (relative * most.abs() + absolute);
    let below = if curve.is_never_negative() { below.max(0.0) } else { below };
    (below > -LARGEST && above < LARGEST).then_some([below, above])
}

/// A line below and a line above a function's `f32` numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Between {
    /// The slopes below and above.
    pub(crate) slopes: [f32; 2],
    /// The intercepts below and above.
    pub(crate) intercepts: [f64; 2],
}

/// The lines of a function between two ends, or `None` if its numbers may be NaN or infinite there.
pub(crate) fn lines(curve: Curve, low: f32, high: f32, rounding: f64) -> Option<Between> {
    let domain = curve.domain(low, high)?;
    let [least, most] = curve.extremes(domain)?;
    let most = least.abs().max(most.abs());
    let Error { relative, absolute } = curve.error(domain, most);
    let error = rounding * (relative * most + absolute);
    // A slope of any size gives a line; 0 gives a constant.
    let finite = |slope: f64| Some(slope as f32).filter(|slope| slope.is_finite()).unwrap_or(0.0);
    let (below, above) = (finite(curve.slope_below(1.0, domain)), finite(-curve.slope_below(-1.0, domain)));
    let intercepts =
        [curve.lowest(1.0, f64::from(below), domain) - error, -curve.lowest(-1.0, -f64::from(above), domain) + error];
    Some(Between { slopes: [below, above], intercepts })
}

#[cfg(test)]
mod tests;
