//! Arithmetic on slices. Sums are in `f64`, in an order that depends on lengths alone.

use minima_autodiff::Scalar;
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// The number of entries in one partial sum.
const CHUNK: usize = 4096;

/// From this length, several threads process the chunks. A product with a network takes far longer than a shorter
/// vector.
const LONG: usize = 1 << 18;

/// The number of partial sums within a chunk: they fill four of the widest registers.
const PARTS: usize = 32;

/// `aᵀ b` over one chunk, compiled for each instruction set. Multiplications are not fused with additions, so results
/// are identical for all instruction sets.
struct ChunkDot<'a, T>(&'a [T], &'a [T]);

impl<T: Scalar> NullaryFnOnce for ChunkDot<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let (mut parts, (a_whole, a_rest), (b_whole, b_rest)) = ([0.0; PARTS], self.0.as_chunks(), self.1.as_chunks());
        for (a, b) in a_whole.iter().zip(b_whole) {
            let (a, b): (&[T; PARTS], &[T; PARTS]) = (a, b);
            for ((part, a), b) in parts.iter_mut().zip(a).zip(b) {
                *part += a.as_f64() * b.as_f64();
            }
        }
        let mut sum = 0.0;
        for (a, b) in a_rest.iter().zip(b_rest) {
            sum += a.as_f64() * b.as_f64();
        }
        for part in parts {
            sum += part;
        }
        sum
    }
}

fn chunk_dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    Arch::new().dispatch(ChunkDot(a, b))
}

/// `aᵀ b`. If the lengths differ, the surplus entries are ignored.
pub(crate) fn dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    let length = a.len().min(b.len());
    let (a, b) = (a.get(..length).unwrap_or(a), b.get(..length).unwrap_or(b));
    if length < LONG {
        return a.chunks(CHUNK).zip(b.chunks(CHUNK)).map(|(a, b)| chunk_dot(a, b)).sum();
    }
    let partial: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(|(a, b)| chunk_dot(a, b)).collect();
    partial.into_iter().sum()
}

/// The range of a sum of squares that has not overflowed and for which underflowing terms are negligible.
const SAFE_SQUARES: std::ops::Range<f64> = 1e-280..f64::INFINITY;

/// `‖a‖`, for entries of any size.
pub(crate) fn norm<T: Scalar>(a: &[T]) -> f64 {
    let square = dot(a, a);
    if SAFE_SQUARES.contains(&square) {
        return square.sqrt();
    }
    // A vector of zeros, with NaN or infinity, or with entries whose squares are out of range.
    let largest = a.iter().fold(0.0, |most: f64, x| most.max(x.as_f64().abs()));
    if largest == 0.0 || !square.is_finite() && a.iter().any(|x| !x.is_finite()) {
        return square.sqrt();
    }
    let squares = a.iter().map(|x| (x.as_f64() / largest).powi(2));
    largest * squares.sum::<f64>().sqrt()
}

/// `y ← y + factor · x`.
pub(crate) fn add_scaled<T: Scalar>(factor: f64, x: &[T], y: &mut [T]) {
    let factor = T::from_f64(factor);
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * *x);
}

/// `y ← x + factor · y`.
pub(crate) fn scale_and_add<T: Scalar>(factor: f64, y: &mut [T], x: &[T]) {
    let factor = T::from_f64(factor);
    y.iter_mut().zip(x).for_each(|(y, x)| *y = *x + factor * *y);
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, LONG, add_scaled, dot, norm, scale_and_add};

    #[test]
    fn a_dot_product_takes_every_number_once() {
        for length in [0, 1, 7, 8, 9, CHUNK - 1, CHUNK, CHUNK + 3, LONG, LONG + CHUNK + 5] {
            // Integers: every order of summation gives the same result.
            let a: Vec<f32> = (0..length).map(|i| (i % 5) as f32).collect();
            let b: Vec<f32> = (0..length).map(|i| (i % 3) as f32 - 1.0).collect();
            let expected: i64 = (0..length as i64).map(|i| (i % 5) * (i % 3 - 1)).sum();
            assert_eq!(dot(&a, &b), expected as f64, "{length}");
        }
    }

    #[test]
    fn a_norm_is_right_at_every_size() {
        for power in -320..=307 {
            let unit: f64 = format!("1e{power}").parse().unwrap_or(f64::NAN);
            // The error of a subnormal number is up to half the least one.
            let allowed = 5.0 * (1e-15 * unit + f64::from_bits(1));
            assert!((norm(&[3.0 * unit, 0.0, -4.0 * unit]) - 5.0 * unit).abs() <= allowed, "1e{power}");
        }
        assert!(norm(&[f64::NAN, 1.0]).is_nan() && norm(&[f64::NAN; 2]).is_nan());
        assert_eq!(norm(&[f64::INFINITY, 1.0]), f64::INFINITY);
        assert_eq!(norm::<f64>(&[0.0; 3]), 0.0);
        assert_eq!(norm::<f64>(&[]), 0.0);
    }

    #[test]
    fn updates() {
        let mut y = [1.0, 2.0];
        add_scaled(3.0, &[1.0, -1.0], &mut y);
        assert_eq!(y, [4.0, -1.0]);
        scale_and_add(2.0, &mut y, &[0.5, 0.5]);
        assert_eq!(y, [8.5, -1.5]);
        assert_eq!(norm(&[3.0_f32, 4.0]), 5.0);
    }
}
