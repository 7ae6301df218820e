//! Numbers with two exact first derivatives and the exact mixed second derivative (Fike & Alonso 2011).

use std::ops::{Add, Mul, Sub};

/// `x + a ε₁ + b ε₂ + c ε₁ε₂` with `ε₁² = ε₂² = 0`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HyperDual {
    pub value: f64,
    pub first: [f64; 2],
    pub second: f64,
}

impl HyperDual {
    /// A constant.
    pub(crate) fn constant(value: f64) -> Self {
        Self { value, ..Self::default() }
    }

    /// `f(self)`, from the value and derivatives of f at `self.value`.
    fn chain(self, [f, df, ddf]: [f64; 3]) -> Self {
        let [a, b] = self.first;
        Self { value: f, first: [df * a, df * b], second: df * self.second + ddf * a * b }
    }

    pub(crate) fn exp(self) -> Self {
        self.chain([self.value.exp(); 3])
    }

    pub(crate) fn ln(self) -> Self {
        self.chain([self.value.ln(), 1.0 / self.value, -1.0 / (self.value * self.value)])
    }

    /// `max(self, 0)`.
    pub(crate) fn relu(self) -> Self {
        if self.value > 0.0 { self } else { Self::default() }
    }

    pub(crate) fn larger(self, other: Self) -> Self {
        if other.value > self.value { other } else { self }
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
