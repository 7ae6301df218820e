//! A constant affine map of the last axis: normalisation of inputs, and batch normalisation in evaluation mode.
//!
//! - forward: `y[p, c] = a[c] · x[p, c] + b[c]` for every place p
//! - vjp: `ẋ[p, c] = a[c] · ẏ[p, c]`
//! - jvp: `ẏ[p, c] = a[c] · ẋ[p, c]`

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::lane::Lane;
use crate::simd::{Kernel, dispatch};
use crate::{AutodiffError, Scalar};
use std::sync::Arc;

/// A constant affine map of the last axis.
#[derive(Clone, Debug)]
pub(crate) struct ChannelAffine {
    /// The factor of each channel.
    pub scale: Arc<[f64]>,
    /// The number that is added to each channel.
    pub shift: Arc<[f64]>,
}

/// A batch normalisation in evaluation mode, with fixed statistics (Ioffe & Szegedy 2015):
/// `y = scale · (x − mean) / √(variance + epsilon) + shift`. Each array has one number for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// The factors of normalised values.
    pub scale: Vec<f64>,
    /// The numbers that are added to them.
    pub shift: Vec<f64>,
    /// The running means of the inputs.
    pub mean: Vec<f64>,
    /// The running variances of the inputs.
    pub variance: Vec<f64>,
    /// The number that is added to the variances.
    pub epsilon: f64,
}

impl BatchNorm {
    /// Factors a and numbers b with `y = a x + b` for each channel; `None` if the arrays differ in length, or a number
    /// is not finite.
    pub(crate) fn affine(&self) -> Option<[Vec<f64>; 2]> {
        let lengths = [self.shift.len(), self.mean.len(), self.variance.len()];
        let factors = self.scale.iter().zip(&self.variance).map(|(scale, v)| scale / (v + self.epsilon).sqrt());
        let a: Vec<f64> = factors.collect();
        let b: Vec<f64> =
            a.iter().zip(&self.mean).zip(&self.shift).map(|((a, mean), shift)| shift - a * mean).collect();
        let finite = a.iter().chain(&b).all(|x| x.is_finite());
        (lengths == [self.scale.len(); 3] && finite).then_some([a, b])
    }

    /// Changes the kernel and the bias of the convolution or dense layer before this normalisation, so that the layer
    /// computes both. The last axis of the kernel is the layer's outputs, as in a flat parameter vector.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the arrays differ in length, or `variance + epsilon` is not positive, and
    /// [`AutodiffError::Shape`] if the kernel or the bias has another number of outputs.
    pub fn fold_into<T: Scalar>(&self, kernel: &mut [T], bias: &mut [T]) -> Result<(), AutodiffError> {
        let [a, b] = self.affine().ok_or_else(|| self.error("batch_norm"))?;
        let outputs = a.len();
        if bias.len() != outputs {
            return Err(AutodiffError::Shape { what: "bias", found: vec![bias.len()], expected: vec![outputs] });
        }
        if kernel.is_empty() || !kernel.len().is_multiple_of(outputs) {
            let expected = vec![(kernel.len() / outputs.max(1)).max(1), outputs];
            return Err(AutodiffError::Shape { what: "kernel", found: vec![kernel.len()], expected });
        }
        for row in kernel.chunks_exact_mut(outputs) {
            row.iter_mut().zip(&a).for_each(|(w, a)| *w = T::from_f64(w.as_f64() * a));
        }
        for (bias, (a, b)) in bias.iter_mut().zip(a.iter().zip(&b)) {
            *bias = T::from_f64(bias.as_f64() * a + b);
        }
        Ok(())
    }

    /// The error of arrays that do not describe a batch normalisation.
    pub(crate) fn error(&self, node: &str) -> AutodiffError {
        let lengths = [self.scale.len(), self.shift.len(), self.mean.len(), self.variance.len()];
        AutodiffError::Graph {
            node: node.to_owned(),
            found: format!("arrays of {lengths:?} numbers and an epsilon of {}", self.epsilon),
            expected: "finite numbers, one for each channel, and positive variance + epsilon".into(),
        }
    }
}

/// `to = a · from + b`, for every place.
struct Affine<'a, T> {
    scale: &'a [f64],
    shift: Option<&'a [f64]>,
    from: &'a [Lane<T>],
    to: &'a mut [Lane<T>],
    write: Write,
}

impl<T: Scalar> Kernel for Affine<'_, T> {
    #[inline(always)]
    fn run(self) {
        let channels = self.scale.len();
        for (to, from) in self.to.chunks_exact_mut(channels).zip(self.from.chunks_exact(channels)) {
            for (c, (to, &from)) in to.iter_mut().zip(from).enumerate() {
                let start = self.shift.map_or(T::zero(), |shift| T::from_f64(shift[c]));
                self.write.put(to, Lane::splat(start).fma(from, T::from_f64(self.scale[c])));
            }
        }
    }
}

impl<T: Scalar> Operation<T> for ChannelAffine {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        let shift = Some(&*self.shift);
        dispatch(Affine { scale: &self.scale, shift, from: x[0], to: y, write: Write::Store });
    }

    fn vjp_input(
        &self,
        _at: &At<'_, T>,
        _which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        dispatch(Affine { scale: &self.scale, shift: None, from: dy, to: dx, write });
    }

    fn jvp(
        &self,
        _at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        match dx[0] {
            Some(dx) => {
                dispatch(Affine { scale: &self.scale, shift: None, from: dx, to: dy, write: Write::Store });
            }
            None => dy.fill(Lane::zero()),
        }
    }
}
