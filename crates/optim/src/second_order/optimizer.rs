//! A second-order optimizer and its options.

use super::adaptive_damping::LevenbergMarquardt;
use super::curvature::{Curvature, FisherKind};
use super::line_search::Armijo;
use super::memory::{Memory, StepLog};
use super::solver::{CgSolver, Solver};
use crate::learning_rate::LearningRate;
use crate::memory_limit::MemoryLimit;
use crate::range::{BELOW_ONE, NOT_NEGATIVE, POSITIVE, check};
use crate::{GgnVariant, OptimError};
use minima_autodiff::Scalar;

/// `v ← μ v + d`, `θ ← θ − t v` with `(C + (λ + δ) I) d = ∇ℓ + δDθ`: the gradient of the batch's mean loss ℓ is
/// preconditioned by a damped curvature matrix C.
///
/// Weight decay δ is a term of the loss over kernels and embeddings, `F(θ) = ℓ(θ) + δ‖Dθ‖²/2`, where D sets biases, scales
/// and shifts to 0. It adds δDθ to the gradient. Line search and adaptive damping evaluate F. The term's curvature is δD; the
/// system takes δI instead, which damps the other parameters by δ more and keeps the solution in function space exact.
/// The length t is the learning rate, reduced if `‖t v‖` would exceed
/// the step limit, and then reduced further by a line search.
///
/// If a line search accepts no length, as along an ascent direction, or if adaptive damping rejects a step, the
/// parameters are unchanged, the momentum is reset, and the step is counted. Before a line search, the momentum is also
/// reset if v is not a descent direction, `gᵀv ≤ 0`.
///
/// ```
/// use minima_autodiff::GraphBuilder;
/// use minima_optim::{Armijo, Batch, GgnVariant, Optimizer, SecondOrder};
/// use ndarray::array;
///
/// let mut g = GraphBuilder::new(&[2]);
/// let y = g.dense(g.input(), "Dense_0", 2)?;
/// let graph = g.finish(y)?;
/// let images = array![[0.0_f32, 0.1], [0.2, 0.0], [1.0, 0.9], [0.8, 1.0]];
/// let batch = Batch::new(images.view(), &[0, 0, 1, 1])?;
///
/// let mut params: Vec<f32> = graph.init(42);
/// let optimizer = SecondOrder::gauss_newton(GgnVariant::Mean).with_cg(10, 1e-4).with_momentum(0.5);
/// let mut optimizer = optimizer.with_line_search(Armijo::default());
/// for _ in 0..20 {
///     optimizer.step(&graph, &mut params, &batch)?;
/// }
/// assert_eq!(optimizer.step(&graph, &mut params, &batch)?.correct, 4);
/// # Ok::<(), minima_optim::OptimError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SecondOrder<T> {
    pub(super) options: Options,
    pub(super) memory: Memory<T>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub curvature: Curvature,
    pub solver: Solver,
    pub learning_rate: LearningRate,
    pub line_search: Option<Armijo>,
    pub adaptive_damping: Option<LevenbergMarquardt>,
    pub momentum: f64,
    pub weight_decay: f64,
    pub step_limit: Option<f64>,
    pub memory: MemoryLimit,
}

impl<T: Scalar> SecondOrder<T> {
    /// Any curvature, solved exactly, with learning rate 0.3, damping 0.1 and no momentum.
    ///
    /// With batches of 128 on MNIST, the paper's network makes much more progress per epoch with momentum 0.9 and
    /// damping 1; ten iterations of conjugate gradients are then enough.
    #[must_use]
    pub fn new(curvature: Curvature) -> Self {
        let options = Options {
            curvature,
            solver: Solver::Exact,
            learning_rate: LearningRate::new(0.3),
            line_search: None,
            adaptive_damping: None,
            momentum: 0.0,
            weight_decay: 0.0,
            step_limit: None,
            memory: MemoryLimit::default(),
        };
        Self { options, memory: Memory::at_the_start(0.1) }
    }

    /// Uses a Gauss-Newton matrix.
    #[must_use]
    pub fn gauss_newton(variant: GgnVariant) -> Self {
        Self::new(Curvature::GaussNewton(variant))
    }

    /// Uses a Fisher matrix: the natural gradient.
    #[must_use]
    pub fn natural_gradient(kind: FisherKind) -> Self {
        Self::new(Curvature::Fisher(kind))
    }

    /// Sets the learning rate η.
    #[must_use]
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.options.learning_rate.set(learning_rate);
        self
    }

    /// Sets the damping λ. If damping adapts, this is the damping of the first step.
    #[must_use]
    pub fn with_damping(mut self, damping: f64) -> Self {
        self.memory.damping = damping;
        self
    }

    /// Sets the solver.
    #[must_use]
    pub fn with_solver(mut self, solver: Solver) -> Self {
        self.options.solver = solver;
        self
    }

    /// Solves by conjugate gradients with at most this many iterations, to this relative residual.
    #[must_use]
    pub fn with_cg(self, iterations: usize, tolerance: f64) -> Self {
        self.with_solver(Solver::Cg(CgSolver::new(iterations, tolerance)))
    }

    /// Uses a backtracking line search.
    #[must_use]
    pub fn with_line_search(mut self, armijo: Armijo) -> Self {
        self.options.line_search = Some(armijo);
        self
    }

    /// Uses adaptive damping. The curvature must model the mean loss: the GGN of the mean, or the Fisher matrix, exact
    /// or sampled. Otherwise a step returns [`OptimError::NoModel`].
    #[must_use]
    pub fn with_adaptive_damping(mut self, rule: LevenbergMarquardt) -> Self {
        self.options.adaptive_damping = Some(rule);
        self
    }

    /// Sets the momentum μ on the direction, from 0 to below 1.
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.options.momentum = momentum;
        self
    }

    /// Sets the weight decay δ: the loss has the term `δ ‖θ‖² / 2` over kernels and embeddings.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.options.weight_decay = weight_decay;
        self
    }

    /// Limits the Euclidean norm of steps.
    #[must_use]
    pub fn with_step_limit(mut self, limit: f64) -> Self {
        self.options.step_limit = Some(limit);
        self
    }

    /// Sets the largest memory in bytes for the exact solver's system and the gradients from which it is computed, 4 GiB
    /// by default. A step that needs more returns [`OptimError::SystemSize`] before it allocates them.
    #[must_use]
    pub fn with_memory_limit(mut self, bytes: u64) -> Self {
        self.options.memory = MemoryLimit(bytes);
        self
    }

    /// The damping λ of the next step.
    #[must_use]
    pub fn damping(&self) -> f64 {
        self.memory.damping
    }

    /// The log of the last step.
    #[must_use]
    pub fn last_step(&self) -> Option<&StepLog> {
        self.memory.log.as_ref()
    }

    /// The number of steps whose line search accepted no length.
    #[must_use]
    pub fn failed_searches(&self) -> u32 {
        self.memory.failed_searches
    }

    /// The number of steps that adaptive damping rejected.
    #[must_use]
    pub fn rejected_steps(&self) -> u32 {
        self.memory.rejected_steps
    }
}

impl Options {
    pub(super) fn check<T: Scalar>(&self) -> Result<(), OptimError> {
        self.learning_rate.check::<T>()?;
        check::<T>("momentum", self.momentum, BELOW_ONE)?;
        check::<T>("weight_decay", self.weight_decay, NOT_NEGATIVE)?;
        check::<f64>("step_limit", self.step_limit.unwrap_or(1.0), POSITIVE)?;
        self.line_search.map_or(Ok(()), |armijo| armijo.check())?;
        if let Some(rule) = self.adaptive_damping {
            rule.check()?;
            if !self.curvature.models_the_loss() {
                return Err(OptimError::NoModel(self.curvature));
            }
        }
        match self.solver {
            Solver::Cg(cg) => cg.check::<T>(),
            Solver::Exact => Ok(()),
        }
    }
}
