//! Floating-point distributions: uniform, normal, truncated normal.

use std::f32::consts::SQRT_2;

use crate::{erf::erf, erf_inv::erf_inv, key::Key};

/// The right shift from a 32-bit word to the 23 bits of a mantissa.
const MANTISSA_SHIFT: u32 = 9;

impl Key {
    /// `n` uniform numbers in [0, 1), multiples of 2⁻²³, equal to `jax.random.uniform(key, (n,))`.
    #[must_use]
    pub fn uniform(self, n: usize) -> Vec<f32> {
        self.uniform_in(n, 0.0, 1.0)
    }

    /// `n` uniform numbers in [`lo`, `hi`), equal to `jax.random.uniform(key, (n,), minval=lo, maxval=hi)`.
    ///
    /// Rounding may return `hi` itself. If `hi` is below `lo`, every number is `lo`.
    #[must_use]
    pub fn uniform_in(self, n: usize, lo: f32, hi: f32) -> Vec<f32> {
        (0..n as u64)
            .map(|position| {
                let mantissa = self.word(position) >> MANTISSA_SHIFT;
                let unit = f32::from_bits(mantissa | 1.0f32.to_bits()) - 1.0;
                // Fused, as in XLA: one rounding.
                unit.mul_add(hi - lo, lo).max(lo)
            })
            .collect()
    }

    /// `n` standard normal numbers, as in `jax.random.normal(key, (n,))`: √2 · erf⁻¹ of uniform numbers in (−1, 1).
    #[must_use]
    pub fn normal(self, n: usize) -> Vec<f32> {
        let lo = (-1.0f32).next_up();
        self.uniform_in(n, lo, 1.0).into_iter().map(|u| SQRT_2 * erf_inv(u)).collect()
    }

    /// `n` standard normal numbers conditioned to lie strictly between `lo` and `hi`, as in
    /// `jax.random.truncated_normal(key, lo, hi, (n,))`.
    ///
    /// If `lo < hi` does not hold, every number is just below `hi`.
    #[must_use]
    pub fn truncated_normal(self, n: usize, lo: f32, hi: f32) -> Vec<f32> {
        let (least, most) = (lo.next_up(), hi.next_down());
        self.uniform_in(n, erf(lo / SQRT_2), erf(hi / SQRT_2))
            .into_iter()
            .map(|u| (SQRT_2 * erf_inv(u)).max(least).min(most))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::key::Key;

    /// Expected values: JAX 0.6.2 on a CPU, key 42.
    #[test]
    fn agrees_with_jax_on_other_intervals() {
        let uniform = Key::new(42).uniform_in(4, -3.0, 5.0);
        assert_eq!(uniform, [0.909_676_55, 2.438_377_4, 1.930_172, 1.488_128_7]);
        let expected = [
            -0.204_341_7,
            0.052_302_334,
            -0.032_568_946,
            -0.106_560_856,
            -0.256_552_93,
            -0.073_236_88,
            -0.846_94,
            0.180_581_39,
        ];
        for (found, expected) in Key::new(42).truncated_normal(8, -1.0, 0.5).into_iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn stays_inside_its_interval() {
        let key = Key::new(7);
        assert!(key.uniform(10_000).iter().all(|u| (0.0..1.0).contains(u)));
        assert!(key.normal(10_000).iter().all(|z| z.is_finite()));
        let truncated = key.truncated_normal(10_000, -2.0, 2.0);
        assert!(truncated.iter().all(|z| z.abs() < 2.0));
        assert!(key.uniform_in(10, 2.0, 1.0).iter().all(|&u| u == 2.0));
    }

    #[test]
    fn has_the_moments_of_a_normal() {
        let drawn = Key::new(7).normal(100_000);
        let n = drawn.len() as f64;
        let mean = drawn.iter().map(|&z| f64::from(z)).sum::<f64>() / n;
        let square = drawn.iter().map(|&z| f64::from(z).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 0.013, "{mean}");
        assert!((square - 1.0).abs() < 0.018, "{square}");
    }
}
