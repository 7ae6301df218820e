//! Scaling by powers of two, which does not change the significant digits of a number.

use crate::Real;
use ndarray::{Array2, ArrayView2};

/// A power of two, `2^exponent`, possibly outside the range of the element type. For instance, `2^149` scales the smallest
/// positive `f32` to 1, but the largest power of two in `f32` is `2^127`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PowerOfTwo {
    exponent: i32,
}

impl PowerOfTwo {
    /// The factor that scales `largest` into `[1, 2)`, if squares or reciprocals of numbers of this size may underflow or
    /// overflow.
    ///
    /// Returns `None` if `largest` is in `[√(tiny/ε), √(ε/tiny)]` (`tiny` is the smallest normal number), the range that
    /// LAPACK's `syev` does not scale, or if it is zero, NaN or infinite.
    pub(crate) fn to_unit<R: Real>(largest: R) -> Option<Self> {
        let smallest = (R::min_positive_value() / R::epsilon()).sqrt();
        if largest.is_zero() || !largest.is_finite() || (smallest..=smallest.recip()).contains(&largest) {
            return None;
        }
        // The mantissa of a subnormal number has leading zeros.
        let (mantissa, exponent, _) = largest.integer_decode();
        let digits = i32::try_from(u64::BITS - mantissa.leading_zeros()).unwrap_or(0);
        Some(Self { exponent: 1 - digits - i32::from(exponent) })
    }

    /// The nearest power of two with an even exponent, rounded towards 1.
    pub(crate) fn even(self) -> Self {
        Self { exponent: self.exponent - self.exponent % 2 }
    }

    /// `x · 2^exponent`.
    pub(crate) fn times<R: Real>(self, x: R) -> R {
        let two = R::one() + R::one();
        let half = self.exponent / 2;
        // Each factor is in range, even if their product is not.
        x * two.powi(half) * two.powi(self.exponent - half)
    }

    /// `1 / 2^exponent`.
    pub(crate) fn inverse(self) -> Self {
        Self { exponent: -self.exponent }
    }

    /// The square root. The exponent must be even.
    pub(crate) fn root(self) -> Self {
        Self { exponent: self.exponent / 2 }
    }
}

/// The largest absolute value in the lower triangle of `a`. Elements above the diagonal are not read.
pub(crate) fn largest_in_lower<R: Real>(a: ArrayView2<'_, R>) -> R {
    let rows = a.rows().into_iter().enumerate();
    rows.fold(R::zero(), |most, (row, values)| values.iter().take(row + 1).fold(most, |most, x| most.max(x.abs())))
}

/// The lower triangle of `a` times a power of two, with zeros above the diagonal.
pub(crate) fn scaled_lower<R: Real>(a: ArrayView2<'_, R>, factor: PowerOfTwo) -> Array2<R> {
    let mut scaled = Array2::zeros(a.raw_dim());
    for (row, (mut to, from)) in scaled.rows_mut().into_iter().zip(a.rows()).enumerate() {
        to.iter_mut().zip(from).take(row + 1).for_each(|(to, &x)| *to = factor.times(x));
    }
    scaled
}

#[cfg(test)]
mod tests {
    use super::PowerOfTwo;

    #[test]
    fn every_extreme_number_comes_between_one_and_two_and_back() {
        for power in (-149..=127).filter(|power| !(-40..=40).contains(power)) {
            for share in [1.0_f64, 1.5] {
                let x = (share * 2.0_f64.powi(power)) as f32;
                let Some(factor) = PowerOfTwo::to_unit(x) else { continue };
                let unit = factor.times(x);
                assert!((1.0..2.0).contains(&unit), "{x:e} to {unit}");
                assert_eq!(factor.inverse().times(unit), x);
            }
        }
        for x in [f64::from_bits(1), 1e-310, f64::MIN_POSITIVE, 1e-200, 1e200, f64::MAX] {
            let factor = PowerOfTwo::to_unit(x);
            let unit = factor.map(|factor| factor.times(x));
            assert!(unit.is_some_and(|unit| (1.0..2.0).contains(&unit)), "{x:e} to {unit:?}");
        }
    }

    #[test]
    fn ordinary_numbers_are_left_alone() {
        for x in [0.0, 1e-15, 1.0, 12_058.0, 1e15] {
            assert_eq!(PowerOfTwo::to_unit(x as f32), None);
            assert_eq!(PowerOfTwo::to_unit(x), None);
        }
    }
}
