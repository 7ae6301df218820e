//! Two-dimensional convolution, in the sense of deep learning: a cross-correlation.
//!
//! - forward: `y[h, w, o] = b[o] + Σ_{k, l, i} x̂[h·s + k, w·t + l, i] · W[k, l, i, o]`, with x̂ the zero-padded input.
//! - vjp to the input: the same sum over the cotangent ŷ̇ with s − 1 (t − 1) zeros between its entries and with a
//!   border. `W` is flipped in both directions and its channels are exchanged.
//! - vjp to the parameters: `Ẇ[k, l, i, o] = Σ_{h, w} x̂[h·s + k, w·t + l, i] · ẏ[h, w, o]`, `ḃ[o] = Σ_{h, w} ẏ[h, w, o]`.
//! - jvp: `ẏ = conv(ẋ; W, 0) + conv(x; Ẇ, ḃ)`.
//!
//! Parameters in order: bias `(out)` unless it is absent, kernel `(height, width, in, out)`.

use super::correlate::{Correlate, Start};
use super::{
    At, Factors, KernelForm, Operation, ParameterArray, Parameters, Parametrised, Patches, Scratch, SecondOrder, Write,
};
use crate::Scalar;
use crate::lane::Lane;
use crate::simd::{Kernel, dispatch};
use minima_faults::{Fault, planted};

/// How a convolution treats its input's border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros around the input, so that the output has ⌈size / stride⌉ entries. An odd number of zeros has its extra one
    /// below and to the right.
    Same,
    /// No zeros: only windows that lie within the input.
    Valid,
}

/// A convolution to be added to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dSpec {
    /// Output channels.
    pub features: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The treatment of the border.
    pub padding: Padding,
    /// Whether each output channel has a bias.
    pub bias: bool,
}

impl Conv2dSpec {
    /// A kernel of `size × size`, stride 1, SAME padding, with biases.
    #[must_use]
    pub fn same(features: usize, size: usize) -> Self {
        Self { features, kernel: [size, size], stride: [1, 1], padding: Padding::Same, bias: true }
    }
}

/// A convolution on feature maps of one shape.
#[derive(Clone, Debug)]
pub(crate) struct Conv2d {
    spec: Conv2dSpec,
    input: [usize; 3],
    output: [usize; 3],
    /// Rows and columns of zeros above and to the left.
    low: [usize; 2],
    /// Height and width with the border.
    padded: [usize; 2],
}

impl Conv2d {
    /// A convolution on an input `(height, width, channels)`. Returns `None` if a size is zero or the kernel does not
    /// fit.
    pub(crate) fn new(spec: Conv2dSpec, input: [usize; 3]) -> Option<Self> {
        let mut output = [0, 0, spec.features];
        let mut low = [0; 2];
        let mut padded = [0; 2];
        for axis in 0..2 {
            let (size, kernel, stride) = (input[axis], spec.kernel[axis], spec.stride[axis]);
            if size == 0 || kernel == 0 || stride == 0 {
                return None;
            }
            let border = match spec.padding {
                Padding::Same => {
                    output[axis] = size.div_ceil(stride);
                    ((output[axis] - 1) * stride + kernel).saturating_sub(size)
                }
                Padding::Valid => {
                    output[axis] = size.checked_sub(kernel)? / stride + 1;
                    0
                }
            };
            low[axis] = border / 2;
            padded[axis] = size + border;
        }
        (spec.features > 0 && input[2] > 0).then_some(Self { spec, input, output, low, padded })
    }

    /// Its specification.
    pub(crate) fn spec(&self) -> Conv2dSpec {
        self.spec
    }

    /// Shape of the input `(height, width, channels)`.
    pub(crate) fn input(&self) -> [usize; 3] {
        self.input
    }

    /// Shape of the output `(height, width, channels)`.
    pub(crate) fn output(&self) -> [usize; 3] {
        self.output
    }

    /// Shape of the kernel `(height, width, in, out)`.
    fn kernel_shape(&self) -> [usize; 4] {
        [self.spec.kernel[0], self.spec.kernel[1], self.input[2], self.spec.features]
    }

    /// The number of biases.
    fn biases(&self) -> usize {
        if self.spec.bias { self.spec.features } else { 0 }
    }

    /// The outputs' initial values and the kernel, from the flat parameters.
    fn start_and_kernel<'p, T>(&self, params: &'p [T]) -> (Start<'p, T>, &'p [T]) {
        let (bias, kernel) = params.split_at(self.biases());
        (if self.spec.bias { Start::Bias(bias) } else { Start::Zero }, kernel)
    }

    /// `y ← start + correlation of x with kernel`, with x zero-padded.
    fn correlate<T: Scalar>(
        &self,
        x: &[Lane<T>],
        kernel: &[T],
        start: Start<'_, T>,
        y: &mut [Lane<T>],
        picture: &mut Vec<Lane<T>>,
    ) {
        self.pad(x, picture);
        dispatch(Correlate {
            x: picture,
            x_width: self.padded[1],
            kernel,
            kernel_size: self.spec.kernel,
            channels: [self.input[2], self.output[2]],
            stride: self.spec.stride,
            start,
            y,
            y_size: [self.output[0], self.output[1]],
        });
    }

    /// The zero-padded input.
    fn pad<T: Scalar>(&self, x: &[Lane<T>], picture: &mut Vec<Lane<T>>) {
        let [_, width, channels] = self.input;
        picture.clear();
        picture.resize(self.padded[0] * self.padded[1] * channels, Lane::zero());
        for (h, row) in x.chunks_exact(width * channels).enumerate() {
            let at = ((h + self.low[0]) * self.padded[1] + self.low[1]) * channels;
            picture[at..at + row.len()].copy_from_slice(row);
        }
    }

    /// The cotangent of the output, dilated by the stride and padded: its correlation of stride 1 with the flipped
    /// kernel is the cotangent of the input.
    fn spread<T: Scalar>(&self, dy: &[Lane<T>], picture: &mut Vec<Lane<T>>) {
        let [_, width, channels] = self.output;
        let size = self.spread_size();
        picture.clear();
        picture.resize(size[0] * size[1] * channels, Lane::zero());
        let first = [self.spec.kernel[0] - 1 - self.low[0], self.spec.kernel[1] - 1 - self.low[1]];
        for (h, row) in dy.chunks_exact(width * channels).enumerate() {
            for (w, entry) in row.chunks_exact(channels).enumerate() {
                let at = (first[0] + h * self.spec.stride[0]) * size[1] + first[1] + w * self.spec.stride[1];
                picture[at * channels..(at + 1) * channels].copy_from_slice(entry);
            }
        }
    }

    fn spread_size(&self) -> [usize; 2] {
        [self.input[0] + self.spec.kernel[0] - 1, self.input[1] + self.spec.kernel[1] - 1]
    }
}

impl Parameters for Conv2d {
    fn arrays(&self) -> Vec<ParameterArray> {
        let [height, width, inputs, out] = self.kernel_shape();
        let outputs = [out];
        let bias = self.spec.bias.then_some(&outputs[..]);
        ParameterArray::bias_and_kernel(bias, &self.kernel_shape(), height * width * inputs)
    }

    fn multiply_adds(&self) -> usize {
        self.kernel_shape().iter().product::<usize>() * self.output[0] * self.output[1]
    }

    fn kernel_form(&self) -> KernelForm {
        KernelForm::Gradients
    }
}

impl<T: Scalar> Operation<T> for Conv2d {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::Multilinear
    }

    fn forward(&self, params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], scratch: &mut Scratch<T>) {
        let (start, kernel) = self.start_and_kernel(params);
        self.correlate(x[0], kernel, start, y, &mut scratch.picture);
    }

    fn vjp_input(
        &self,
        at: &At<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        scratch: &mut Scratch<T>,
    ) {
        let (_, kernel) = self.start_and_kernel(at.params);
        let (inputs, out) = (self.input[2], self.output[2]);
        scratch.weights.clear();
        for tap in kernel.chunks_exact(inputs * out).rev() {
            for o in 0..out {
                scratch.weights.extend(tap.iter().skip(o).step_by(out));
            }
        }
        if planted(Fault::ConvolutionSign) {
            scratch.weights.iter_mut().for_each(|w| *w = -*w);
        }
        self.spread(dy, &mut scratch.picture);
        dispatch(Correlate {
            x: &scratch.picture,
            x_width: self.spread_size()[1],
            kernel: &scratch.weights,
            kernel_size: self.spec.kernel,
            channels: [out, inputs],
            stride: [1, 1],
            start: if write == Write::Add { Start::Accumulate } else { Start::Zero },
            y: dx,
            y_size: [self.input[0], self.input[1]],
        });
    }

    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        let mut start = Start::Zero;
        if let Some(dparams) = dparams {
            let (dbias, dkernel) = self.start_and_kernel(dparams);
            self.correlate(at.x[0], dkernel, dbias, dy, &mut scratch.picture);
            start = Start::Accumulate;
        }
        if let Some(dx) = dx[0] {
            let (_, kernel) = self.start_and_kernel(at.params);
            self.correlate(dx, kernel, start, dy, &mut scratch.picture);
        } else if dparams.is_none() {
            dy.fill(Lane::zero());
        }
    }
}

impl<T: Scalar> Parametrised<T> for Conv2d {
    fn per_sample_gradients(
        &self,
        at: &At<'_, T>,
        dy: &[Lane<T>],
        gradients: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        let (bias, kernel) = gradients.split_at_mut(self.biases());
        self.pad(at.x[0], &mut scratch.picture);
        dispatch(KernelGradients { conv: self, x: &scratch.picture, dy, bias, kernel });
    }

    fn factors(&self) -> Factors<'_, T> {
        Factors::Kronecker(self)
    }
}

impl<T: Scalar> Patches<T> for Conv2d {
    fn fan_in(&self) -> usize {
        self.spec.kernel[0] * self.spec.kernel[1] * self.input[2]
    }

    fn outputs(&self) -> usize {
        self.spec.features
    }

    fn groups(&self) -> usize {
        1
    }

    fn has_bias(&self) -> bool {
        self.spec.bias
    }

    fn for_each_patch(&self, x: &[Lane<T>], scratch: &mut Scratch<T>, visit: &mut dyn FnMut(usize, usize, &[Lane<T>])) {
        self.pad(x, &mut scratch.picture);
        let run = self.spec.kernel[1] * self.input[2];
        let mut patch = vec![Lane::zero(); self.spec.kernel[0] * run];
        for h in 0..self.output[0] {
            for w in 0..self.output[1] {
                for (k, row) in patch.chunks_exact_mut(run).enumerate() {
                    let at = (h * self.spec.stride[0] + k) * self.padded[1] + w * self.spec.stride[1];
                    row.copy_from_slice(&scratch.picture[at * self.input[2]..][..run]);
                }
                visit(h * self.output[1] + w, 0, &patch);
            }
        }
    }
}

/// `kernel[k, l, i, o] = Σ_{h, w} x[h·s + k, w·t + l, i] · dy[h, w, o]`, `bias[o] = Σ_{h, w} dy[h, w, o]`, per sample.
struct KernelGradients<'a, T> {
    conv: &'a Conv2d,
    x: &'a [Lane<T>],
    dy: &'a [Lane<T>],
    bias: &'a mut [Lane<T>],
    kernel: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for KernelGradients<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let [height, width, inputs, out] = self.conv.kernel_shape();
        let run = width * inputs;
        self.kernel.fill(Lane::zero());
        self.bias.fill(Lane::zero());
        // One output row after another, so that the data of its tiles stays in the first-level cache.
        for h in 0..self.conv.output[0] {
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
        let [_, width, out] = self.conv.output;
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
        let (inputs, [_, width, out]) = (conv.input[2], conv.output);
        let [down, across] = conv.spec.stride;
        let place = (k * conv.spec.kernel[1] * inputs + r) * out + o;
        let mut acc = [[Lane::zero(); O]; R];
        for (j, row) in acc.iter_mut().enumerate() {
            row.copy_from_slice(&self.kernel[place + j * out..][..O]);
        }
        let at = (h * down + k) * conv.padded[1] * inputs + r;
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
