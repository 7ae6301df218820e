//! The transpose of a square block of lanes.

use super::{LANES, Lane};
use crate::Scalar;

/// Exchanges rows and columns: entry `j` of lane `i` becomes entry `i` of lane `j`.
///
/// Four perfect shuffles of all entries are a transpose of 16 × 16 numbers. A shuffle of two lanes is one instruction a
/// lane in wide registers.
#[inline(always)]
pub(crate) fn transpose<T: Scalar>(block: &mut [Lane<T>; LANES]) {
    for _ in 0..LANES.ilog2() {
        let from = *block;
        for i in 0..LANES / 2 {
            let (low, high) = (from[i].0, from[i + LANES / 2].0);
            for j in 0..LANES / 2 {
                block[2 * i].0[2 * j] = low[j];
                block[2 * i].0[2 * j + 1] = high[j];
                block[2 * i + 1].0[2 * j] = low[LANES / 2 + j];
                block[2 * i + 1].0[2 * j + 1] = high[LANES / 2 + j];
            }
        }
    }
}

/// Writes places `(places, channels)` with samples in the lanes as `(places, samples, panels)` with 16 channels in the lanes.
/// Missing channels of the last panel are zero.
#[inline(always)]
pub(crate) fn transpose_places<T: Scalar>(from: &[Lane<T>], channels: usize, to: &mut [Lane<T>]) {
    let panels = channels.div_ceil(LANES);
    for (from, to) in from.chunks_exact(channels).zip(to.chunks_exact_mut(LANES * panels)) {
        for (panel, from) in from.chunks(LANES).enumerate() {
            let mut block = [Lane::zero(); LANES];
            block[..from.len()].copy_from_slice(from);
            transpose(&mut block);
            for (to, lane) in to.iter_mut().skip(panel).step_by(panels).zip(block) {
                *to = lane;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let mut block = std::array::from_fn(|i| Lane(std::array::from_fn(|j| (100 * i + j) as f32)));
        transpose(&mut block);
        for (j, lane) in block.iter().enumerate() {
            for (i, &x) in lane.0.iter().enumerate() {
                assert_eq!(x, (100 * i + j) as f32);
            }
        }
    }
}
