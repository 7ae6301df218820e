//! Optimizers that need nothing but gradients.

use crate::{OptimError, Optimizer};
use minima_autodiff::{Engine, Graph, Scalar};

/// The report and the gradient of an objective at any parameters.
pub type GradientOf<'g, T, E = Graph> =
    dyn Fn(&<E as Engine<T>>::Vector) -> Result<(<E as Engine<T>>::Report, <E as Engine<T>>::Vector), OptimError> + 'g;

/// An optimizer that needs nothing but gradients, so that it can minimize any objective.
///
/// ```
/// use minima_autodiff::{Engine, GraphBuilder};
/// use minima_optim::{Batch, GradientOptimizer, Sgd, clip_to_norm};
/// use ndarray::array;
///
/// let mut g = GraphBuilder::new(&[2]);
/// let y = g.dense(g.input(), "Dense_0", 2)?;
/// let graph = g.finish(y)?;
/// let images = array![[0.0_f32, 0.1], [1.0, 0.9]];
/// let batch = Batch::new(images.view(), &[0, 1])?;
/// let mut params: Vec<f32> = graph.init(42);
///
/// // Steps with gradients whose norm is at most 1.
/// let mut optimizer = Sgd::new(0.1);
/// optimizer.step_with(&graph, &mut params, &|params| {
///     let (report, mut gradient) = graph.gradient(params, &batch)?;
///     clip_to_norm(&mut gradient, 1.0);
///     Ok((report, gradient))
/// })?;
/// # Ok::<(), minima_optim::OptimError>(())
/// ```
pub trait GradientOptimizer<T: Scalar, E: Engine<T> = Graph>: Optimizer<T, E> {
    /// Takes one step and updates `params`. `gradient` computes the objective's gradient, at `params` and, for some
    /// optimizers, also elsewhere. Returns the report at `params`.
    ///
    /// With the gradient of a batch's loss this is [`Optimizer::step`], bit for bit.
    ///
    /// # Errors
    /// Returns an error if an option is out of its range, if the parameters or the gradient do not fit the network, or
    /// the error of `gradient`. In this case `params` is unchanged.
    fn step_with(
        &mut self,
        engine: &E,
        params: &mut E::Vector,
        gradient: &GradientOf<'_, T, E>,
    ) -> Result<E::Report, OptimError>;
}
