//! The transforms of tiles and kernels, one number of each sample at a time.

use super::tiles::{READ, SIDE};
use crate::Scalar;
use pulp::Simd;

/// The two rows of inputs that make a row of `Bᵀ d`, and the factor of the second one.
pub(super) const INPUT_ROWS: [([usize; 2], i8); READ] = [([0, 2], -1), ([1, 2], 1), ([2, 1], -1), ([3, 1], -1)];

/// The factors of the two rows of cotangents in each row of `A ẏ`.
pub(super) const COTANGENT_ROWS: [[i8; SIDE]; READ] = [[1, 0], [1, 1], [1, -1], [0, 1]];

/// A factor −1, 0 or 1 in every sample.
#[inline(always)]
pub(super) fn factor<T: Scalar, S: Simd>(simd: S, factor: i8) -> T::Vector<S> {
    T::splat(simd, T::from_f64(f64::from(factor)))
}

/// `d B` of a row of numbers.
#[inline(always)]
pub(super) fn input_columns<T: Scalar, S: Simd>(simd: S, d: [T::Vector<S>; 4]) -> [T::Vector<S>; 4] {
    [T::minus(simd, d[0], d[2]), T::plus(simd, d[1], d[2]), T::minus(simd, d[2], d[1]), T::minus(simd, d[3], d[1])]
}

/// `G g`.
#[inline(always)]
pub(super) fn kernel<T: Scalar, S: Simd>(simd: S, g: [T::Vector<S>; 3]) -> [T::Vector<S>; 4] {
    let half = T::splat(simd, T::from_f64(0.5));
    let outer = T::times(simd, half, T::plus(simd, g[0], g[2]));
    let inner = T::times(simd, half, g[1]);
    [g[0], T::plus(simd, outer, inner), T::minus(simd, outer, inner), g[2]]
}

/// `Gᵀ m`.
#[inline(always)]
pub(super) fn kernel_gradient<T: Scalar, S: Simd>(simd: S, m: [T::Vector<S>; 4]) -> [T::Vector<S>; 3] {
    let half = T::splat(simd, T::from_f64(0.5));
    let outer = T::times(simd, half, T::plus(simd, m[1], m[2]));
    let inner = T::times(simd, half, T::minus(simd, m[1], m[2]));
    [T::plus(simd, m[0], outer), inner, T::plus(simd, outer, m[3])]
}
