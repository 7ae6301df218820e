//! The interface of every operation.

use super::{Scratch, gate};
use crate::Scalar;
use crate::lane::Lane;

/// Whether a vjp to an input overwrites the cotangent or adds to it (for an input with several readers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Overwrite.
    Store,
    /// Add.
    Add,
}

impl Write {
    /// Stores or adds `value`.
    #[inline(always)]
    pub(crate) fn put<T: Scalar>(self, to: &mut Lane<T>, value: Lane<T>) {
        *to = match self {
            Self::Store => value,
            Self::Add => to.plus(value),
        };
    }
}

/// An operation over one block of samples. `x` are its inputs and `y` its output, one lane per feature.
///
/// An operation is linear in its parameters and, except at kinks, in its inputs. Second derivatives
/// ([`reverse_tangent_block`](crate::Graph::reverse_tangent_block)) rely on this.
pub(crate) trait Operation<T: Scalar>: Sync {
    /// `y = f(x; params)`.
    fn forward(&self, params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], scratch: &mut Scratch<T>);

    /// `dx = (∂f/∂x[which])ᵀ dy`.
    fn vjp_input(
        &self,
        at: &At<'_, T>,
        which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        scratch: &mut Scratch<T>,
    );

    /// `dx = (∂f/∂x[which])ᵀ dy` where `x[which] > 0`, else 0: for a rectified input with no other reader.
    fn gated_vjp_input(
        &self,
        at: &At<'_, T>,
        which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        self.vjp_input(at, which, dy, dx, Write::Store, scratch);
        gate(at.x[which], dx);
    }

    /// `dy = Σ ∂f/∂x · dx + ∂f/∂params · dparams`; an absent tangent is zero.
    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    );
}

/// The point at which an operation is linearized.
#[derive(Clone, Copy)]
pub(crate) struct At<'a, T> {
    /// Its parameters.
    pub params: &'a [T],
    /// Its inputs.
    pub x: &'a [&'a [Lane<T>]],
    /// Its output at this point.
    pub y: &'a [Lane<T>],
}
