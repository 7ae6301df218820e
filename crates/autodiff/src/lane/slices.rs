//! Slices of lanes: conversion from and to rows of samples, and loops over all numbers.

use super::transpose::transpose;
use super::{LANES, Lane};
use crate::Scalar;
use crate::simd::{Kernel, dispatch};
use ndarray::{ArrayView2, ArrayViewMut2};

/// Transposes rows `(samples ≤ 16, features)` into lanes. Missing samples are zero.
pub(crate) fn load_rows<T: Scalar>(rows: ArrayView2<'_, T>, lanes: &mut [Lane<T>]) {
    dispatch(LoadRows(rows, lanes));
}

struct LoadRows<'a, T>(ArrayView2<'a, T>, &'a mut [Lane<T>]);

impl<T: Scalar> Kernel for LoadRows<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self(rows, lanes) = self;
        for (chunk, lanes) in lanes.chunks_mut(LANES).enumerate() {
            let first = chunk * LANES;
            let mut block = [Lane::zero(); LANES];
            for (lane, row) in block.iter_mut().zip(rows.outer_iter()) {
                match row.to_slice().and_then(|row| row.get(first..)?.first_chunk()) {
                    Some(numbers) => lane.0 = *numbers,
                    None => lane.0.iter_mut().zip(row.iter().skip(first)).for_each(|(to, &x)| *to = x),
                }
            }
            transpose(&mut block);
            lanes.copy_from_slice(&block[..lanes.len()]);
        }
    }
}

/// Writes lanes back to rows, one row for each of at most 16 samples.
pub(crate) fn store_rows<T: Scalar>(lanes: &[Lane<T>], rows: &mut ArrayViewMut2<'_, T>) {
    dispatch(StoreRows(lanes, rows.view_mut()));
}

struct StoreRows<'a, T>(&'a [Lane<T>], ArrayViewMut2<'a, T>);

impl<T: Scalar> Kernel for StoreRows<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Self(lanes, mut rows) = self;
        for (chunk, lanes) in lanes.chunks(LANES).enumerate() {
            let first = chunk * LANES;
            let mut block = [Lane::zero(); LANES];
            block[..lanes.len()].copy_from_slice(lanes);
            transpose(&mut block);
            for (lane, mut row) in block.iter().zip(rows.outer_iter_mut()) {
                match row.as_slice_mut().and_then(|row| row.get_mut(first..)?.first_chunk_mut()) {
                    Some(numbers) => *numbers = lane.0,
                    None => row.iter_mut().skip(first).zip(lane.0).for_each(|(to, x)| *to = x),
                }
            }
        }
    }
}

/// `f(to, a, b)` for every number of three streams of lanes.
///
/// The compiler would vectorize such a loop across lanes, with gathers. A width that it cannot see makes it vectorize
/// within a lane. A width that may exceed a lane's would make it unroll a loop that then never runs, and work number by
/// number.
#[inline(always)]
pub(crate) fn stream<T: Scalar>(to: &mut [Lane<T>], a: &[Lane<T>], b: &[Lane<T>], f: impl Fn(&mut T, T, T)) {
    let width = std::hint::black_box(LANES).min(LANES);
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        for ((to, &a), &b) in to.0[..width].iter_mut().zip(&a.0[..width]).zip(&b.0[..width]) {
            f(to, a, b);
        }
    }
}

/// `f(to)` for every number of a stream of lanes, vectorized within a lane as in [`stream`].
#[inline(always)]
pub(crate) fn stream_in_place<T: Scalar>(to: &mut [Lane<T>], f: impl Fn(&mut T)) {
    let width = std::hint::black_box(LANES).min(LANES);
    for to in to {
        to.0[..width].iter_mut().for_each(&f);
    }
}
