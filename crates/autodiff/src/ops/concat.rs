//! Values side by side along an axis.
//!
//! - forward: `y = [x₀, x₁, …]` along the axis
//! - vjp: each input's part of `ẏ`
//! - jvp: the forward map, with zeros for inputs that do not move

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;

/// Values side by side along an axis.
#[derive(Clone, Debug)]
pub(crate) struct Concat {
    /// The product of the axes before the axis.
    pub outer: usize,
    /// For each input, the product of the axis and of the axes after it.
    pub runs: Vec<usize>,
}

impl Concat {
    /// For each outer index, the part of the output that belongs to an input.
    fn parts(&self, which: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<> {
        let start: usize = self.runs.iter().take(which).sum();
        let (run, whole) = (self.runs[which], self.runs.iter().sum::<usize>());
        (0..self.outer).map(move |outer| outer * whole + start..outer * whole + start + run)
    }
}

impl<T: Scalar> Operation<T> for Concat {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        for (which, x) in x.iter().enumerate() {
            for (part, x) in self.parts(which).zip(x.chunks_exact(self.runs[which])) {
                y[part].copy_from_slice(x);
            }
        }
    }

    fn vjp_input(
        &self,
        _at: &At<'_, T>,
        which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        for (part, dx) in self.parts(which).zip(dx.chunks_exact_mut(self.runs[which])) {
            dx.iter_mut().zip(&dy[part]).for_each(|(dx, &dy)| write.put(dx, dy));
        }
    }

    fn jvp(
        &self,
        _at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        for (which, dx) in dx.iter().enumerate() {
            match dx {
                Some(dx) => {
                    for (part, dx) in self.parts(which).zip(dx.chunks_exact(self.runs[which])) {
                        dy[part].copy_from_slice(dx);
                    }
                }
                None => self.parts(which).for_each(|part| dy[part].fill(Lane::zero())),
            }
        }
    }
}
