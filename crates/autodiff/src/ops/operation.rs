//! The interface of every operation.

use super::{Finish, Scratch, gate};
use crate::Scalar;
use crate::lane::Lane;
use smallvec::SmallVec;

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
pub(crate) trait Operation<T: Scalar>: Sync {
    /// How its vjp changes if its inputs and parameters move.
    fn second_order(&self) -> SecondOrder<'_, T>;

    /// `y = f(x; params)`.
    fn forward(&self, params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], scratch: &mut Scratch<T>);

    /// The same, with the memo of the operation and what follows it.
    fn forward_finished(&self, params: &[T], x: &[&[Lane<T>]], to: Output<'_, T>, scratch: &mut Scratch<T>) {
        self.forward(params, x, to.y, scratch);
        to.finish.apply(to.y);
    }

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

/// The values that an operation reads, without allocation for two or fewer.
pub(crate) type Inputs<'v, T> = SmallVec<[&'v [Lane<T>]; 2]>;

/// How the vjp of an operation with a fixed cotangent changes along tangents of its inputs and parameters.
pub(crate) enum SecondOrder<'a, T> {
    /// It does not change between kinks: the operation is linear in its inputs there, and nothing multiplies them.
    PiecewiseLinear,
    /// By the product rule: the operation is linear in each input and in its parameters if the others are fixed.
    Multilinear,
    /// By a rule of the operation's own.
    Smooth(&'a dyn Smooth<T>),
}

/// The second derivative of an operation that is not multilinear.
pub(crate) trait Smooth<T> {
    /// Adds `d/dt (∂f/∂x[which])ᵀ dy` to `dx_along`, with `dy` fixed.
    fn input_curvature(
        &self,
        at: &At<'_, T>,
        along: &Tangents<'_, T>,
        which: usize,
        dy: &[Lane<T>],
        dx_along: &mut [Lane<T>],
    );

    /// Adds `d/dt Σ (∂f/∂params)ᵀ dy`, summed over the samples, to `second`, with `dy` fixed.
    fn parameter_curvature(&self, at: &At<'_, T>, along: &Tangents<'_, T>, dy: &[Lane<T>], second: &mut [T]);
}

/// How an operation moves along a direction.
pub(crate) struct Tangents<'a, T> {
    /// The tangent of its parameters.
    pub params: &'a [T],
    /// The tangents of its inputs; an absent tangent is zero.
    pub x: &'a [Option<&'a [Lane<T>]>],
    /// The tangent of its output, before a rectifier.
    pub y: &'a [Lane<T>],
}

/// Where an operation writes.
pub(crate) struct Output<'a, T> {
    /// Its output.
    pub y: &'a mut [Lane<T>],
    /// Numbers that its derivatives need beside its inputs.
    pub memo: &'a mut [Lane<T>],
    /// What follows it in the same pass.
    pub finish: Finish<'a, T>,
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
    /// The memo of its forward pass at this point.
    pub memo: &'a [Lane<T>],
    /// Whether the cotangent of its output has still to pass the output's rectifier, see
    /// [`Op::gates_its_cotangent`](super::Op::gates_its_cotangent).
    pub rectified: bool,
}
