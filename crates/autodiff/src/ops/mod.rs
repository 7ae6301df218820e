//! The operations a network is made of: a file each, with forward, vjp and jvp side by side.
//!
//! To add one: write its file, implement [`Operation`] in it, name it in [`Op`] and give
//! [`GraphBuilder`](crate::GraphBuilder) a method that checks its shapes.

mod add;
mod avg_pool2d;
mod conv2d;
mod correlate;
mod dense;
mod flatten;
mod max_pool2d;
mod pool_window;
mod relu;

pub(crate) use add::Add;
pub(crate) use avg_pool2d::AvgPool2d;
pub(crate) use conv2d::Conv2d;
pub use conv2d::{Conv2dSpec, Padding};
pub(crate) use dense::Dense;
pub(crate) use flatten::flattened;
pub(crate) use max_pool2d::MaxPool2d;
pub(crate) use pool_window::PoolWindow;
pub(crate) use relu::{Relu, gate, rectify};

use crate::Scalar;
use crate::lane::Lane;

/// Whether a vjp to an input overwrites what is there or adds to it (an input with several readers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Overwrite.
    Store,
    /// Add.
    Add,
}

impl Write {
    /// Puts `value` where `to` is.
    #[inline(always)]
    pub fn put<T: Scalar>(self, to: &mut Lane<T>, value: Lane<T>) {
        *to = match self {
            Self::Store => value,
            Self::Add => to.plus(value),
        };
    }
}

/// Buffers that operations share, grown once and used again.
#[derive(Debug)]
pub(crate) struct Scratch<T> {
    /// A padded picture.
    pub picture: Vec<Lane<T>>,
    /// Rearranged weights.
    pub weights: Vec<T>,
    /// Per-sample gradients of one operation's parameters.
    pub gradients: Vec<Lane<T>>,
}

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self { picture: Vec::new(), weights: Vec::new(), gradients: Vec::new() }
    }
}

/// How an operation's parameters enter the kernel `J Jᵀ` of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KernelForm {
    /// It has no parameters.
    None,
    /// Through its per-sample gradients, which are few.
    Gradients,
    /// Through `(δᵢ·δⱼ)(aᵢ·aⱼ + 1)`, with the cotangents δ of its output and its inputs a.
    GramProduct,
}

/// What an operation can do, over one block of samples. `x` are its inputs, `y` its output, a lane a feature.
///
/// It is linear in its parameters and, but for kinks, in its inputs: second derivatives
/// ([`reverse_tangent_block`](crate::Graph::reverse_tangent_block)) rely on it.
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

    /// `dx = (∂f/∂x[which])ᵀ dy` where `x[which] > 0`, else 0: for an input that is rectified and that nothing else reads.
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

    /// Every sample's own `(∂f/∂params)ᵀ dy`: one lane a parameter, overwritten.
    fn per_sample_gradients(
        &self,
        _at: &At<'_, T>,
        _dy: &[Lane<T>],
        _gradients: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
    }

    /// `gradient += Σ over the samples of (∂f/∂params)ᵀ dy`.
    fn vjp_params(&self, at: &At<'_, T>, dy: &[Lane<T>], gradient: &mut [T], scratch: &mut Scratch<T>) {
        let mut lanes = std::mem::take(&mut scratch.gradients);
        lanes.clear();
        lanes.resize(gradient.len(), Lane::zero());
        self.per_sample_gradients(at, dy, &mut lanes, scratch);
        for (g, lane) in gradient.iter_mut().zip(&lanes) {
            *g += lane.sum();
        }
        scratch.gradients = lanes;
    }

    /// Calls `visit(place, patch)` for every place that the weights are applied at, with the inputs they are applied to
    /// there: a lane each, in the order of the kernel.
    fn for_each_patch(&self, _x: &[Lane<T>], _scratch: &mut Scratch<T>, _visit: &mut dyn FnMut(usize, &[Lane<T>])) {}

    /// How its parameters enter `J Jᵀ`.
    fn kernel_form(&self) -> KernelForm {
        KernelForm::None
    }
}

/// Where an operation is linearized.
#[derive(Clone, Copy)]
pub(crate) struct At<'a, T> {
    /// Its parameters.
    pub params: &'a [T],
    /// Its inputs.
    pub x: &'a [&'a [Lane<T>]],
    /// Its output there.
    pub y: &'a [Lane<T>],
}

/// An operation of a network, with the shapes it was built for.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Two-dimensional convolution.
    Conv2d(Conv2d),
    /// Affine map.
    Dense(Dense),
    /// `max(x, 0)`.
    Relu(Relu),
    /// Mean over windows.
    AvgPool2d(AvgPool2d),
    /// Maximum over windows.
    MaxPool2d(MaxPool2d),
    /// Sum of two values.
    Add(Add),
}

impl Op {
    /// Inputs that one output reads through weights, and outputs with weights of their own: (fan in, outputs); zeros for
    /// an operation without parameters.
    pub fn weights(&self, inputs: usize) -> (usize, usize) {
        match self {
            Self::Conv2d(conv) => (conv.fan_in(), conv.spec().features),
            Self::Dense(dense) => (inputs, dense.outputs),
            _ => (0, 0),
        }
    }

    /// The operation in precision `T`.
    pub fn of<T: Scalar>(&self) -> &dyn Operation<T> {
        match self {
            Self::Conv2d(op) => op,
            Self::Dense(op) => op,
            Self::Relu(op) => op,
            Self::AvgPool2d(op) => op,
            Self::MaxPool2d(op) => op,
            Self::Add(op) => op,
        }
    }
}
