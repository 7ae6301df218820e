//! The arithmetics of products that the CPU can emulate.

use serde::{Deserialize, Serialize};

/// The format to which the factors of a product are rounded; products and sums are in single precision or better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arithmetic {
    /// Single precision: 23 bits of mantissa, factors are not rounded.
    F32,
    /// NVIDIA's TF32: 10 bits of mantissa.
    Tf32,
    /// bfloat16: 7 bits of mantissa.
    Bf16,
}

impl Arithmetic {
    /// The number of stored mantissa bits.
    #[must_use]
    pub fn mantissa_bits(self) -> u32 {
        match self {
            Self::F32 => 23,
            Self::Tf32 => 10,
            Self::Bf16 => 7,
        }
    }

    /// The name in files: `f32`, `tf32` or `bf16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        }
    }

    /// `x` rounded to this format, to the nearest and ties to even, as tensor units round their operands.
    #[must_use]
    #[inline]
    pub fn round(self, x: f32) -> f32 {
        let dropped = 23 - self.mantissa_bits();
        if dropped == 0 || !x.is_finite() {
            return x;
        }
        let bits = x.to_bits();
        let last = (bits >> dropped) & 1;
        f32::from_bits((bits + ((1 << (dropped - 1)) - 1) + last) & !((1 << dropped) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::Arithmetic::{Bf16, F32, Tf32};

    #[test]
    fn rounding_is_to_the_nearest_and_ties_go_to_even() {
        for (arithmetic, ulp) in [(Tf32, 2.0_f32.powi(-10)), (Bf16, 2.0_f32.powi(-7))] {
            let round = |x| arithmetic.round(x);
            assert_eq!(round(1.0 + 0.49 * ulp), 1.0);
            assert_eq!(round(1.0 + 0.5 * ulp), 1.0);
            assert_eq!(round(1.0 + 0.51 * ulp), 1.0 + ulp);
            assert_eq!(round(1.0 + 1.5 * ulp), 1.0 + 2.0 * ulp);
            assert_eq!(round(-1.0 - 1.5 * ulp), -1.0 - 2.0 * ulp);
            assert_eq!(round(2.0 - ulp / 4.0), 2.0);
            assert_eq!(round(0.0), 0.0);
            assert!(round(f32::NAN).is_nan());
        }
        assert_eq!(F32.round(1.0 + f32::EPSILON), 1.0 + f32::EPSILON);
    }
}
