//! An affine map of all features.
//!
//! - forward: `y[o] = b[o] + Σ_i x[i] · W[i, o]`
//! - vjp to the input: `ẋ[i] = Σ_o W[i, o] · ẏ[o]`
//! - vjp to the parameters: `Ẇ[i, o] = x[i] · ẏ[o]`, `ḃ[o] = ẏ[o]`, summed over the samples
//! - jvp: `ẏ = ẋ W + x Ẇ + ḃ`
//!
//! Parameters in order: bias `(out)`, kernel `(in, out)`. The map is the correlation of a 1 × 1 feature map with a 1 ×
//! 1 kernel.

use super::correlate::{Correlate, Start};
use super::{At, KernelForm, Operation, ParameterArray, Parameters, Parametrised, Scratch, Write};
use crate::Scalar;
use crate::lane::Lane;
use crate::simd::{Kernel, dispatch};
use minima_faults::{Fault, planted};

/// A dense layer.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    /// The number of inputs.
    pub inputs: usize,
    /// The number of outputs.
    pub outputs: usize,
}

/// `y ← start + x · kernel`, kernel `(x, y)`.
fn affine<T: Scalar>(x: &[Lane<T>], kernel: &[T], start: Start<'_, T>, y: &mut [Lane<T>]) {
    let channels = [x.len(), y.len()];
    dispatch(Correlate {
        x,
        x_width: 1,
        kernel,
        kernel_size: [1, 1],
        channels,
        stride: [1, 1],
        start,
        y,
        y_size: [1, 1],
    });
}

impl Parameters for Dense {
    fn arrays(&self) -> Vec<ParameterArray> {
        ParameterArray::bias_and_kernel(&[self.inputs, self.outputs], self.inputs)
    }

    fn fan_in(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn kernel_form(&self) -> KernelForm {
        KernelForm::GramProduct
    }
}

impl<T: Scalar> Operation<T> for Dense {
    fn forward(&self, params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        let (bias, kernel) = params.split_at(self.outputs);
        affine(x[0], kernel, Start::Bias(bias), y);
    }

    fn vjp_input(
        &self,
        at: &At<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        dispatch(InputCotangent { kernel: &at.params[self.outputs..], dy, dx, write });
    }

    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        let mut start = Start::Zero;
        if let Some(dparams) = dparams {
            let (dbias, dkernel) = dparams.split_at(self.outputs);
            affine(at.x[0], dkernel, Start::Bias(dbias), dy);
            start = Start::Accumulate;
        }
        if let Some(dx) = dx[0] {
            affine(dx, &at.params[self.outputs..], start, dy);
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
        let (bias, kernel) = gradients.split_at_mut(self.outputs);
        bias.copy_from_slice(dy);
        for (row, &x) in kernel.chunks_exact_mut(self.outputs).zip(at.x[0]) {
            for (g, &d) in row.iter_mut().zip(dy) {
                *g = x.zip(d, |a, b| a * b);
            }
        }
    }

    fn vjp_params(&self, at: &At<'_, T>, dy: &[Lane<T>], gradient: &mut [T], _scratch: &mut Scratch<T>) {
        dispatch(SummedGradients { x: at.x[0], dy, gradient });
    }

    fn for_each_patch(&self, x: &[Lane<T>], _scratch: &mut Scratch<T>, visit: &mut dyn FnMut(usize, &[Lane<T>])) {
        visit(0, x);
    }
}

/// `dx[i] = Σ_o kernel[i, o] · dy[o]`.
struct InputCotangent<'a, T> {
    kernel: &'a [T],
    dy: &'a [Lane<T>],
    dx: &'a mut [Lane<T>],
    write: Write,
}

impl<T: Scalar> Kernel for InputCotangent<'_, T> {
    #[inline(always)]
    fn run(self) {
        let out = self.dy.len();
        let mut rows = self.kernel.chunks_exact(4 * out);
        let mut dx = self.dx.chunks_exact_mut(4);
        // Four inputs at a time: four independent sums hide the latency of the multiply-add.
        for (to, rows) in dx.by_ref().zip(rows.by_ref()) {
            let mut acc = [Lane::zero(); 4];
            for (o, &d) in self.dy.iter().enumerate() {
                for (j, a) in acc.iter_mut().enumerate() {
                    *a = a.fma(d, rows[j * out + o]);
                }
            }
            for (to, &a) in to.iter_mut().zip(&acc) {
                self.write.put(to, a);
            }
        }
        for (to, row) in dx.into_remainder().iter_mut().zip(rows.remainder().chunks_exact(out)) {
            let mut acc = Lane::zero();
            for (&d, &weight) in self.dy.iter().zip(row) {
                acc = acc.fma(d, weight);
            }
            self.write.put(to, acc);
        }
    }
}

/// `gradient += (Σ dy, Σ x dyᵀ)`, summed over the samples.
struct SummedGradients<'a, T> {
    x: &'a [Lane<T>],
    dy: &'a [Lane<T>],
    gradient: &'a mut [T],
}

impl<T: Scalar> Kernel for SummedGradients<'_, T> {
    #[inline(always)]
    fn run(self) {
        let (bias, kernel) = self.gradient.split_at_mut(self.dy.len());
        if !planted(Fault::BiasForgotten) {
            for (b, d) in bias.iter_mut().zip(self.dy) {
                *b += d.sum();
            }
        }
        for (row, &x) in kernel.chunks_exact_mut(self.dy.len()).zip(self.x) {
            for (g, &d) in row.iter_mut().zip(self.dy) {
                *g += x.zip(d, |a, b| a * b).sum();
            }
        }
    }
}
