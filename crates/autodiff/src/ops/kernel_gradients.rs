//! Gradients of a convolution's kernel and biases.

use crate::Scalar;
use crate::lane::Lane;
use crate::lane::registers::parts;
use crate::ops::Conv2d;
use crate::simd::VectorKernel;
use pulp::Simd;

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

impl<T: Scalar> VectorKernel for KernelGradients<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let [height, width, inputs, out] = self.conv.kernel_shape();
        let run = width * inputs;
        self.kernel.fill(Lane::zero());
        self.bias.fill(Lane::zero());
        // One output row after another, so that the data of its tiles stays in the first-level cache.
        for h in 0..self.conv.output()[0] {
            let mut o = 0;
            while o < out {
                o += match out - o {
                    4.. => self.outputs::<S, 4>(simd, h, height, run, o),
                    _ => self.outputs::<S, 1>(simd, h, height, run, o),
                };
            }
        }
    }
}

impl<T: Scalar> KernelGradients<'_, T> {
    /// Adds the contribution of output row `h` to channels `o..o + O`. Returns `O`.
    #[inline(always)]
    fn outputs<S: Simd, const O: usize>(&mut self, simd: S, h: usize, height: usize, run: usize, o: usize) -> usize {
        if !self.bias.is_empty() {
            self.bias_tile::<O>(h, o);
        }
        for k in 0..height {
            let mut r = 0;
            while r < run {
                // The sums of a tile and their factors stay in registers.
                r += match run - r {
                    6.. if S::REGISTER_COUNT >= 32 => self.tile::<S, 6, O>(simd, h, k, r, o),
                    3.. if S::REGISTER_COUNT >= 32 => self.tile::<S, 3, O>(simd, h, k, r, o),
                    2.. => self.tile::<S, 2, O>(simd, h, k, r, o),
                    _ => self.tile::<S, 1, O>(simd, h, k, r, o),
                };
            }
        }
        O
    }

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
    /// `o..o + O`. Returns `R`.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "loops of constant length stay in registers, iterators do not")]
    fn tile<S: Simd, const R: usize, const O: usize>(
        &mut self,
        simd: S,
        h: usize,
        k: usize,
        r: usize,
        o: usize,
    ) -> usize {
        let conv = self.conv;
        let (inputs, [_, width, out]) = (conv.input()[2], conv.output());
        let [down, across] = conv.spec().stride;
        let place = (k * conv.spec().kernel[1] * inputs + r) * out + o;
        let at = (h * down + k) * conv.padded()[1] * inputs + r;
        let x = &self.x[at..at + (width - 1) * across * inputs + R];
        let dy = &self.dy[h * width * out..(h + 1) * width * out];
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); O]; R];
            for j in 0..R {
                let kernel = &self.kernel[place + j * out..][..O];
                for c in 0..O {
                    sums[j][c] = kernel[c].part::<S>(part);
                }
            }
            for (w, dy) in dy.chunks_exact(out).enumerate() {
                let dy = &dy[o..o + O];
                let x = &x[w * across * inputs..][..R];
                let dy: [T::Vector<S>; O] = std::array::from_fn(|c| dy[c].part::<S>(part));
                for j in 0..R {
                    let x = x[j].part::<S>(part);
                    for c in 0..O {
                        sums[j][c] = T::fma(simd, x, dy[c], sums[j][c]);
                    }
                }
            }
            for j in 0..R {
                let kernel = &mut self.kernel[place + j * out..][..O];
                for c in 0..O {
                    kernel[c].set_part::<S>(part, sums[j][c]);
                }
            }
        }
        R
    }
}
