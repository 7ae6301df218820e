//! Newton-type steps on the processor: Gauss-Newton and natural gradient with a choice of solver, line search, adaptive
//! damping, momentum, weight decay and a limit on the step.
//!
//! [`GaussNewton`](crate::GaussNewton) is the plain exact step at a fixed rate, on any engine. What is here looks at numbers
//! between its calls, and runs on the processor only.

mod adaptive_damping;
mod curvature;
mod exact;
mod line_search;
mod memory;
mod solver;
mod step;

pub use adaptive_damping::LevenbergMarquardt;
pub use curvature::{Curvature, FisherKind};
pub use line_search::Armijo;
pub use solver::{CgLog, CgSolver, Solver};
pub use step::StepLog;

use crate::range::{BELOW_ONE, NOT_NEGATIVE, POSITIVE, check};
use crate::{Generation, OptimError};
use memory::Memory;
use minima_autodiff::Scalar;

/// `v ← μ v + d`, `θ ← θ − t v` with `(C + (λ + δ) I) d = ∇ℓ + δθ`: a damped curvature matrix C against the gradient of the
/// batch's mean loss ℓ.
///
/// Weight decay δ is a term of the loss, `F(θ) = ℓ(θ) + δ‖θ‖²/2`: it adds δθ to the gradient and δI to the curvature, and line
/// search and adaptive damping look at F. The length t is the learning rate, less where `‖t v‖` would exceed the step limit, and
/// from there on what a line search makes of it.
///
/// Where a line search finds no length that is good enough, as along a direction that leads up, or adaptive damping takes a step back, the parameters stay as they
/// are, the momentum is forgotten, and the step is counted. A momentum against which a line search could find no way down,
/// `gᵀv ≤ 0`, is forgotten before.
///
/// ```
/// use minima_autodiff::GraphBuilder;
/// use minima_optim::{Armijo, Batch, Generation, Optimizer, SecondOrder};
/// use ndarray::array;
///
/// let mut g = GraphBuilder::new(&[2]);
/// let y = g.dense(g.input(), "Dense_0", 2)?;
/// let graph = g.finish(y)?;
/// let images = array![[0.0_f32, 0.1], [0.2, 0.0], [1.0, 0.9], [0.8, 1.0]];
/// let batch = Batch::new(images.view(), &[0, 0, 1, 1])?;
///
/// let mut params: Vec<f32> = graph.init(42);
/// let optimizer = SecondOrder::gauss_newton(Generation::Mean).with_cg(10, 1e-4).with_momentum(0.5);
/// let mut optimizer = optimizer.with_line_search(Armijo::default());
/// for _ in 0..20 {
///     optimizer.step(&graph, &mut params, &batch)?;
/// }
/// assert_eq!(optimizer.step(&graph, &mut params, &batch)?.correct, 4);
/// # Ok::<(), minima_optim::OptimError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SecondOrder<T> {
    options: Options,
    memory: Memory<T>,
}

#[derive(Clone, Copy, Debug)]
struct Options {
    curvature: Curvature,
    solver: Solver,
    learning_rate: f64,
    line_search: Option<Armijo>,
    adaptive_damping: Option<LevenbergMarquardt>,
    momentum: f64,
    weight_decay: f64,
    step_limit: Option<f64>,
}

impl<T: Scalar> SecondOrder<T> {
    /// With any curvature, solved exactly, learning rate 0.3, damping 0.1 and no momentum.
    ///
    /// With batches of 128 on MNIST, the paper's network gets far further in an epoch with momentum 0.9 and damping 1, and ten
    /// iterations of conjugate gradients are enough for that.
    #[must_use]
    pub fn new(curvature: Curvature) -> Self {
        let options = Options {
            curvature,
            solver: Solver::Exact,
            learning_rate: 0.3,
            line_search: None,
            adaptive_damping: None,
            momentum: 0.0,
            weight_decay: 0.0,
            step_limit: None,
        };
        Self { options, memory: Memory::at_the_start(0.1) }
    }

    /// Gauss-Newton.
    #[must_use]
    pub fn gauss_newton(generation: Generation) -> Self {
        Self::new(Curvature::GaussNewton(generation))
    }

    /// The natural gradient.
    #[must_use]
    pub fn natural_gradient(kind: FisherKind) -> Self {
        Self::new(Curvature::Fisher(kind))
    }

    /// With learning rate η.
    #[must_use]
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Self {
        self.options.learning_rate = learning_rate;
        self
    }

    /// With damping λ, or where damping adapts, that of the first step.
    #[must_use]
    pub fn with_damping(mut self, damping: f64) -> Self {
        self.memory.damping = damping;
        self
    }

    /// Solved in this way.
    #[must_use]
    pub fn with_solver(mut self, solver: Solver) -> Self {
        self.options.solver = solver;
        self
    }

    /// Solved by conjugate gradients with so many iterations at most, to this relative residual.
    #[must_use]
    pub fn with_cg(self, iterations: usize, tolerance: f64) -> Self {
        self.with_solver(Solver::Cg(CgSolver::new(iterations, tolerance)))
    }

    /// With a backtracking line search.
    #[must_use]
    pub fn with_line_search(mut self, armijo: Armijo) -> Self {
        self.options.line_search = Some(armijo);
        self
    }

    /// With damping that adapts. The curvature must model the mean loss: Gauss-Newton of the mean, or the Fisher matrix, exact or
    /// sampled. With another, a step is an error.
    #[must_use]
    pub fn with_adaptive_damping(mut self, rule: LevenbergMarquardt) -> Self {
        self.options.adaptive_damping = Some(rule);
        self
    }

    /// With momentum μ on the direction, from 0 to below 1.
    #[must_use]
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.options.momentum = momentum;
        self
    }

    /// With weight decay δ: the loss has the term `δ ‖θ‖² / 2`.
    #[must_use]
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.options.weight_decay = weight_decay;
        self
    }

    /// With steps no longer than this in the Euclidean norm.
    #[must_use]
    pub fn with_step_limit(mut self, limit: f64) -> Self {
        self.options.step_limit = Some(limit);
        self
    }

    /// The damping λ of the next step.
    #[must_use]
    pub fn damping(&self) -> f64 {
        self.memory.damping
    }

    /// What the last step did.
    #[must_use]
    pub fn last_step(&self) -> Option<&StepLog> {
        self.memory.log.as_ref()
    }

    /// Steps whose line search found no length that is good enough.
    #[must_use]
    pub fn failed_searches(&self) -> u32 {
        self.memory.failed_searches
    }

    /// Steps that adaptive damping took back.
    #[must_use]
    pub fn rejected_steps(&self) -> u32 {
        self.memory.rejected_steps
    }
}

impl Options {
    fn check<T: Scalar>(&self) -> Result<(), OptimError> {
        check::<T>("learning_rate", self.learning_rate, NOT_NEGATIVE)?;
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
