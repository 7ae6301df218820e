//! Gradients of kernels in groups or of dilated kernels.

use crate::Scalar;
use crate::lane::Lane;
use crate::lane::slices::stream;
use crate::ops::Conv2d;
use crate::simd::Kernel;

/// `kernel[k, l, i, o] = Σ_{h, w} x[h·s + k·d, w·t + l·e, g·I + i] · dy[h, w, o]` for output channel o of group g with I
/// input channels, and `bias[o] = Σ_{h, w} dy[h, w, o]`, per sample.
pub(crate) struct GroupedGradients<'a, T> {
    /// The convolution.
    pub conv: &'a Conv2d,
    /// Padded input `(height, width, in)`.
    pub x: &'a [Lane<T>],
    /// Cotangent of the output `(height, width, out)`.
    pub dy: &'a [Lane<T>],
    /// Gradient of the biases; empty for a convolution without biases.
    pub bias: &'a mut [Lane<T>],
    /// Gradient of the kernel `(height, width, in / groups, out)`.
    pub kernel: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for GroupedGradients<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let [height, width, inputs, out] = self.conv.kernel_shape();
        let groups = self.conv.spec().groups;
        let each = out / groups;
        self.kernel.fill(Lane::zero());
        self.bias.fill(Lane::zero());
        if !self.bias.is_empty() {
            self.dy.chunks_exact(out).for_each(|dy| stream(self.bias, dy, dy, |sum, d, _| *sum += d));
        }
        // One output row after another, so that the data of its tiles stays in the cache.
        for h in 0..self.conv.output()[0] {
            for group in 0..groups {
                for k in 0..height {
                    let mut o = 0;
                    while o < each {
                        let step = if o + 4 <= each { 4 } else { 1 };
                        let mut r = 0;
                        while r < width * inputs {
                            r += match (step, width * inputs - r) {
                                (4, 1) => self.tile::<1, 4>(h, group, k, r, o),
                                (4, _) => self.tile::<2, 4>(h, group, k, r, o),
                                (_, 3..) => self.tile::<3, 1>(h, group, k, r, o),
                                _ => self.tile::<1, 1>(h, group, k, r, o),
                            };
                        }
                        o += step;
                    }
                }
            }
        }
    }
}

impl<T: Scalar> GroupedGradients<'_, T> {
    /// Adds the contribution of output row `h` to kernel row `k`, entries `r..r + R` of its `(width, in / groups)`,
    /// channels `o..o + O` of a group. Returns `R`.
    #[inline(always)]
    fn tile<const R: usize, const O: usize>(&mut self, h: usize, group: usize, k: usize, r: usize, o: usize) -> usize {
        let conv = self.conv;
        let (spec, [_, kernel_width, each, out]) = (conv.spec(), conv.kernel_shape());
        let (inputs, width) = (conv.input()[2], conv.output()[1]);
        let o = group * (out / spec.groups) + o;
        let place = (k * kernel_width * each + r) * out + o;
        let mut acc = [[Lane::zero(); O]; R];
        for (j, row) in acc.iter_mut().enumerate() {
            row.copy_from_slice(&self.kernel[place + j * out..][..O]);
        }
        let row_of_x = (h * spec.stride[0] + k * spec.dilation[0]) * conv.padded()[1];
        let mut at = [0; R];
        for (j, at) in at.iter_mut().enumerate() {
            let (l, i) = ((r + j) / each, (r + j) % each);
            *at = (row_of_x + l * spec.dilation[1]) * inputs + group * each + i;
        }
        let dy = &self.dy[h * width * out..(h + 1) * width * out];
        for (w, dy) in dy.chunks_exact(out).enumerate() {
            let dy = &dy[o..o + O];
            for (row, &at) in acc.iter_mut().zip(&at) {
                let x = self.x[at + w * spec.stride[1] * inputs];
                for (a, &d) in row.iter_mut().zip(dy) {
                    *a = a.fma_lane(x, d);
                }
            }
        }
        for (j, row) in acc.iter().enumerate() {
            self.kernel[place + j * out..][..O].copy_from_slice(row);
        }
        R
    }
}
