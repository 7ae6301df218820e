//! Layer, group, instance and root-mean-square normalisation, with a scale and a shift for each channel.
//!
//! A value is `(outer, places, groups, size)`; its channels are the last two axes. The n = places · size numbers of one
//! outer index and one group are a set, which is normalised by itself. With the mean μ over a set:
//!
//! - forward: `x̂ = r (x − μx)`, `r = 1/√(μ(x − μx)² + ε)`, `y = γ x̂ + β`. Root-mean-square normalisation omits μx.
//! - vjp to the input: `ẋ = J (γ ẏ)` with the symmetric Jacobian `J d = r (d − μd − x̂ μ(x̂ d))` of x̂
//! - vjp to the parameters: `γ̇ = Σ x̂ ẏ`, `β̇ = Σ ẏ`, over the places and the samples
//! - jvp: `ẏ = γ J ẋ + γ̇ x̂ + β̇`
//! - second order: with `x̂̇ = J ẋ` and `h = γ ẏ`, the vjp to the input with a fixed ẏ changes by
//!   `J (γ̇ ẏ) − r μ(x̂ ẋ) J h − r (x̂̇ μ(x̂ h) + x̂ μ(x̂̇ h))`, and the vjp to γ by `Σ x̂̇ ẏ`
//!
//! Parameters in order: shift (channels), scale (channels), unless they are absent. The forward pass computes the statistics in
//! two passes, the mean first and then the deviations from it, and keeps both in its memo. In a reverse pass, the parameter
//! gradient hands `μ(γ ẏ)` and `μ(x̂ γ ẏ)` to the input's cotangent.
//!
//! What follows the normalisation, a sum and a rectifier, belongs to the same passes. The derivatives compute from x̂ where the
//! rectifier is open.
//!
//! Sources: Ba, Kiros & Hinton, "Layer Normalization", 2016, equation 3; Wu & He, "Group Normalization", 2018, equations
//! 1 to 7; Zhang & Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.

mod gradients;
mod kernels;
mod layout;
mod partial_sums;
mod sets;
#[cfg(test)]
mod tests;

pub(crate) use layout::Normalization;

use self::gradients::SampleGradients;
use self::kernels::{Forward, InputCotangent, InputCurvature, OutputTangent};
use super::{
    At, Factors, Finish, KernelForm, Operation, Output, ParameterArray, Parameters, Parametrised, Scratch, SecondOrder,
    Smooth, Tangents, Write,
};
use crate::Scalar;
use crate::buffer::Buffer;
use crate::lane::Lane;
use crate::parameter_spec::{Initializer, Role};
use crate::simd::vectorize;
use minima_faults::{Fault, planted};

impl Parameters for Normalization {
    fn arrays(&self) -> Vec<ParameterArray> {
        let shape = [self.channels()];
        let shift = self.shift.then(|| ParameterArray::of(Role::Shift, &shape, Initializer::Zeros));
        let scale = self.scale.then(|| ParameterArray::of(Role::Scale, &shape, Initializer::Ones));
        shift.into_iter().chain(scale).collect()
    }

    fn multiply_adds(&self) -> usize {
        self.layout.iter().product()
    }

    fn kernel_form(&self) -> KernelForm {
        KernelForm::Gradients
    }
}

/// Whether a cotangent has still to pass the rectifier of the output.
fn gates<T>(at: &At<'_, T>) -> bool {
    at.rectified && !planted(Fault::GateOpen)
}

impl<T: Scalar> Operation<T> for Normalization {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::Smooth(self)
    }

    fn forward(&self, params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], scratch: &mut Scratch<T>) {
        let mut memo = Buffer::take(self.memo());
        let finish = Finish { residual: None, rectified: false };
        self.forward_finished(params, x, Output { y, memo: &mut memo, finish }, scratch);
    }

    fn forward_finished(&self, params: &[T], x: &[&[Lane<T>]], to: Output<'_, T>, _scratch: &mut Scratch<T>) {
        vectorize(Forward { op: self, params: self.split(params), x: x[0], to });
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
        let (op, params, x, memo) = (self, self.split(at.params), at.x[0], at.memo);
        let handed = scratch.handed.sums();
        if gates(at) {
            vectorize(InputCotangent::<T, true> { op, params, x, memo, handed, dy, dx, write });
        } else {
            vectorize(InputCotangent::<T, false> { op, params, x, memo, handed, dy, dx, write });
        }
    }

    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        if dx[0].is_none() && dparams.is_none() {
            dy.fill(Lane::zero());
            return;
        }
        let dparams = dparams.map(|dparams| self.split(dparams));
        let (params, x, memo) = (self.split(at.params), at.x[0], at.memo);
        vectorize(OutputTangent { op: self, params, dparams, x, memo, dx: dx[0], dy });
    }
}

impl<T: Scalar> Parametrised<T> for Normalization {
    fn factors(&self) -> Factors<'_, T> {
        Factors::Diagonal
    }

    fn per_sample_gradients(
        &self,
        at: &At<'_, T>,
        dy: &[Lane<T>],
        gradients: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        let (shift, scale) = gradients.split_at_mut(if self.shift { self.channels() } else { 0 });
        let (op, params, x, memo, dx) = (self, self.split(at.params), at.x[0], at.memo, None);
        let handed = scratch.handed.space(self.memo());
        if gates(at) {
            vectorize(SampleGradients::<T, true> { op, params, x, memo, dx, dy, shift, scale, handed });
        } else {
            vectorize(SampleGradients::<T, false> { op, params, x, memo, dx, dy, shift, scale, handed });
        }
    }
}

impl<T: Scalar> Smooth<T> for Normalization {
    fn input_curvature(
        &self,
        at: &At<'_, T>,
        along: &Tangents<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx_along: &mut [Lane<T>],
    ) {
        let (params, dparams) = (self.split(at.params), self.split(along.params));
        let (x, memo, dx) = (at.x[0], at.memo, along.x[0]);
        vectorize(InputCurvature { op: self, params, dparams, x, memo, dx, dy, to: dx_along });
    }

    fn parameter_curvature(&self, at: &At<'_, T>, along: &Tangents<'_, T>, dy: &[Lane<T>], second: &mut [T]) {
        // The gradient of the shift does not depend on the input.
        let second = &mut second[if self.shift { self.channels() } else { 0 }..];
        if along.x[0].is_none() || second.is_empty() {
            return;
        }
        let mut lanes = Buffer::take(second.len());
        let (params, x, memo, dx) = (self.split(at.params), at.x[0], at.memo, along.x[0]);
        let (shift, scale, handed) = (&mut [][..], &mut lanes[..], None);
        vectorize(SampleGradients::<T, false> { op: self, params, x, memo, dx, dy, shift, scale, handed });
        second.iter_mut().zip(lanes.iter()).for_each(|(to, lane)| *to += lane.sum());
    }
}
