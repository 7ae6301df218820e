//! Converts rows of samples into lanes, and back.

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
