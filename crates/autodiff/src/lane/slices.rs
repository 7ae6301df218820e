//! Slices of lanes: conversion from and to rows of samples, and loops over all numbers.

use super::{LANES, Lane};
use crate::Scalar;
use ndarray::ArrayView2;

/// Transposes rows `(samples ≤ 16, features)` into lanes. Missing samples are zero.
pub(crate) fn load_rows<T: Scalar>(rows: ArrayView2<'_, T>, lanes: &mut [Lane<T>]) {
    for lane in lanes.iter_mut() {
        *lane = Lane::zero();
    }
    for (s, row) in rows.outer_iter().enumerate().take(LANES) {
        for (lane, &x) in lanes.iter_mut().zip(row) {
            lane.0[s] = x;
        }
    }
}

/// Writes one sample's numbers to a row.
pub(crate) fn store_sample<T: Scalar>(lanes: &[Lane<T>], sample: usize, row: &mut [T]) {
    for (lane, out) in lanes.iter().zip(row) {
        *out = lane.0[sample];
    }
}

/// `f(to, a, b)` for every number of three streams of lanes.
///
/// The compiler would vectorize such a loop across lanes, with gathers. A width that it cannot see makes it vectorize
/// within a lane, which was measured to be 12 times as fast.
#[inline(always)]
pub(crate) fn stream<T: Scalar>(to: &mut [Lane<T>], a: &[Lane<T>], b: &[Lane<T>], f: impl Fn(&mut T, T, T)) {
    let width = std::hint::black_box(LANES);
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        for ((to, &a), &b) in to.0.iter_mut().zip(&a.0).zip(&b.0).take(width) {
            f(to, a, b);
        }
    }
}

/// `f(to)` for every number of a stream of lanes, vectorized within a lane as in [`stream`].
#[inline(always)]
pub(crate) fn stream_in_place<T: Scalar>(to: &mut [Lane<T>], f: impl Fn(&mut T)) {
    let width = std::hint::black_box(LANES);
    for to in to {
        to.0.iter_mut().take(width).for_each(&f);
    }
}
