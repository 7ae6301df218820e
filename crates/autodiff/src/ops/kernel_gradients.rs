//! Gradients of a convolution's kernel and biases.

use crate::Scalar;
use crate::lane::Lane;
use crate::ops::Conv2d;
use crate::simd::Kernel;

/// `kernel[k, l, i, o] = Σ_{h, w} x[h·s + k, w·t + l, i] · dy[h, w, o]`, `bias[o] = Σ_{h, w} dy[h, w, o]`, per sample.
pub(crate) struct KernelGradients<'a, T> {
    /// The convolution.
    pub conv: &'a Conv2d,
    /// Padded input `(height, width, in)`.
    pub x: &'a [Lane<T>],
    /// Cotangent of the output `(height, width, out)`.
    pub dy: &'a [Lane<T>],
    /// Gradient of the biases; empty for a convolution without biases.
    pub bias: &'a mut [Lane<T>],
    /// Gradient of the kernel.
    pub kernel: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for KernelGradients<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let [height, width, inputs, out] = self.conv.kernel_shape();
        let run = width * inputs;
        self.kernel.fill(Lane::zero());
        self.bias.fill(Lane::zero());
        // One output row after another, so that the data of its tiles stays in the first-level cache.
        for h in 0..self.conv.output()[0] {
            let mut o = 0;
            while o < out {
                let step = if o + 4 <= out { 4 } else { 1 };
                match step {
                    _ if self.bias.is_empty() => {}
                    4 => self.bias_tile::<4>(h, o),
                    _ => self.bias_tile::<1>(h, o),
                }
                for k in 0..height {
                    let mut r = 0;
                    while r < run {
                        let pair = r + 2 <= run;
                        match (step, pair) {
                            (4, true) => self.tile::<2, 4>(h, k, r, o),
                            (4, false) => self.tile::<1, 4>(h, k, r, o),
                            (_, true) => self.tile::<2, 1>(h, k, r, o),
                            (_, false) => self.tile::<1, 1>(h, k, r, o),
                        }
                        r += if pair { 2 } else { 1 };
                    }
                }
                o += step;
            }
        }
    }
}

impl<T: Scalar> KernelGradients<'_, T> {
    /// Adds the contribution of output row `h` to the biases of channels `o..o + O`.
    #[inline(always)]
    fn bias_tile<const O: usize>(&mut self, h: usize, o: usize) {
        let [_, width, out] = self.conv.output();
        let mut acc = [Lane::zero(); O];
        acc.copy_from_slice(&self.bias[o..o + O]);
        for dy in self.dy[h * width * out..(h + 1) * width * out].chunks_exact(out) {
            for (a, &d) in acc.iter_mut().zip(&dy[o..o + O]) {
                *a = a.plus(d);
            }
        }
        self.bias[o..o + O].copy_from_slice(&acc);
    }

    /// Adds the contribution of output row `h` to kernel row `k`, entries `r..r + R` of its `(width, in)`, channels
    /// `o..o + O`.
    #[inline(always)]
    fn tile<const R: usize, const O: usize>(&mut self, h: usize, k: usize, r: usize, o: usize) {
        let conv = self.conv;
        let (inputs, [_, width, out]) = (conv.input()[2], conv.output());
        let [down, across] = conv.spec().stride;
        let place = (k * conv.spec().kernel[1] * inputs + r) * out + o;
        let mut acc = [[Lane::zero(); O]; R];
        for (j, row) in acc.iter_mut().enumerate() {
            row.copy_from_slice(&self.kernel[place + j * out..][..O]);
        }
        let at = (h * down + k) * conv.padded()[1] * inputs + r;
        let x = &self.x[at..at + (width - 1) * across * inputs + R];
        let dy = &self.dy[h * width * out..(h + 1) * width * out];
        for (w, dy) in dy.chunks_exact(out).enumerate() {
            let dy = &dy[o..o + O];
            let x = &x[w * across * inputs..][..R];
            for (row, &x) in acc.iter_mut().zip(x) {
                for (a, &d) in row.iter_mut().zip(dy) {
                    *a = a.fma_lane(x, d);
                }
            }
        }
        for (j, row) in acc.iter().enumerate() {
            self.kernel[place + j * out..][..O].copy_from_slice(row);
        }
    }
}
