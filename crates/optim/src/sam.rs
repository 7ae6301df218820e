//! Sharpness-aware minimization (Foret et al. 2021), and its adaptive form (Kwon et al. 2021).

use crate::first_order::FirstOrderRule;
use crate::gradient_optimizer::{GradientOf, GradientOptimizer};
use crate::range::{NOT_NEGATIVE, check};
use crate::{FirstOrder, OptimError, Optimizer, OptimizerState};
use minima_autodiff::{Engine, Scalar};
use minima_faults::{Fault, planted};

/// SAM on top of a first-order optimizer. It computes the gradient at `θ + ρ g/‖g‖`, approximately the highest loss
/// within radius ρ, and applies the base optimizer's update to θ with this gradient. A step costs two gradients and
/// reports loss and accuracy at θ.
///
/// ```
/// use minima_autodiff::GraphBuilder;
/// use minima_optim::{Batch, Optimizer, Sam, Sgd};
/// use ndarray::array;
///
/// let mut g = GraphBuilder::new(&[2]);
/// let y = g.dense(g.input(), "Dense_0", 2)?;
/// let graph = g.finish(y)?;
/// let images = array![[0.0_f32, 0.1], [1.0, 0.9]];
/// let batch = Batch::new(images.view(), &[0, 1])?;
/// let mut params: Vec<f32> = graph.init(42);
/// let mut optimizer = Sam::new(Sgd::new(0.5).with_momentum(0.9), 0.05);
/// let first = optimizer.step(&graph, &mut params, &batch)?;
/// for _ in 0..20 {
///     optimizer.step(&graph, &mut params, &batch)?;
/// }
/// assert!(optimizer.step(&graph, &mut params, &batch)?.loss < first.loss);
/// # Ok::<(), minima_optim::OptimError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sam<O> {
    base: O,
    rho: f64,
    adaptive: bool,
}

impl<O> Sam<O> {
    /// Wraps `base`, with radius ρ.
    #[must_use]
    pub fn new(base: O, rho: f64) -> Self {
        Self { base, rho, adaptive: false }
    }

    /// Uses ASAM: each parameter's radius is proportional to its absolute value, `θ + ρ θ² ∘ g / ‖ |θ| ∘ g ‖`. The step
    /// is then invariant to scaling one layer up and the next one down. Its radii are larger, 0.5 to 2.
    #[must_use]
    pub fn with_adaptive(mut self) -> Self {
        self.adaptive = true;
        self
    }

    /// The point of approximately the highest loss near `params`; `params` itself if the gradient is zero.
    fn highest<T: Scalar>(&self, params: &[T], gradient: &[T]) -> Vec<T> {
        let size = |p: T| if self.adaptive { p.abs() } else { T::one() };
        let square = |(&p, &g): (&T, &T)| (size(p) * g).as_f64().powi(2);
        let norm = params.iter().zip(gradient).map(square).sum::<f64>().sqrt();
        if norm == 0.0 || planted(Fault::SamAtOldPoint) {
            return params.to_vec();
        }
        let scale = self.rho / norm;
        let rounded = T::from_f64(scale);
        // For a tiny gradient, the quotient exceeds the range of single precision.
        let shift = |p: T, g: T| match rounded.is_finite() {
            true => rounded * size(p) * size(p) * g,
            false => T::from_f64(scale * size(p).as_f64().powi(2) * g.as_f64()),
        };
        params.iter().zip(gradient).map(|(&p, &g)| p + shift(p, g)).collect()
    }
}

impl<R, T, E> Optimizer<T, E> for Sam<FirstOrder<R, T, E>>
where
    R: FirstOrderRule<T> + Send,
    T: Scalar,
    E: Engine<T, Vector = Vec<T>>,
{
    fn step(&mut self, engine: &E, params: &mut Vec<T>, batch: &E::Batch<'_>) -> Result<E::Report, OptimError> {
        self.step_with(engine, params, &|params| Ok(engine.gradient(params, batch)?))
    }

    fn check(&self) -> Result<(), OptimError> {
        check::<T>("rho", self.rho, NOT_NEGATIVE)?;
        self.base.check()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.base.set_learning_rate_factor(factor);
    }

    fn state(&self, engine: &E) -> Result<OptimizerState, OptimError> {
        self.base.state(engine)
    }

    fn restore(&mut self, engine: &E, state: &OptimizerState) -> Result<(), OptimError> {
        self.base.restore(engine, state)
    }
}

impl<R, T, E> GradientOptimizer<T, E> for Sam<FirstOrder<R, T, E>>
where
    R: FirstOrderRule<T> + Send,
    T: Scalar,
    E: Engine<T, Vector = Vec<T>>,
{
    fn step_with(
        &mut self,
        engine: &E,
        params: &mut Vec<T>,
        gradient: &GradientOf<'_, T, E>,
    ) -> Result<E::Report, OptimError> {
        self.check()?;
        let (report, here) = gradient(params)?;
        let (_, highest) = gradient(&self.highest(params, &here))?;
        self.base.update(engine, params, &highest)?;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::Sam;

    #[test]
    fn the_highest_point_follows_the_formulas() {
        let (params, gradient) = ([2.0, -1.0, 0.0], [3.0, 4.0, 12.0]);
        let close =
            |found: Vec<f64>, expected: [f64; 3]| found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-15);
        // ‖g‖ = 13.
        let found = Sam::new((), 1.3).highest(&params, &gradient);
        assert!(close(found, [2.3, -0.6, 1.2]));
        // ‖ |θ| ∘ g ‖ = ‖(6, 4, 0)‖ = √52; θ² ∘ g = (12, 4, 0).
        let found = Sam::new((), 52.0_f64.sqrt() / 10.0).with_adaptive().highest(&params, &gradient);
        assert!(close(found, [2.0 + 1.2, -1.0 + 0.4, 0.0]));
        assert_eq!(Sam::new((), 1.0).highest(&params, &[0.0; 3]), params);
        assert_eq!(Sam::new((), 1.0).with_adaptive().highest(&[0.0], &[1.0]), [0.0]);
    }

    #[test]
    fn a_tiny_gradient_in_single_precision_gives_a_step_of_the_radius() {
        // ρ/‖g‖ = 1e40/5 is beyond the largest number of single precision, 3.4e38.
        let found = Sam::new((), 1.0).highest(&[0.0_f32, 0.0], &[3e-40, 4e-40]);
        // Subnormal numbers near 1e-40 are spaced by 1.4e-45: five digits.
        assert!((found[0] - 0.6).abs() < 1e-5 && (found[1] - 0.8).abs() < 1e-5, "{found:?}");
    }
}
