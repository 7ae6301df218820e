//! An affine map of the last axis: of all features of a vector, or of every token of a sequence.
//!
//! - forward: `y[p, o] = b[o] + Σ_i x[p, i] · W[i, o]` for every place p
//! - vjp to the input: `ẋ[p, i] = Σ_o W[i, o] · ẏ[p, o]`
//! - vjp to the parameters: `Ẇ[i, o] = Σ_p x[p, i] · ẏ[p, o]`, `ḃ[o] = Σ_p ẏ[p, o]`, summed over the samples
//! - jvp: `ẏ = ẋ W + x Ẇ + ḃ`
//!
//! Parameters in order: bias `(out)` unless it is absent, kernel `(in, out)`. The map is the correlation of a feature
//! map of one row with a 1 × 1 kernel.

use super::correlate::{Correlate, Start};
use super::padded_rows::PaddedRows;
use super::summed_gradients::{SummedBiases, SummedGradients};
use super::{
    At, Factors, KernelForm, Operation, ParameterArray, Parameters, Parametrised, Scratch, SecondOrder, Write,
};
use crate::Scalar;
use crate::lane::registers::parts;
use crate::lane::{LANES, Lane};
use crate::simd::{Kernel, VectorKernel, dispatch, vectorize};
use minima_faults::{Fault, planted};
use pulp::Simd;

/// A dense layer.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    /// The number of places that it is applied to: 1, or the tokens of a sequence.
    pub places: usize,
    /// The number of inputs at a place.
    pub inputs: usize,
    /// The number of outputs at a place.
    pub outputs: usize,
    /// Whether each output has a bias.
    pub bias: bool,
    /// The kernel's shape in files: axes that multiply to `inputs`, and then axes that multiply to `outputs`.
    pub stored: [Vec<usize>; 2],
}

impl Dense {
    /// `y ← start + x · kernel` at every place.
    fn affine<T: Scalar>(
        &self,
        x: &[Lane<T>],
        kernel: &[T],
        start: Start<'_, T>,
        y: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        vectorize(Correlate {
            x: self.one_row(x, self.inputs),
            kernel,
            kernel_size: [1, 1],
            channels: [self.inputs, self.outputs],
            stride: [1, 1],
            start,
            y,
            y_size: [1, self.places],
            panels: &mut scratch.panels,
            rows: &mut scratch.rows,
        });
    }

    /// Writes the kernel as `(out, in)`, a few inputs at a time, so that both are read and written along cache lines.
    fn transpose<T: Scalar>(&self, kernel: &[T], to: &mut Vec<T>) {
        const INPUTS: usize = 16;
        to.resize(kernel.len(), T::zero());
        for (chunk, rows) in kernel.chunks(INPUTS * self.outputs).enumerate() {
            for (o, to) in to.chunks_exact_mut(self.inputs).enumerate() {
                let to = &mut to[chunk * INPUTS..];
                to.iter_mut().zip(rows.chunks_exact(self.outputs)).for_each(|(to, row)| *to = row[o]);
            }
        }
    }

    /// The places as one row of a feature map.
    fn one_row<'a, T>(&self, values: &'a [Lane<T>], channels: usize) -> PaddedRows<'a, T> {
        let size = [1, self.places];
        PaddedRows { values, size, channels, first: [0, 0], step: [1, 1], width: self.places }
    }

    /// The number of biases.
    fn biases(&self) -> usize {
        if self.bias { self.outputs } else { 0 }
    }

    /// The outputs' initial values and the kernel, from the flat parameters.
    fn start_and_kernel<'p, T>(&self, params: &'p [T]) -> (Start<'p, T>, &'p [T]) {
        let (bias, kernel) = params.split_at(self.biases());
        (if self.bias { Start::Bias(bias) } else { Start::Zero }, kernel)
    }
}

impl Parameters for Dense {
    fn arrays(&self) -> Vec<ParameterArray> {
        let [inputs, outputs] = &self.stored;
        ParameterArray::bias_and_kernel(self.bias.then_some(outputs), &[&inputs[..], outputs].concat(), self.inputs)
    }

    fn multiply_adds(&self) -> usize {
        self.places * self.inputs * self.outputs
    }

    fn kernel_form(&self) -> KernelForm {
        if self.places == 1 { KernelForm::GramProduct } else { KernelForm::Gradients }
    }
}

impl<T: Scalar> Operation<T> for Dense {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::Multilinear
    }

    fn forward(&self, params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], scratch: &mut Scratch<T>) {
        let (start, kernel) = self.start_and_kernel(params);
        self.affine(x[0], kernel, start, y, scratch);
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
        if self.places == 1 {
            vectorize(InputCotangent { kernel, dy, dx, write });
            return;
        }
        self.transpose(kernel, &mut scratch.weights);
        vectorize(Correlate {
            x: self.one_row(dy, self.outputs),
            kernel: &scratch.weights,
            kernel_size: [1, 1],
            channels: [self.outputs, self.inputs],
            stride: [1, 1],
            start: if write == Write::Add { Start::Accumulate } else { Start::Zero },
            y: dx,
            y_size: [1, self.places],
            panels: &mut scratch.panels,
            rows: &mut scratch.rows,
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
            self.affine(at.x[0], dkernel, dbias, dy, scratch);
            start = Start::Accumulate;
        }
        if let Some(dx) = dx[0] {
            let (_, kernel) = self.start_and_kernel(at.params);
            self.affine(dx, kernel, start, dy, scratch);
        } else if dparams.is_none() {
            dy.fill(Lane::zero());
        }
    }
}

impl<T: Scalar> Parametrised<T> for Dense {
    fn per_sample_gradients(
        &self,
        at: &At<'_, T>,
        dy: &[Lane<T>],
        gradients: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        let (bias, kernel) = gradients.split_at_mut(self.biases());
        dispatch(SampleGradients { x: at.x[0], dy, inputs: self.inputs, outputs: self.outputs, bias, kernel });
    }

    fn vjp_params(&self, at: &At<'_, T>, dy: &[Lane<T>], gradient: &mut [T], scratch: &mut Scratch<T>) {
        let (bias, kernel) = gradient.split_at_mut(self.biases());
        let (inputs, outputs) = (self.inputs, self.outputs);
        let (x, transposed) = (at.x[0], &mut scratch.transposed);
        if !planted(if self.places == 1 { Fault::BiasForgotten } else { Fault::TokenBiasForgotten }) {
            dispatch(SummedBiases { dy, bias, sums: transposed });
        }
        // With one place, a panel of outputs pays off if there are several.
        if outputs >= if self.places == 1 { 2 * LANES } else { LANES } {
            let (row, step, entries) = (0, inputs, inputs);
            vectorize(SummedGradients { x, row, step, entries, dy, outputs, gradient: kernel, transposed });
        } else if self.places == 1 {
            dispatch(SampleSums { x, dy, kernel });
        } else {
            dispatch(TokenGradients { x, dy, inputs, outputs, kernel });
        }
    }

    fn factors(&self) -> Factors<'_, T> {
        Factors::Kronecker(self)
    }
}

/// `bias = Σ_p dy[p]`, `kernel = Σ_p x[p] dy[p]ᵀ`, per sample.
struct SampleGradients<'a, T> {
    x: &'a [Lane<T>],
    dy: &'a [Lane<T>],
    inputs: usize,
    outputs: usize,
    bias: &'a mut [Lane<T>],
    kernel: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for SampleGradients<'_, T> {
    #[inline(always)]
    fn run(self) {
        let places = self.x.chunks_exact(self.inputs).zip(self.dy.chunks_exact(self.outputs));
        for (place, (x, dy)) in places.enumerate() {
            if place == 0 {
                self.bias.iter_mut().zip(dy).for_each(|(b, &d)| *b = d);
            } else {
                self.bias.iter_mut().zip(dy).for_each(|(b, &d)| *b = b.plus(d));
            }
            for (row, &x) in self.kernel.chunks_exact_mut(self.outputs).zip(x) {
                for (g, &d) in row.iter_mut().zip(dy) {
                    *g = if place == 0 { x.zip(d, |a, b| a * b) } else { g.fma_lane(x, d) };
                }
            }
        }
    }
}

/// `kernel += Σ x[p] dy[p]ᵀ`, summed over the places and then over the samples.
struct TokenGradients<'a, T> {
    x: &'a [Lane<T>],
    dy: &'a [Lane<T>],
    inputs: usize,
    outputs: usize,
    kernel: &'a mut [T],
}

impl<T: Scalar> Kernel for TokenGradients<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        // A few columns of the cotangents stay in the first-level cache while all inputs pass.
        let mut o = 0;
        while o < self.outputs {
            let four = o + 4 <= self.outputs;
            let mut i = 0;
            while i < self.inputs {
                let pair = i + 2 <= self.inputs;
                match (pair, four) {
                    (true, true) => self.tile::<2, 4>(i, o),
                    (true, false) => self.tile::<2, 1>(i, o),
                    (false, true) => self.tile::<1, 4>(i, o),
                    (false, false) => self.tile::<1, 1>(i, o),
                }
                i += if pair { 2 } else { 1 };
            }
            o += if four { 4 } else { 1 };
        }
    }
}

impl<T: Scalar> TokenGradients<'_, T> {
    /// Weights `(i..i + I, o..o + O)`.
    #[inline(always)]
    fn tile<const I: usize, const O: usize>(&mut self, i: usize, o: usize) {
        let mut sums = [[Lane::zero(); O]; I];
        for (x, dy) in self.x.chunks_exact(self.inputs).zip(self.dy.chunks_exact(self.outputs)) {
            let dy = &dy[o..o + O];
            for (sums, &x) in sums.iter_mut().zip(&x[i..i + I]) {
                for (sum, &d) in sums.iter_mut().zip(dy) {
                    *sum = sum.fma_lane(x, d);
                }
            }
        }
        for (j, sums) in sums.iter().enumerate() {
            for (g, sum) in self.kernel[(i + j) * self.outputs + o..][..O].iter_mut().zip(sums) {
                *g += sum.sum();
            }
        }
    }
}

/// `dx[i] = Σ_o kernel[i, o] · dy[o]`.
struct InputCotangent<'a, T> {
    kernel: &'a [T],
    dy: &'a [Lane<T>],
    dx: &'a mut [Lane<T>],
    write: Write,
}

impl<T: Scalar> VectorKernel for InputCotangent<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let inputs = self.dx.len();
        let mut i = 0;
        while i < inputs {
            i += match inputs - i {
                16.. if S::REGISTER_COUNT >= 32 => self.rows::<S, 16>(simd, i),
                8.. => self.rows::<S, 8>(simd, i),
                4.. => self.rows::<S, 4>(simd, i),
                _ => self.rows::<S, 1>(simd, i),
            };
        }
    }
}

impl<T: Scalar> InputCotangent<'_, T> {
    /// Computes `R` inputs in registers: independent sums hide the latency of the multiply-add. Returns `R`.
    #[inline(always)]
    fn rows<S: Simd, const R: usize>(&mut self, simd: S, first: usize) -> usize {
        let out = self.dy.len();
        let rows: [&[T]; R] = std::array::from_fn(|j| &self.kernel[(first + j) * out..][..out]);
        for part in 0..parts::<T, S>() {
            let mut sums = [T::splat(simd, T::zero()); R];
            for (o, dy) in self.dy.iter().enumerate() {
                let dy = dy.part::<S>(part);
                for (sum, row) in sums.iter_mut().zip(&rows) {
                    *sum = T::fma(simd, dy, T::splat(simd, row[o]), *sum);
                }
            }
            for (dx, &sum) in self.dx[first..first + R].iter_mut().zip(&sums) {
                let sum = match self.write {
                    Write::Store => sum,
                    Write::Add => T::plus(simd, dx.part::<S>(part), sum),
                };
                dx.set_part::<S>(part, sum);
            }
        }
        R
    }
}

/// `kernel += Σ x dyᵀ`, summed over the samples.
struct SampleSums<'a, T> {
    x: &'a [Lane<T>],
    dy: &'a [Lane<T>],
    kernel: &'a mut [T],
}

impl<T: Scalar> Kernel for SampleSums<'_, T> {
    #[inline(always)]
    fn run(self) {
        for (row, &x) in self.kernel.chunks_exact_mut(self.dy.len()).zip(self.x) {
            for (g, &d) in row.iter_mut().zip(self.dy) {
                *g += x.zip(d, |a, b| a * b).sum();
            }
        }
    }
}
