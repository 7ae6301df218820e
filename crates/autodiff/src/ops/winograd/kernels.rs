//! The transforms of turned kernels.

use super::tiles::READ;
use super::transforms;
use crate::Scalar;
use crate::lane::registers::parts;
use crate::lane::transpose::transpose;
use crate::lane::{LANES, Lane};
use crate::simd::VectorKernel;
use pulp::Simd;

/// `G g Gᵀ` of each kernel `g[k, l] = kernel[2 − k, 2 − l, i, o]`, which the vjp to the input correlates with.
pub(super) struct TurnedKernels<'a, T> {
    /// Kernel `(3, 3, in, out)` of the convolution.
    pub kernel: &'a [T],
    /// Input and output channels of the convolution.
    pub channels: [usize; 2],
    /// `(4, 4, panels, out)` with 16 input channels in the lanes. Missing channels of the last panel are zero.
    pub to: &'a mut Vec<Lane<T>>,
}

/// Rows and columns of a kernel.
const TAPS: usize = 3;

impl<T: Scalar> VectorKernel for TurnedKernels<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [inputs, out] = self.channels;
        let panels = inputs.div_ceil(LANES);
        self.to.resize(READ * READ * panels * out, Lane::zero());
        // 16 × 16 channels at a time: their taps are transposed, and then transformed with the inputs in the lanes.
        for panel in 0..panels {
            let inputs_of_panel = LANES.min(inputs - panel * LANES);
            for first in (0..out).step_by(LANES) {
                let outputs = LANES.min(out - first);
                let mut taps = [[Lane::zero(); LANES]; TAPS * TAPS];
                for (turned, tap) in taps.iter_mut().rev().enumerate() {
                    let rows = &self.kernel[(turned * inputs + panel * LANES) * out..][..inputs_of_panel * out];
                    for (lane, row) in tap.iter_mut().zip(rows.chunks_exact(out)) {
                        match row[first..].first_chunk() {
                            Some(whole) => lane.0 = *whole,
                            None => lane.0[..outputs].copy_from_slice(&row[first..]),
                        }
                    }
                    transpose(tap);
                }
                for o in 0..outputs {
                    let to = panel * out + first + o;
                    for part in 0..parts::<T, S>() {
                        let mut rows = [[T::splat(simd, T::zero()); READ]; TAPS];
                        for (row, taps) in rows.iter_mut().zip(taps.chunks_exact(TAPS)) {
                            let g =
                                [taps[0][o].part::<S>(part), taps[1][o].part::<S>(part), taps[2][o].part::<S>(part)];
                            *row = transforms::kernel::<T, S>(simd, g);
                        }
                        for b in 0..READ {
                            let column = transforms::kernel::<T, S>(simd, rows.map(|row| row[b]));
                            for (a, number) in column.into_iter().enumerate() {
                                self.to[(a * READ + b) * panels * out + to].set_part::<S>(part, number);
                            }
                        }
                    }
                }
            }
        }
    }
}
