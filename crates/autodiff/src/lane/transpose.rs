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

/// Writes places `(places, channels)` with samples in the lanes as `(panels, places, samples)` with 16 channels in the lanes.
/// Missing channels of the last panel are zero. A panel is contiguous: with the panels innermost, one panel's lanes would
/// share a few sets of the first-level cache.
#[inline(always)]
pub(crate) fn transpose_places<T: Scalar>(from: &[Lane<T>], channels: usize, to: &mut [Lane<T>]) {
    let places = from.len() / channels;
    for (place, from) in from.chunks_exact(channels).enumerate() {
        for (panel, from) in from.chunks(LANES).enumerate() {
            let mut block = [Lane::zero(); LANES];
            block[..from.len()].copy_from_slice(from);
            transpose(&mut block);
            to[(panel * places + place) * LANES..][..LANES].copy_from_slice(&block);
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
