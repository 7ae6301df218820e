//! Numbers of the naive networks: plain ones, and ones with two exact first derivatives and the exact mixed second
//! derivative (Fike & Alonso 2011).

use std::ops::{Add, Mul, Sub};

/// A number that smooth functions can be applied to.
pub(crate) trait Number: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// A number without derivatives.
    fn constant(value: f64) -> Self;

    /// Its value.
    fn value(self) -> f64;

    /// `f(self)`, from the value and the first two derivatives of f at `self.value()`.
    fn chain(self, f: [f64; 3]) -> Self;

    fn exp(self) -> Self {
        self.chain([self.value().exp(); 3])
    }

    fn ln(self) -> Self {
        let x = self.value();
        self.chain([x.ln(), 1.0 / x, -1.0 / (x * x)])
    }

    /// `1 / self`.
    fn reciprocal(self) -> Self {
        let x = self.value();
        self.chain([1.0 / x, -1.0 / (x * x), 2.0 / (x * x * x)])
    }

    fn sqrt(self) -> Self {
        let root = self.value().sqrt();
        self.chain([root, 0.5 / root, -0.25 / (root * root * root)])
    }

    fn tanh(self) -> Self {
        let y = self.value().tanh();
        self.chain([y, 1.0 - y * y, -2.0 * y * (1.0 - y * y)])
    }

    fn erf(self) -> Self {
        let x = self.value();
        let slope = std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp();
        self.chain([libm::erf(x), slope, -2.0 * x * slope])
    }
}

impl Number for f64 {
    fn constant(value: f64) -> Self {
        value
    }

    fn value(self) -> f64 {
        self
    }

    fn chain(self, [f, _, _]: [f64; 3]) -> Self {
        f
    }
}

/// `x + a ε₁ + b ε₂ + c ε₁ε₂` with `ε₁² = ε₂² = 0`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HyperDual {
    pub value: f64,
    pub first: [f64; 2],
    pub second: f64,
}

impl Number for HyperDual {
    fn constant(value: f64) -> Self {
        Self { value, ..Self::default() }
    }

    fn value(self) -> f64 {
        self.value
    }

    fn chain(self, [f, df, ddf]: [f64; 3]) -> Self {
        let [a, b] = self.first;
        Self { value: f, first: [df * a, df * b], second: df * self.second + ddf * a * b }
    }
}

impl Add for HyperDual {
    type Output = Self;

    fn add(self, o: Self) -> Self {
        let first = [self.first[0] + o.first[0], self.first[1] + o.first[1]];
        Self { value: self.value + o.value, first, second: self.second + o.second }
    }
}

impl Sub for HyperDual {
    type Output = Self;

    fn sub(self, o: Self) -> Self {
        self + o * Self::constant(-1.0)
    }
}

impl Mul for HyperDual {
    type Output = Self;

    fn mul(self, o: Self) -> Self {
        let ([a, b], [c, d]) = (self.first, o.first);
        Self {
            value: self.value * o.value,
            first: [self.value * c + a * o.value, self.value * d + b * o.value],
            second: self.value * o.second + a * d + b * c + self.second * o.value,
        }
    }
}
