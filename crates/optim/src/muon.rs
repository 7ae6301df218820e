//! Muon (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024).

use crate::first_order::{FirstOrder, FirstOrderRule};
use crate::gradient_optimizer::{GradientOf, GradientOptimizer};
use crate::learning_rate::LearningRate;
use crate::orthogonal::orthogonalized;
use crate::range::{AT_LEAST_ONE, BELOW_ONE, NOT_NEGATIVE, check};
use crate::{OptimError, Optimizer, OptimizerState};
use minima_autodiff::engine::RuleMemory;
use minima_autodiff::{AutodiffError, Batch, Engine, Graph, ParameterSpec, Role, Scalar, StepReport};
use minima_faults::{Fault, planted};
use ndarray::Array2;
use rayon::prelude::*;

/// Muon: momentum whose matrices are brought near to orthogonal ones, so that a step has about the same length in every
/// direction. A first-order rule takes the steps of all parameters that are not matrices of hidden layers.
///
/// Hidden layers are all layers with a kernel but the last one. For a hidden kernel as a matrix `(fan_in, outputs)`:
/// `V ← μ V + G`, `θ ← (1 − η δ) θ − η √max(1, outputs / fan_in) O(G + μ V)`. `O` divides a matrix by its Frobenius norm
/// and applies five iterations `X ← 3.4445 X − 4.775 X Xᵀ X + 2.0315 (X Xᵀ)² X`, which bring its singular values near 1 and
/// keep its singular vectors. δ is decoupled weight decay. The rule's own weight decay applies to its parameters. η and δ are
/// finite and not negative, and μ is from 0 to below 1.
///
/// ```
/// use minima_autodiff::GraphBuilder;
/// use minima_optim::{Adam, Batch, Muon, Optimizer};
/// use ndarray::array;
///
/// let mut g = GraphBuilder::new(&[2]);
/// let x = g.dense(g.input(), "Dense_0", 4)?;
/// let x = g.relu(x);
/// let y = g.dense(x, "Dense_1", 2)?;
/// let graph = g.finish(y)?;
/// let images = array![[0.0_f32, 0.1], [1.0, 0.9]];
/// let batch = Batch::new(images.view(), &[0, 1])?;
/// let mut params: Vec<f32> = graph.init(42);
///
/// // Muon moves the kernel of Dense_0; Adam moves both biases and the kernel of Dense_1.
/// let mut optimizer = Muon::new(0.05, Adam::new(0.01));
/// let first = optimizer.step(&graph, &mut params, &batch)?;
/// for _ in 0..20 {
///     optimizer.step(&graph, &mut params, &batch)?;
/// }
/// assert!(optimizer.step(&graph, &mut params, &batch)?.loss < first.loss);
/// # Ok::<(), minima_optim::OptimError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Muon<R, T> {
    learning_rate: LearningRate,
    momentum: f64,
    weight_decay: f64,
    iterations: u32,
    rest: R,
    steps: u32,
    velocity: Vec<T>,
    memory_of_rest: Vec<Vec<T>>,
}

impl<R, T: Scalar> Muon<R, T> {
    /// Muon with learning rate η for hidden kernels, momentum 0.95, no weight decay and five iterations. `rest` takes the
    /// steps of all other parameters.
    #[must_use]
    pub fn new(learning_rate: f64, rest: FirstOrder<R, T>) -> Self {
        Self {
            learning_rate: LearningRate::new(learning_rate),
            momentum: 0.95,
            weight_decay: 0.0,
            iterations: 5,
            rest: rest.rule,
            steps: 0,
            velocity: Vec::new(),
            memory_of_rest: Vec::new(),
        }
    }

    /// Sets the momentum μ.
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets the decoupled weight decay δ of hidden kernels.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Sets the number of iterations that bring a matrix near to an orthogonal one, at least 1.
    #[must_use]
    pub fn with_iterations(mut self, iterations: u32) -> Self {
        self.iterations = iterations;
        self
    }

    /// The next velocity of a hidden kernel and the matrix of its step.
    fn direction(&self, kernel: &ParameterSpec, gradient: &[T]) -> Result<(Vec<T>, Array2<T>), OptimError> {
        let momentum = T::from_f64(self.momentum);
        let gradient = &gradient[kernel.range.clone()];
        let old = self.velocity.get(kernel.range.clone());
        let velocity: Vec<T> = match old {
            Some(old) => old.iter().zip(gradient).map(|(&v, &g)| momentum * v + g).collect(),
            None => gradient.to_vec(),
        };
        let ahead: Vec<T> = gradient.iter().zip(&velocity).map(|(&g, &v)| g + momentum * v).collect();
        let shape = kernel.filters().unwrap_or([ahead.len(), 1]);
        let matrix = Array2::from_shape_fn(shape, |(row, column)| ahead[row * shape[1] + column]);
        let iterations = if planted(Fault::NotOrthogonal) { 0 } else { self.iterations };
        Ok((velocity, orthogonalized(matrix, iterations).map_err(AutodiffError::from)?))
    }
}

/// The kernels of hidden layers.
fn hidden(graph: &Graph) -> impl Fn(&ParameterSpec) -> bool {
    let last = graph.parameters().iter().rfind(|parameter| parameter.role == Role::Kernel);
    let last = last.map(|parameter| parameter.range.clone());
    move |parameter| parameter.role == Role::Kernel && last.as_ref() != Some(&parameter.range)
}

fn check_len(graph: &Graph, what: &'static str, found: usize) -> Result<(), AutodiffError> {
    let expected = graph.parameter_count();
    if found == expected {
        return Ok(());
    }
    Err(AutodiffError::Shape { what, found: vec![found], expected: vec![expected] })
}

impl<R: FirstOrderRule<T> + Send + Sync, T: Scalar> Optimizer<T> for Muon<R, T> {
    fn step(&mut self, graph: &Graph, params: &mut Vec<T>, batch: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        self.step_with(graph, params, &|params| Ok(graph.gradient(params, batch)?))
    }

    fn check(&self) -> Result<(), OptimError> {
        self.learning_rate.check::<T>()?;
        check::<T>("momentum", self.momentum, BELOW_ONE)?;
        check::<T>("weight_decay", self.weight_decay, NOT_NEGATIVE)?;
        check::<f64>("iterations", f64::from(self.iterations), AT_LEAST_ONE)?;
        self.rest.check()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.learning_rate.set_factor(factor);
        self.rest.set_learning_rate_factor(factor);
    }

    fn state(&self, _graph: &Graph) -> Result<OptimizerState, OptimError> {
        let mut state = OptimizerState::default();
        state.put_vector("velocity", &self.velocity);
        let of_rest = |vector: &Vec<T>| vector.iter().map(|x| x.as_f64()).collect();
        state.put_rule(&RuleMemory { steps: self.steps, vectors: self.memory_of_rest.iter().map(of_rest).collect() });
        Ok(state)
    }

    fn restore(&mut self, graph: &Graph, state: &OptimizerState) -> Result<(), OptimError> {
        let velocity = state.vector("velocity", graph.parameter_count())?;
        let steps = state.count("steps")?;
        let vectors = if steps == 0 { 0 } else { self.rest.memory() };
        let names = (0..vectors).map(|number| format!("memory.{number}"));
        let memory = names.map(|name| state.vector(&name, graph.parameter_count())).collect::<Result<_, _>>()?;
        (self.velocity, self.steps, self.memory_of_rest) = (velocity, steps, memory);
        Ok(())
    }
}

impl<R: FirstOrderRule<T> + Send + Sync, T: Scalar> GradientOptimizer<T> for Muon<R, T> {
    fn step_with(
        &mut self,
        graph: &Graph,
        params: &mut Vec<T>,
        gradient: &GradientOf<'_, T>,
    ) -> Result<StepReport, OptimError> {
        self.check()?;
        let (report, gradient) = gradient(params)?;
        check_len(graph, "parameters", params.len())?;
        check_len(graph, "gradient", gradient.len())?;
        let is_hidden = hidden(graph);
        let (kernels, others): (Vec<_>, Vec<_>) = graph.parameters().iter().partition(|parameter| is_hidden(parameter));
        let directions = kernels.par_iter().map(|kernel| self.direction(kernel, &gradient));
        let directions = directions.collect::<Result<Vec<_>, _>>()?;

        self.steps = self.steps.saturating_add(1);
        self.velocity.resize(params.len(), T::zero());
        self.memory_of_rest.resize_with(self.rest.memory(), || vec![T::zero(); params.len()]);
        let rate = self.learning_rate.now();
        let kept = T::from_f64(1.0 - rate * self.weight_decay);
        for (kernel, (velocity, direction)) in kernels.into_iter().zip(directions) {
            let [inputs, outputs] = [direction.nrows(), direction.ncols()];
            let length = T::from_f64(rate * (outputs as f64 / inputs as f64).max(1.0).sqrt());
            for (p, &d) in params[kernel.range.clone()].iter_mut().zip(&direction) {
                *p = kept * *p - length * d;
            }
            self.velocity[kernel.range.clone()].copy_from_slice(&velocity);
        }
        for parameter in others {
            let range = parameter.range.clone();
            let mut memory: Vec<&mut [T]> =
                self.memory_of_rest.iter_mut().map(|vector| &mut vector[range.clone()]).collect();
            let decayed = parameter.role.is_decayed();
            self.rest.apply(self.steps, &mut params[range.clone()], &gradient[range], &mut memory, decayed);
        }
        Ok(report)
    }
}
