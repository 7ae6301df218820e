//! Cross-correlation of a padded feature map with a bank of kernels, used by conv2d's forward, vjp to the input and
//! jvp.

use crate::Scalar;
use crate::lane::Lane;
use crate::simd::Kernel;

/// The initial value of an output.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a, T> {
    /// Zero.
    Zero,
    /// One bias for each output channel.
    Bias(&'a [T]),
    /// The value already in the output.
    Accumulate,
}

/// `y[h, w, o] ← start + Σ_{k, l, i} x[h·s + k, w·t + l, i] · kernel[k, l, i, o]`.
pub(crate) struct Correlate<'a, T> {
    /// Padded input `(height, width, in)`.
    pub x: &'a [Lane<T>],
    /// Width of the padded input.
    pub x_width: usize,
    /// Kernels `(height, width, in, out)`.
    pub kernel: &'a [T],
    /// Height and width of a kernel.
    pub kernel_size: [usize; 2],
    /// Input and output channels.
    pub channels: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The initial value of the outputs.
    pub start: Start<'a, T>,
    /// Output `(height, width, out)`.
    pub y: &'a mut [Lane<T>],
    /// Height and width of the output.
    pub y_size: [usize; 2],
}

impl<T: Scalar> Kernel for Correlate<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let [height, width] = self.y_size;
        let out = self.channels[1];
        for h in 0..height {
            let mut o = 0;
            while o < out {
                let step = if o + 4 <= out { 4 } else { 1 };
                let mut w = 0;
                while w < width {
                    let pair = w + 2 <= width;
                    match (step, pair) {
                        (4, true) => self.tile::<2, 4>(h, w, o),
                        (4, false) => self.tile::<1, 4>(h, w, o),
                        (_, true) => self.tile::<2, 1>(h, w, o),
                        (_, false) => self.tile::<1, 1>(h, w, o),
                    }
                    w += if pair { 2 } else { 1 };
                }
                o += step;
            }
        }
    }
}

impl<T: Scalar> Correlate<'_, T> {
    /// Computes `W` neighbouring columns of `O` channels in registers.
    #[inline(always)]
    fn tile<const W: usize, const O: usize>(&mut self, h: usize, w: usize, o: usize) {
        let [inputs, out] = self.channels;
        let run = self.kernel_size[1] * inputs;
        let y_at = (h * self.y_size[1] + w) * out + o;
        let mut acc = [[Lane::zero(); O]; W];
        match self.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                let b = &bias[o..o + O];
                for row in &mut acc {
                    for (a, &b) in row.iter_mut().zip(b) {
                        *a = Lane::splat(b);
                    }
                }
            }
            Start::Accumulate => {
                for (j, row) in acc.iter_mut().enumerate() {
                    row.copy_from_slice(&self.y[y_at + j * out..][..O]);
                }
            }
        }
        let column = self.stride[1] * inputs;
        for k in 0..self.kernel_size[0] {
            let at = ((h * self.stride[0] + k) * self.x_width + w * self.stride[1]) * inputs;
            let x = &self.x[at..at + (W - 1) * column + run];
            let kernel = &self.kernel[k * run * out..(k + 1) * run * out];
            for (r, weights) in kernel.chunks_exact(out).enumerate() {
                let weights = &weights[o..o + O];
                for (j, row) in acc.iter_mut().enumerate() {
                    let x = x[j * column + r];
                    for (a, &weight) in row.iter_mut().zip(weights) {
                        *a = a.fma(x, weight);
                    }
                }
            }
        }
        for (j, row) in acc.iter().enumerate() {
            self.y[y_at + j * out..][..O].copy_from_slice(row);
        }
    }
}
