//! Parameters as a value, the same for every sample.
//!
//! - forward: `y = θ`
//! - vjp to the parameters: `θ̇ = ẏ`, summed over the samples
//! - jvp: `ẏ = θ̇`

use super::{
    At, Factors, KernelForm, Operation, ParameterArray, Parameters, Parametrised, Scratch, SecondOrder, Write,
};
use crate::Scalar;
use crate::lane::Lane;
use crate::parameter_spec::{Initializer, Role};

/// Parameters as a value.
#[derive(Clone, Debug)]
pub(crate) struct Embedding {
    /// The array's shape in files.
    pub stored: Vec<usize>,
    /// Its initial numbers.
    pub initializer: Initializer,
}

impl Parameters for Embedding {
    fn arrays(&self) -> Vec<ParameterArray> {
        vec![ParameterArray::of(Role::Embedding, &self.stored, self.initializer)]
    }

    fn multiply_adds(&self) -> usize {
        0
    }

    fn kernel_form(&self) -> KernelForm {
        KernelForm::Gradients
    }
}

/// The same numbers for every sample.
fn spread<T: Scalar>(numbers: &[T], y: &mut [Lane<T>]) {
    for (y, &x) in y.iter_mut().zip(numbers) {
        *y = Lane::splat(x);
    }
}

impl<T: Scalar> Operation<T> for Embedding {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, params: &[T], _x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        spread(params, y);
    }

    /// It has no inputs.
    fn vjp_input(
        &self,
        _at: &At<'_, T>,
        _which: usize,
        _dy: &[Lane<T>],
        _dx: &mut [Lane<T>],
        _write: Write,
        _scratch: &mut Scratch<T>,
    ) {
    }

    fn jvp(
        &self,
        _at: &At<'_, T>,
        _dx: &[Option<&[Lane<T>]>],
        dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        match dparams {
            Some(dparams) => spread(dparams, dy),
            None => dy.fill(Lane::zero()),
        }
    }
}

impl<T: Scalar> Parametrised<T> for Embedding {
    fn factors(&self) -> Factors<'_, T> {
        Factors::Diagonal
    }

    fn per_sample_gradients(
        &self,
        _at: &At<'_, T>,
        dy: &[Lane<T>],
        gradients: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        gradients.copy_from_slice(dy);
    }

    fn vjp_params(&self, _at: &At<'_, T>, dy: &[Lane<T>], gradient: &mut [T], _scratch: &mut Scratch<T>) {
        for (g, d) in gradient.iter_mut().zip(dy) {
            *g += d.sum();
        }
    }
}
