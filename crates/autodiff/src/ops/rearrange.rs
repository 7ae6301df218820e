//! Entries of a value in another order: transposition and slices.
//!
//! - forward: `y[j] = x[i(j)]`, with no entry of x twice
//! - vjp: `ẋ[i(j)] = ẏ[j]`, and zero for entries that are left out
//! - jvp: the forward map, which is linear

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;
use std::ops::Range;
use std::sync::Arc;

/// Which entries of a value are taken, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rearrangement {
    /// Axis k of the output is axis `axes[k]` of the input.
    Transpose {
        /// The input's shape.
        shape: Vec<usize>,
        /// The input's axes, in the order of the output.
        axes: Vec<usize>,
    },
    /// A range of indices of one axis.
    Slice {
        /// The input's shape.
        shape: Vec<usize>,
        /// The axis.
        axis: usize,
        /// The indices that are kept.
        range: Range<usize>,
    },
}

impl Rearrangement {
    /// The index in the input of an entry of the output.
    fn source(&self, index: &[usize]) -> Vec<usize> {
        let mut source = index.to_vec();
        match self {
            Self::Transpose { axes, .. } => axes.iter().zip(index).for_each(|(&axis, &i)| source[axis] = i),
            Self::Slice { axis, range, .. } => source[*axis] += range.start,
        }
        source
    }
}

/// Entries of a value in another order.
#[derive(Clone, Debug)]
pub(crate) struct Rearrange {
    pub description: Rearrangement,
    /// For each entry of the output, the entry of the input.
    sources: Arc<[usize]>,
}

impl Rearrange {
    /// The rearrangement, whose axes and ranges fit its shape, and the output's shape.
    pub(crate) fn new(description: Rearrangement) -> (Self, Vec<usize>) {
        let (shape, output) = match &description {
            Rearrangement::Transpose { shape, axes } => (shape, axes.iter().map(|&axis| shape[axis]).collect()),
            Rearrangement::Slice { shape, axis, range } => {
                let mut output = shape.clone();
                output[*axis] = range.len();
                (shape, output)
            }
        };
        let flat = |index: Vec<usize>| index.iter().zip(shape).fold(0, |flat, (i, size)| flat * size + i);
        let sources = super::indices(&output).map(|index| flat(description.source(&index))).collect();
        (Self { description, sources }, output)
    }

    fn take<T: Scalar>(&self, x: &[Lane<T>], y: &mut [Lane<T>]) {
        for (y, &from) in y.iter_mut().zip(&*self.sources) {
            *y = x[from];
        }
    }
}

impl<T: Scalar> Operation<T> for Rearrange {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::PiecewiseLinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        self.take(x[0], y);
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
        if write == Write::Store && self.sources.len() < dx.len() {
            dx.fill(Lane::zero());
        }
        for (&to, &dy) in self.sources.iter().zip(dy) {
            write.put(&mut dx[to], dy);
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
        match dx[0] {
            Some(dx) => self.take(dx, dy),
            None => dy.fill(Lane::zero()),
        }
    }
}
