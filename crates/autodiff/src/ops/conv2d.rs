//! Two-dimensional convolution, in the sense of deep learning: a cross-correlation.
//!
//! - forward: `y[h, w, o] = b[o] + Σ_{k, l, i} x̂[h·s + k·d, w·t + l·e, g·I + i] · W[k, l, i, o]`, with x̂ the zero-padded
//!   input, strides (s, t), dilations (d, e), and I input channels in each group; output channel o is in group g.
//! - vjp to the input: the same sum over the cotangent ŷ̇ with s − 1 (t − 1) zeros between its entries and with a
//!   border. `W` is flipped in both directions and its channels are exchanged within each group.
//! - vjp to the parameters: `Ẇ[k, l, i, o] = Σ_{h, w} x̂[h·s + k·d, w·t + l·e, g·I + i] · ẏ[h, w, o]`,
//!   `ḃ[o] = Σ_{h, w} ẏ[h, w, o]`.
//! - jvp: `ẏ = conv(ẋ; W, 0) + conv(x; Ẇ, ḃ)`.
//!
//! Parameters in order: bias `(out)` unless it is absent, kernel `(height, width, in / groups, out)`.

use super::conv2d_geometry::Conv2d;
use super::correlate::{Correlate, Start};
use super::grouped_correlate::GroupedCorrelate;
use super::grouped_gradients::GroupedGradients;
use super::kernel_gradients::KernelGradients;
use super::padded_rows::PaddedRows;
use super::summed_gradients::{SummedBiases, SummedGradients};
use super::window_gradients::WindowGradients;
use super::{
    At, Factors, KernelForm, Operation, Padding, ParameterArray, Parameters, Parametrised, Scratch, SecondOrder, Write,
    sum_of_sample_gradients,
};
use crate::Scalar;
use crate::lane::{LANES, Lane};
use crate::simd::{dispatch, vectorize};
use minima_faults::{Fault, planted};

impl Conv2d {
    /// `y ← start + correlation of x with kernel`, with x zero-padded.
    fn correlate<T: Scalar>(
        &self,
        x: &[Lane<T>],
        kernel: &[T],
        start: Start<'_, T>,
        y: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        self.run(Correlate {
            x: self.padded_rows(x),
            kernel,
            kernel_size: self.spec.kernel,
            channels: [self.input[2], self.output[2]],
            stride: self.spec.stride,
            start,
            y,
            y_size: [self.output[0], self.output[1]],
            panels: &mut scratch.panels,
            rows: &mut scratch.rows,
        });
    }

    /// Runs a correlation with this convolution's groups and dilation.
    fn run<T: Scalar>(&self, correlate: Correlate<'_, T>) {
        if self.is_plain() {
            vectorize(correlate);
        } else {
            dispatch(GroupedCorrelate { correlate, groups: self.spec.groups, dilation: self.spec.dilation });
        }
    }

    /// The zero-padded input.
    pub(super) fn padded_rows<'a, T>(&self, values: &'a [Lane<T>]) -> PaddedRows<'a, T> {
        let first = match self.spec.padding {
            Padding::Explicit { .. } if planted(Fault::PaddingShifted) => self.low.map(|low| low.saturating_sub(1)),
            _ => self.low,
        };
        PaddedRows {
            values,
            size: [self.input[0], self.input[1]],
            channels: self.input[2],
            first: first.map(|low| low as isize),
            step: [1, 1],
            width: self.padded[1],
        }
    }

    /// The zero-padded input, in memory.
    pub(super) fn pad<T: Scalar>(&self, x: &[Lane<T>], rows: &mut Vec<Lane<T>>) {
        self.padded_rows(x).write_all(self.padded[0], rows);
    }

    /// The cotangent of the output, with its entries a stride apart and padded: its correlation of stride 1 with the
    /// flipped kernel is the cotangent of the input. Entries that no entry of the input contributes to are left out.
    pub(super) fn spread_rows<'a, T>(&self, values: &'a [Lane<T>]) -> PaddedRows<'a, T> {
        let first = std::array::from_fn(|axis| self.reach[axis] as isize - 1 - self.low[axis] as isize);
        PaddedRows {
            values,
            size: [self.output[0], self.output[1]],
            channels: self.output[2],
            first,
            step: self.spec.stride,
            width: self.spread_size()[1],
        }
    }

    /// The vjp to the input by direct sums, with a kernel `(height, width, in / groups, out)`.
    pub(super) fn direct_vjp_input<T: Scalar>(
        &self,
        kernel: &[T],
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        scratch: &mut Scratch<T>,
    ) {
        let [_, _, inputs, out] = self.kernel_shape();
        let (each, groups) = (out / self.spec.groups, self.spec.groups);
        // `(height, width, out / groups, groups · in)`, flipped.
        scratch.weights.resize(kernel.len(), T::zero());
        let taps = kernel.chunks_exact(inputs * out).rev();
        for (tap, to) in taps.zip(scratch.weights.chunks_exact_mut(inputs * out)) {
            for (o, to) in to.chunks_exact_mut(groups * inputs).enumerate() {
                for (group, to) in to.chunks_exact_mut(inputs).enumerate() {
                    for (to, from) in to.iter_mut().zip(tap.chunks_exact(out)) {
                        *to = from[group * each + o];
                    }
                }
            }
        }
        if planted(Fault::ConvolutionSign) {
            scratch.weights.iter_mut().for_each(|w| *w = -*w);
        }
        self.run(Correlate {
            x: self.spread_rows(dy),
            kernel: &scratch.weights,
            kernel_size: self.spec.kernel,
            channels: [out, self.input[2]],
            stride: [1, 1],
            start: if write == Write::Add { Start::Accumulate } else { Start::Zero },
            y: dx,
            y_size: [self.input[0], self.input[1]],
            panels: &mut scratch.panels,
            rows: &mut scratch.rows,
        });
    }

    /// Adds the gradient of the kernel, summed over the samples, by direct sums.
    pub(super) fn direct_gradients<T: Scalar>(
        &self,
        x: &[Lane<T>],
        dy: &[Lane<T>],
        kernel: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let (inputs, [_, width, out]) = (self.input[2], self.output);
        if inputs >= LANES {
            return vectorize(WindowGradients {
                x: self.padded_rows(x),
                kernel_size: self.spec.kernel,
                channels: [inputs, out],
                stride: self.spec.stride,
                dy,
                width,
                gradient: kernel,
                row: &mut scratch.rows,
                transposed: &mut scratch.transposed,
                sums: &mut scratch.sums,
            });
        }
        self.pad(x, &mut scratch.rows);
        for (h, dy) in dy.chunks_exact(width * out).enumerate() {
            vectorize(SummedGradients {
                x: &scratch.rows[h * self.spec.stride[0] * self.padded[1] * inputs..],
                row: self.padded[1] * inputs,
                step: self.spec.stride[1] * inputs,
                entries: self.spec.kernel[1] * inputs,
                dy,
                outputs: out,
                gradient: kernel,
                transposed: &mut scratch.transposed,
            });
        }
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
        self.correlate(x[0], kernel, start, y, scratch);
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
        if self.in_tiles([self.input[0], self.input[1]]) {
            self.tiled_vjp_input(kernel, dy, dx, write, scratch);
        } else {
            self.direct_vjp_input(kernel, dy, dx, write, scratch);
        }
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
            self.correlate(at.x[0], dkernel, dbias, dy, scratch);
            start = Start::Accumulate;
        }
        if let Some(dx) = dx[0] {
            let (_, kernel) = self.start_and_kernel(at.params);
            self.correlate(dx, kernel, start, dy, scratch);
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
        self.pad(at.x[0], &mut scratch.rows);
        let x = &scratch.rows[..];
        if self.is_plain() {
            vectorize(KernelGradients { conv: self, x, dy, bias, kernel });
        } else {
            dispatch(GroupedGradients { conv: self, x, dy, bias, kernel });
        }
    }

    fn vjp_params(&self, at: &At<'_, T>, dy: &[Lane<T>], gradient: &mut [T], scratch: &mut Scratch<T>) {
        if !self.is_plain() || (self.spec.features < LANES && self.input[2] < LANES) {
            return sum_of_sample_gradients(self, at, dy, gradient, scratch);
        }
        let (bias, kernel) = gradient.split_at_mut(self.biases());
        dispatch(SummedBiases { dy, bias, sums: &mut scratch.transposed });
        if self.in_tiles([self.output[0], self.output[1]]) {
            self.tiled_gradients(at.x[0], dy, kernel, scratch);
        } else {
            self.direct_gradients(at.x[0], dy, kernel, scratch);
        }
    }

    fn factors(&self) -> Factors<'_, T> {
        Factors::Kronecker(self)
    }
}
