//! Interval arithmetic in `f64`: every result is rounded outward.
//!
//! An operation of IEEE 754 gives the number nearest to the exact result. So the exact result lies between the neighbours of
//! the computed one. A NaN stays a NaN, and a bound that is NaN proves nothing.

/// A real number that is only known to lie between two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Interval {
    /// Exactly zero.
    pub(crate) const ZERO: Self = Self { low: 0.0, high: 0.0 };

    /// A number.
    pub(crate) fn point(x: f64) -> Self {
        Self { low: x, high: x }
    }

    /// The sum of two numbers.
    #[inline]
    pub(crate) fn plus(self, other: Self) -> Self {
        if self == Self::ZERO {
            return other;
        }
        if other == Self::ZERO {
            return self;
        }
        Self { low: (self.low + other.low).next_down(), high: (self.high + other.high).next_up() }
    }

    /// The product with a finite number.
    #[inline]
    pub(crate) fn times(self, x: f64) -> Self {
        if x == 0.0 {
            return Self::ZERO;
        }
        if x == 1.0 {
            return self;
        }
        let (low, high) = if x > 0.0 { (self.low, self.high) } else { (self.high, self.low) };
        Self { low: (low * x).next_down(), high: (high * x).next_up() }
    }

    /// A number below `a x`, for every a in this interval and every x in `other`.
    pub(crate) fn least_product(self, other: Self) -> f64 {
        let products = [self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high];
        // Unlike `f64::min`, this keeps a NaN.
        products.into_iter().fold(f64::INFINITY, |least, x| if x < least || x.is_nan() { x } else { least }).next_down()
    }

    /// The largest size of the number.
    pub(crate) fn size(self) -> f64 {
        // A NaN in either end stays.
        if self.low.is_nan() || self.high.is_nan() { f64::NAN } else { self.low.abs().max(self.high.abs()) }
    }

    /// The same number, known to lie in another interval too. Ends that contradict this interval are ignored.
    pub(crate) fn within(self, other: Self) -> Self {
        let low = if other.low > self.low && other.low <= self.high { other.low } else { self.low };
        let high = if other.high < self.high && other.high >= low { other.high } else { self.high };
        Self { low, high }
    }
}

/// A number above the sum of two numbers.
pub(crate) fn add_up(a: f64, b: f64) -> f64 {
    (a + b).next_up()
}

/// A number above the product of two numbers.
pub(crate) fn times_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { (a * b).next_up() }
}

/// A number below the difference of two numbers.
pub(crate) fn minus_down(a: f64, b: f64) -> f64 {
    if b == 0.0 { a } else { (a - b).next_down() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_hold_the_exact_number() {
        // 0.1 + 0.2 and 0.1 · 3 of the `f64` numbers are no `f64` numbers.
        let sum = Interval::point(0.1).plus(Interval::point(0.2));
        assert!(sum.low < 0.1 + 0.2 && 0.1 + 0.2 < sum.high);
        let product = Interval { low: -0.1, high: 0.2 }.times(-3.0);
        assert!(product.low < 0.2 * -3.0 && 0.1 * 3.0 < product.high);
        assert!(Interval { low: -1.0, high: 2.0 }.least_product(Interval { low: -3.0, high: 5.0 }) < -6.0 + 1e-12);
        assert!(Interval::point(1e-300).times(1e-300).high > 0.0);
    }

    #[test]
    fn nan_stays() {
        let nan = Interval::point(f64::NAN);
        assert!(nan.least_product(Interval::point(1.0)).is_nan() && nan.size().is_nan());
        assert!(Interval { low: 0.0, high: f64::INFINITY }.least_product(Interval::ZERO).is_nan());
        let known = Interval { low: -1.0, high: 1.0 };
        assert_eq!(known.within(nan), known);
        assert_eq!(known.within(Interval { low: 3.0, high: 4.0 }), known);
    }
}
