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
        // 16 × 16 channels at a time: transformed with the outputs in the lanes, and then transposed.
        for panel in 0..panels {
            let in_panel = LANES.min(inputs - panel * LANES);
            for first in (0..out).step_by(LANES) {
                let outputs = LANES.min(out - first);
                let mut blocks = [[Lane::zero(); LANES]; READ * READ];
                for i in 0..in_panel {
                    let input = panel * LANES + i;
                    let mut taps = [Lane::zero(); TAPS * TAPS];
                    for (turned, tap) in taps.iter_mut().rev().enumerate() {
                        let numbers = &self.kernel[(turned * inputs + input) * out..][first..out];
                        match numbers.first_chunk() {
                            Some(whole) => tap.0 = *whole,
                            None => tap.0[..outputs].copy_from_slice(numbers),
                        }
                    }
                    for part in 0..parts::<T, S>() {
                        let rows: [[T::Vector<S>; READ]; TAPS] = std::array::from_fn(|k| {
                            transforms::kernel::<T, S>(
                                simd,
                                std::array::from_fn(|l| taps[k * TAPS + l].part::<S>(part)),
                            )
                        });
                        for b in 0..READ {
                            let column = transforms::kernel::<T, S>(simd, std::array::from_fn(|k| rows[k][b]));
                            for (a, number) in column.into_iter().enumerate() {
                                blocks[a * READ + b][i].set_part::<S>(part, number);
                            }
                        }
                    }
                }
                for (place, block) in blocks.iter_mut().enumerate() {
                    transpose(block);
                    let to = &mut self.to[(place * panels + panel) * out + first..][..outputs];
                    to.iter_mut().zip(&*block).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}
