//! The transforms of tiles and kernels, one number of each sample at a time.

use super::tiles::READ;
use crate::Scalar;
use pulp::Simd;

/// The two rows of inputs whose difference, or sum for row 1, is a row of `Bᵀ d`.
pub(super) const INPUT_ROWS: [[usize; 2]; READ] = [[0, 2], [1, 2], [2, 1], [3, 1]];

/// The row of `Bᵀ d` of this number, from its two rows of inputs.
#[inline(always)]
pub(super) fn input_row<T: Scalar, S: Simd>(simd: S, row: usize, [first, second]: [T::Vector<S>; 2]) -> T::Vector<S> {
    if row == 1 { T::plus(simd, first, second) } else { T::minus(simd, first, second) }
}

/// `d B` of a row of numbers.
#[inline(always)]
pub(super) fn input_columns<T: Scalar, S: Simd>(simd: S, d: [T::Vector<S>; 4]) -> [T::Vector<S>; 4] {
    [T::minus(simd, d[0], d[2]), T::plus(simd, d[1], d[2]), T::minus(simd, d[2], d[1]), T::minus(simd, d[3], d[1])]
}

/// `m A` of a row of numbers.
#[inline(always)]
pub(super) fn output_columns<T: Scalar, S: Simd>(simd: S, m: [T::Vector<S>; 4]) -> [T::Vector<S>; 2] {
    let left = T::plus(simd, T::plus(simd, m[0], m[1]), m[2]);
    let right = T::plus(simd, T::minus(simd, m[1], m[2]), m[3]);
    [left, right]
}

/// The row of `A ẏ` of this number.
#[inline(always)]
pub(super) fn cotangent_row<T: Scalar, S: Simd>(simd: S, row: usize, dy: [T::Vector<S>; 2]) -> T::Vector<S> {
    match row {
        0 => dy[0],
        1 => T::plus(simd, dy[0], dy[1]),
        2 => T::minus(simd, dy[0], dy[1]),
        _ => dy[1],
    }
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
