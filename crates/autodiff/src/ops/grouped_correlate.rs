//! Cross-correlation with kernels in groups or with dilated kernels.

use super::correlate::{Correlate, Start};
use super::padded_rows::PaddedRows;
use crate::Scalar;
use crate::lane::Lane;
use crate::simd::Kernel;

/// `y[h, w, o] ← start + Σ_{k, l, i} x[h·s + k·d, w·t + l·e, g·I + i] · kernel[k, l, i, o]`, for output channel o of group
/// g, with I input channels a group.
pub(crate) struct GroupedCorrelate<'a, T> {
    /// The correlation, with kernels `(height, width, in / groups, out)`.
    pub correlate: Correlate<'a, T>,
    /// The number of groups.
    pub groups: usize,
    /// Vertical and horizontal dilation (d, e).
    pub dilation: [usize; 2],
}

impl<T: Scalar> Kernel for GroupedCorrelate<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let [height, width] = self.correlate.y_size;
        let reach = (self.correlate.kernel_size[0] - 1) * self.dilation[0] + 1;
        let mut x = std::mem::take(self.correlate.rows);
        self.correlate.x.write_all((height - 1) * self.correlate.stride[0] + reach, &mut x);
        let each = self.correlate.channels[1] / self.groups;
        for h in 0..height {
            for group in 0..self.groups {
                let mut o = 0;
                while o < each {
                    let step = if o + 4 <= each { 4 } else { 1 };
                    let mut w = 0;
                    while w < width {
                        // As many sums as hide the latency of the multiply-add, also in a group of one channel.
                        w += match (step, width - w) {
                            (4, 1) => self.tile::<1, 4>(&x, h, w, group, o),
                            (4, _) => self.tile::<2, 4>(&x, h, w, group, o),
                            (_, 4..) => self.tile::<4, 1>(&x, h, w, group, o),
                            _ => self.tile::<1, 1>(&x, h, w, group, o),
                        };
                    }
                    o += step;
                }
            }
        }
        *self.correlate.rows = x;
    }
}

impl<T: Scalar> GroupedCorrelate<'_, T> {
    /// Computes `W` neighbouring columns of `O` channels of a group in registers. Returns `W`.
    #[inline(always)]
    fn tile<const W: usize, const O: usize>(
        &mut self,
        x: &[Lane<T>],
        h: usize,
        w: usize,
        group: usize,
        o: usize,
    ) -> usize {
        let (groups, [down, across]) = (self.groups, self.dilation);
        let Correlate {
            x: PaddedRows { width, .. },
            kernel,
            kernel_size,
            channels,
            stride,
            start,
            ref mut y,
            y_size,
            ..
        } = self.correlate;
        let [inputs, out] = channels;
        let (each, o) = (inputs / groups, group * (out / groups) + o);
        let y_at = (h * y_size[1] + w) * out + o;
        let mut acc = [[Lane::zero(); O]; W];
        match start {
            Start::Zero => {}
            Start::Bias(bias) => {
                for row in &mut acc {
                    for (a, &b) in row.iter_mut().zip(&bias[o..o + O]) {
                        *a = Lane::splat(b);
                    }
                }
            }
            Start::Accumulate => {
                for (j, row) in acc.iter_mut().enumerate() {
                    row.copy_from_slice(&y[y_at + j * out..][..O]);
                }
            }
        }
        let column = stride[1] * inputs;
        for k in 0..kernel_size[0] {
            for l in 0..kernel_size[1] {
                let place = (h * stride[0] + k * down) * width + w * stride[1] + l * across;
                let x = &x[place * inputs + group * each..][..(W - 1) * column + each];
                let tap = &kernel[(k * kernel_size[1] + l) * each * out..][..each * out];
                for (i, weights) in tap.chunks_exact(out).enumerate() {
                    let weights = &weights[o..o + O];
                    for (j, row) in acc.iter_mut().enumerate() {
                        let x = x[j * column + i];
                        for (a, &weight) in row.iter_mut().zip(weights) {
                            *a = a.fma(x, weight);
                        }
                    }
                }
            }
        }
        for (j, row) in acc.iter().enumerate() {
            y[y_at + j * out..][..O].copy_from_slice(row);
        }
        W
    }
}
