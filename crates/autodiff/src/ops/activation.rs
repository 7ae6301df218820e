//! Smooth and leaky functions of one number, with their first and second derivatives.
//!
//! All are computed from the input, so that a tail keeps its relative precision: `1 − tanh²` would lose it. A NaN gives
//! a NaN. At ±∞ they take their limits.

use super::algebraic::{Clip, Reciprocal, Sqrt};
use super::curve::{Curve, WithCurve, at_least, within};
use crate::Scalar;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// A function of every number of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// x for x > 0, and `slope · x` otherwise (Maas, Hannun & Ng 2013).
    LeakyRelu {
        /// The derivative for x ≤ 0.
        slope: f64,
    },
    /// x for x > 0, and `alpha (eˣ − 1)` otherwise (Clevert, Unterthiner & Hochreiter 2016).
    Elu {
        /// Minus the limit at −∞.
        alpha: f64,
    },
    /// `x Φ(x)` with the normal distribution function Φ (Hendrycks & Gimpel 2016): PyTorch's `GELU()`.
    Gelu,
    /// Hendrycks and Gimpel's approximation of it, `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`: Flax's `gelu`.
    GeluTanh,
    /// `x / (1 + e⁻ˣ)`, also named swish (Elfwing, Uchibe & Doya 2018).
    Silu,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// `ln(1 + eˣ)`.
    Softplus,
    /// The nearest number from `low` to `high`: ReLU6 with 0 and 6.
    Clip {
        /// The smallest value.
        low: f64,
        /// The largest value, which is not below `low`.
        high: f64,
    },
    /// `√x`. Its derivative at 0 is infinite.
    Sqrt,
    /// `1 / x`.
    Reciprocal,
}

impl Activation {
    /// The function's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LeakyRelu { .. } => "leaky ReLU",
            Self::Elu { .. } => "ELU",
            Self::Gelu => "GELU",
            Self::GeluTanh => "GELU by tanh",
            Self::Silu => "SiLU",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Softplus => "softplus",
            Self::Clip { .. } => "clip",
            Self::Sqrt => "square root",
            Self::Reciprocal => "reciprocal",
        }
    }

    /// The function at x.
    #[must_use]
    pub fn value<T: Scalar>(self, x: T) -> T {
        struct Value<T>(T);
        impl<T: Scalar> WithCurve<T> for Value<T> {
            type Output = T;
            fn run<C: Curve<T>>(self, curve: C) -> T {
                curve.value(self.0)
            }
        }
        self.with(Value(x))
    }

    /// Whether it is linear between kinks.
    pub(crate) fn is_piecewise_linear(self) -> bool {
        matches!(self, Self::LeakyRelu { .. } | Self::Clip { .. })
    }

    /// Its derivative at x. At a kink, it is the derivative from below.
    #[must_use]
    pub fn slope<T: Scalar>(self, x: T) -> T {
        struct Slope<T>(T);
        impl<T: Scalar> WithCurve<T> for Slope<T> {
            type Output = T;
            fn run<C: Curve<T>>(self, curve: C) -> T {
                curve.slope(self.0)
            }
        }
        self.with(Slope(x))
    }

    /// Its second derivative at x. At a kink of the function or of its derivative, it is the derivative from below.
    #[must_use]
    pub fn curvature<T: Scalar>(self, x: T) -> T {
        struct Curvature<T>(T);
        impl<T: Scalar> WithCurve<T> for Curvature<T> {
            type Output = T;
            fn run<C: Curve<T>>(self, curve: C) -> T {
                curve.curvature(self.0)
            }
        }
        self.with(Curvature(x))
    }

    /// Runs `task` with this function, so that a loop is compiled for each function.
    pub(super) fn with<T: Scalar, W: WithCurve<T>>(self, task: W) -> W::Output {
        match self {
            Self::LeakyRelu { slope } => task.run(LeakyRelu(T::from_f64(slope))),
            Self::Elu { alpha } => task.run(Elu(T::from_f64(alpha))),
            Self::Gelu => task.run(Gelu),
            Self::GeluTanh => task.run(GeluTanh),
            Self::Silu => task.run(Silu),
            Self::Tanh => task.run(Tanh),
            Self::Sigmoid => task.run(Sigmoid),
            Self::Softplus => task.run(Softplus),
            Self::Clip { low, high } => task.run(Clip::between(low, high)),
            Self::Sqrt => task.run(Sqrt),
            Self::Reciprocal => task.run(Reciprocal),
        }
    }
}

/// `1 / (1 + e⁻ˣ)` and `1 / (1 + eˣ)`, both to full relative precision.
#[inline(always)]
fn logistic<T: Scalar>(x: T) -> [T; 2] {
    let tail = (-x.abs()).exponential();
    let (small, large) = (tail / (T::one() + tail), T::one() / (T::one() + tail));
    if x < T::zero() { [small, large] } else { [large, small] }
}

#[derive(Clone, Copy)]
struct LeakyRelu<T>(T);

impl<T: Scalar> Curve<T> for LeakyRelu<T> {
    #[inline(always)]
    fn value(self, x: T) -> T {
        // With a slope of 0, the limit at −∞ is 0, but the product is a NaN.
        let flat = self.0 == T::zero() && x < T::zero();
        let below = if flat { T::zero() } else { self.0 * x };
        if x > T::zero() { x } else { below }
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        if x > T::zero() { T::one() } else { self.0 }
    }

    #[inline(always)]
    fn curvature(self, _x: T) -> T {
        T::zero()
    }
}

#[derive(Clone, Copy)]
struct Elu<T>(T);

impl<T: Scalar> Curve<T> for Elu<T> {
    #[inline(always)]
    fn value(self, x: T) -> T {
        if x > T::zero() { x } else { self.0 * x.exp_m1() }
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        if x > T::zero() { T::one() } else { self.0 * x.exponential() }
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        if x > T::zero() { T::zero() } else { self.0 * x.exponential() }
    }
}

/// Beyond this size, both forms of GELU are 0 or x, and their derivatives 0 or 1, in double precision.
const GELU_LIMIT: f64 = 40.0;

#[derive(Clone, Copy)]
struct Gelu;

impl Gelu {
    /// The normal density and distribution function.
    #[inline(always)]
    fn normal<T: Scalar>(x: T) -> [T; 2] {
        let half = T::from_f64(0.5);
        let density = T::from_f64(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2) * (-half * x * x).exponential();
        [density, half * (-x * T::from_f64(FRAC_1_SQRT_2)).erfc()]
    }
}

impl<T: Scalar> Curve<T> for Gelu {
    #[inline(always)]
    fn value(self, x: T) -> T {
        let [_, below] = Self::normal(within(x, GELU_LIMIT));
        at_least(x, T::from_f64(-GELU_LIMIT)) * below
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        let x = within(x, GELU_LIMIT);
        let [density, below] = Self::normal(x);
        below + x * density
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        let x = within(x, GELU_LIMIT);
        let [density, _] = Self::normal(x);
        density * (T::from_f64(2.0) - x * x)
    }
}

#[derive(Clone, Copy)]
struct GeluTanh;

impl GeluTanh {
    /// The `v` of `x σ(v)`, with its first two derivatives: twice the argument of the hyperbolic tangent.
    #[inline(always)]
    fn argument<T: Scalar>(x: T) -> [T; 3] {
        let factor = T::from_f64(2.0 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        let (cubic, three) = (T::from_f64(0.044_715), T::from_f64(3.0));
        let square = x * x;
        let first = T::one() + three * cubic * square;
        [factor * x * (T::one() + cubic * square), factor * first, factor * (three + three) * cubic * x]
    }
}

impl<T: Scalar> Curve<T> for GeluTanh {
    #[inline(always)]
    fn value(self, x: T) -> T {
        let [v, _, _] = Self::argument(within(x, GELU_LIMIT));
        at_least(x, T::from_f64(-GELU_LIMIT)) * logistic(v)[0]
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        let x = within(x, GELU_LIMIT);
        let [v, dv, _] = Self::argument(x);
        let [above, below] = logistic(v);
        above + x * above * below * dv
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        let x = within(x, GELU_LIMIT);
        let [v, dv, ddv] = Self::argument(x);
        let [above, below] = logistic(v);
        let by_slope = (dv + dv) + x * ((below - above) * dv * dv + ddv);
        above * below * by_slope
    }
}

/// Beyond this size, SiLU is 0 or x, and its derivatives 0 or 1, in double precision.
const SILU_LIMIT: f64 = 800.0;

#[derive(Clone, Copy)]
struct Silu;

impl<T: Scalar> Curve<T> for Silu {
    #[inline(always)]
    fn value(self, x: T) -> T {
        let x = at_least(x, T::from_f64(-SILU_LIMIT));
        x * logistic(x)[0]
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        let x = within(x, SILU_LIMIT);
        let [above, below] = logistic(x);
        above + x * above * below
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        let x = within(x, SILU_LIMIT);
        let [above, below] = logistic(x);
        above * below * (T::from_f64(2.0) + x * (below - above))
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl<T: Scalar> Curve<T> for Tanh {
    #[inline(always)]
    fn value(self, x: T) -> T {
        x.tanh()
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        let [above, below] = logistic(x + x);
        T::from_f64(4.0) * above * below
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        T::from_f64(-2.0) * x.tanh() * self.slope(x)
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl<T: Scalar> Curve<T> for Sigmoid {
    #[inline(always)]
    fn value(self, x: T) -> T {
        logistic(x)[0]
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        let [above, below] = logistic(x);
        above * below
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        let [above, below] = logistic(x);
        // (e⁻ˣ − 1)/(e⁻ˣ + 1) = tanh(−x/2), without cancellation at 0.
        above * below * (T::from_f64(-0.5) * x).tanh()
    }
}

#[derive(Clone, Copy)]
struct Softplus;

impl<T: Scalar> Curve<T> for Softplus {
    #[inline(always)]
    fn value(self, x: T) -> T {
        let positive = if x > T::zero() { x } else { T::zero() };
        positive + (-x.abs()).exponential().ln_1p()
    }

    #[inline(always)]
    fn slope(self, x: T) -> T {
        logistic(x)[0]
    }

    #[inline(always)]
    fn curvature(self, x: T) -> T {
        Sigmoid.slope(x)
    }
}
