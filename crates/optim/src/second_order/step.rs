//! One second-order step.

use super::adaptive_damping::reduction_ratio;
use super::curvature::CurvatureAt;
use super::exact::{self, Damping};
use super::line_search::Trial;
use super::memory::{Memory, StepLog};
use super::optimizer::SecondOrder;
use super::solver::{CgLog, Solver};
use crate::batch_gradient::batch_gradient;
use crate::range::{POSITIVE, check};
use crate::vectors::inner;
use crate::{OptimError, Optimizer, OptimizerState};
use minima_autodiff::{Batch, Graph, Linearization, Scalar, StepReport};
use minima_curvature::{CurvatureError, Fisher, LinearOperator, Objective};

/// The loss with the weight decay's term, `F(θ) = ℓ(θ) + δ‖Dθ‖²/2`, at the parameters before the step. D keeps the
/// parameters that decay and sets the others to 0.
struct Point<'a, T: Scalar> {
    graph: &'a Graph,
    params: &'a [T],
    batch: Batch<'a, T>,
    weight_decay: f64,
    /// The batch, linearized once per step.
    at: Linearization<'a, T>,
    report: StepReport,
    /// `Dθ`.
    decayed: Vec<T>,
    /// `∇F`.
    gradient: Vec<T>,
}

impl<'a, T: Scalar> Point<'a, T> {
    fn new(graph: &'a Graph, params: &'a [T], batch: &Batch<'a, T>, weight_decay: f64) -> Result<Self, OptimError> {
        let batch = *batch;
        let at = graph.linearize(params, batch.images())?;
        let (report, mut gradient) = batch_gradient(&at, &batch)?;
        let delta = T::from_f64(weight_decay);
        let decayed = graph.decayed(params);
        gradient.iter_mut().zip(&decayed).for_each(|(g, &p)| *g += delta * p);
        Ok(Self { graph, params, batch, weight_decay, at, report, decayed, gradient })
    }

    /// The batch's mean loss, the objective of the curvature.
    fn objective(&self) -> Result<Objective<'_, T>, CurvatureError> {
        let (labels, loss) = (self.batch.labels(), self.batch.loss());
        Objective::of_linearization(self.graph, self.params, &self.at, labels, loss)
    }

    /// F at these parameters.
    fn value(&self) -> f64 {
        self.report.loss + self.penalty(self.params)
    }

    /// F at other parameters.
    fn value_at(&self, params: &[T]) -> Result<f64, OptimError> {
        let logits = self.graph.logits(params, self.batch.images())?;
        Ok(self.batch.loss().mean(logits.view(), self.batch.labels())? + self.penalty(params))
    }

    fn penalty(&self, params: &[T]) -> f64 {
        if self.weight_decay == 0.0 {
            return 0.0;
        }
        let decayed = self.graph.decayed(params);
        0.5 * self.weight_decay * inner(&decayed, &decayed)
    }

    /// `θ − t v`.
    fn moved(&self, rate: f64, velocity: &[T]) -> Vec<T> {
        let rate = T::from_f64(rate);
        self.params.iter().zip(velocity).map(|(&p, &v)| p - rate * v).collect()
    }

    /// `m(s) − m(0)` for `s = −t v`.
    fn predicted(&self, curvature: &dyn LinearOperator<T>, rate: f64, velocity: &[T]) -> Result<f64, CurvatureError> {
        // The term's second derivative along the velocity is twice its value there.
        let curved = inner(velocity, &curvature.apply(velocity)?) + 2.0 * self.penalty(velocity);
        Ok(rate * (0.5 * rate * curved - inner(&self.gradient, velocity)))
    }
}

impl<T: Scalar> Optimizer<T> for SecondOrder<T> {
    fn step(&mut self, graph: &Graph, params: &mut Vec<T>, batch: &Batch<'_, T>) -> Result<StepReport, OptimError> {
        Optimizer::check(self)?;
        // Nothing is changed until everything has succeeded.
        let (report, moved, memory) = {
            let batch = Batch::with_loss(batch.images().reborrow(), batch.labels(), batch.loss())?;
            let point = Point::new(graph, params, &batch, self.options.weight_decay)?;
            let (moved, memory) = self.stepped(&point)?;
            (point.report, moved, memory)
        };
        if let Some(moved) = moved {
            *params = moved;
        }
        self.memory = memory;
        Ok(report)
    }

    /// The exact solver uses the damping in double precision, conjugate gradients in the network's precision.
    fn check(&self) -> Result<(), OptimError> {
        match self.options.solver {
            Solver::Exact => check::<f64>("damping", self.memory.damping, POSITIVE)?,
            Solver::Cg(_) => check::<T>("damping", self.memory.damping, POSITIVE)?,
        }
        self.options.check::<T>()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.options.learning_rate.set_factor(factor);
    }

    fn state(&self, _graph: &Graph) -> Result<OptimizerState, OptimError> {
        Ok(self.memory.state())
    }

    fn restore(&mut self, graph: &Graph, state: &OptimizerState) -> Result<(), OptimError> {
        self.memory = Memory::of(state, graph.parameter_count())?;
        Ok(())
    }
}

impl<T: Scalar> SecondOrder<T> {
    /// Returns the direction `d = (C + (λ + δ) I)⁻¹ (g + δDθ)` at `params`, without learning rate or momentum, and the
    /// batch's loss and accuracy there. With drawn targets or a warm start, it is the direction of the next step.
    ///
    /// # Errors
    /// Returns the errors of a step.
    pub fn direction(
        &self,
        graph: &Graph,
        params: &[T],
        batch: &Batch<'_, T>,
    ) -> Result<(StepReport, Vec<T>), OptimError> {
        Optimizer::check(self)?;
        let batch = Batch::with_loss(batch.images().reborrow(), batch.labels(), batch.loss())?;
        let point = Point::new(graph, params, &batch, self.options.weight_decay)?;
        let objective = point.objective()?;
        let (direction, _) = self.solved(&point, &objective, &self.curvature(&objective)?)?;
        Ok((point.report, direction))
    }

    /// The curvature of the next step.
    fn curvature<'o, 'a>(&self, objective: &'o Objective<'a, T>) -> Result<CurvatureAt<'o, 'a, T>, CurvatureError> {
        self.options.curvature.at(objective, self.memory.steps.saturating_add(1))
    }

    fn solved(
        &self,
        point: &Point<'_, T>,
        objective: &Objective<'_, T>,
        curvature: &CurvatureAt<'_, '_, T>,
    ) -> Result<(Vec<T>, Option<CgLog>), OptimError> {
        let options = &self.options;
        let damping = Damping { damping: self.memory.damping, weight_decay: options.weight_decay };
        match options.solver {
            Solver::Exact => {
                options.memory.check(exact::system_size(options.curvature, point.graph, &point.batch))?;
                let (batch, drawn) = (&point.batch, curvature.drawn());
                let direction = exact::direction(options.curvature, &point.at, &point.decayed, batch, drawn, damping)?;
                Ok((direction, None))
            }
            Solver::Cg(cg) => {
                let diagonal = match cg.preconditioned {
                    true => Some(Fisher::empirical(objective)?.diagonal()?),
                    false => None,
                };
                let (previous, total) = (&self.memory.direction, damping.total());
                let (direction, log) = cg.direction(curvature, total, &point.gradient, previous, diagonal.as_ref())?;
                Ok((direction, Some(log)))
            }
        }
    }

    /// Returns the parameters after the step, if it is taken, and the new memory.
    fn stepped(&self, point: &Point<'_, T>) -> Result<(Option<Vec<T>>, Memory<T>), OptimError> {
        let options = &self.options;
        let objective = point.objective()?;
        let curvature = self.curvature(&objective)?;
        let (direction, cg) = self.solved(point, &objective, &curvature)?;
        let mut velocity = direction.clone();
        if options.momentum != 0.0 {
            let momentum = T::from_f64(options.momentum);
            velocity.iter_mut().zip(&self.memory.velocity).for_each(|(v, &before)| *v += momentum * before);
            // A line search needs a descent direction.
            if options.line_search.is_some() && inner(&point.gradient, &velocity) <= 0.0 {
                velocity.clone_from(&direction);
            }
        }
        let length = inner(&velocity, &velocity).sqrt();
        let learning_rate = options.learning_rate.now();
        let rate = match options.step_limit {
            Some(limit) if learning_rate * length > limit => limit / length,
            _ => learning_rate,
        };

        let (here, slope) = (point.value(), inner(&point.gradient, &velocity));
        let trial = match (options.line_search, options.adaptive_damping) {
            (Some(armijo), _) => {
                armijo.search(rate, here, slope, |rate| point.value_at(&point.moved(rate, &velocity)))?
            }
            (None, Some(_)) => Some(Trial { rate, loss: point.value_at(&point.moved(rate, &velocity))? }),
            (None, None) => Some(Trial { rate, loss: f64::NAN }),
        };
        let mut taken = trial.is_some();
        let (mut next_damping, mut ratio) = (self.memory.damping, None);
        if let Some(rule) = options.adaptive_damping.filter(|_| length != 0.0) {
            let found = match trial {
                Some(Trial { rate, loss }) => {
                    taken &= !rule.rejects || loss < here;
                    reduction_ratio(loss - here, point.predicted(&curvature, rate, &velocity)?)
                }
                None => f64::NEG_INFINITY,
            };
            next_damping = rule.next(self.memory.damping, found);
            ratio = Some(found);
        }

        let rate = trial.filter(|_| taken).map_or(0.0, |trial| trial.rate);
        let moved = taken.then(|| point.moved(rate, &velocity));
        // A step that is not taken adds no momentum.
        let velocity = if taken && options.momentum != 0.0 { velocity } else { Vec::new() };
        let memory = Memory {
            damping: next_damping,
            steps: self.memory.steps.saturating_add(1),
            failed_searches: self.memory.failed_searches + u32::from(trial.is_none()),
            rejected_steps: self.memory.rejected_steps + u32::from(trial.is_some() && !taken),
            velocity,
            direction: if matches!(options.solver, Solver::Cg(_)) { direction } else { Vec::new() },
            log: Some(StepLog { damping: self.memory.damping, rate, reduction_ratio: ratio, cg }),
        };
        Ok((moved, memory))
    }
}
