//! One second-order step.

use super::adaptive_damping::reduction_ratio;
use super::curvature_at::{CurvatureAt, on_host};
use super::exact::{self, Damping};
use super::line_search::Trial;
use super::memory::{Memory, StepLog};
use super::optimizer::SecondOrder;
use super::solver::{CgLog, Solver};
use crate::range::{POSITIVE, check};
use crate::vectors::inner;
use crate::{OptimError, Optimizer, OptimizerState};
use minima_autodiff::{Batch, Graph, Scalar, StepReport};
use minima_curvature::{BatchCurvature, CurvatureEngine, CurvatureError, Fisher, HostCurvature, LinearOperator};

/// The loss with the weight decay's term, `F(θ) = ℓ(θ) + δ‖Dθ‖²/2`, at the parameters before the step. D keeps the
/// parameters that decay and sets the others to 0.
struct Point<'p, 'a, T: Scalar> {
    graph: &'p Graph,
    params: &'p [T],
    weight_decay: f64,
    /// The batch, evaluated once per step.
    batch: &'p dyn BatchCurvature<'a, T>,
    /// `Dθ`.
    decayed: Vec<T>,
    /// `∇F`.
    gradient: Vec<T>,
}

impl<'p, 'a, T: Scalar> Point<'p, 'a, T> {
    fn new(
        graph: &'p Graph,
        params: &'p [T],
        batch: &'p dyn BatchCurvature<'a, T>,
        weight_decay: f64,
    ) -> Result<Self, OptimError> {
        let mut gradient = batch.gradient()?;
        let delta = T::from_f64(weight_decay);
        let decayed = graph.decayed(params);
        gradient.iter_mut().zip(&decayed).for_each(|(g, &p)| *g += delta * p);
        Ok(Self { graph, params, weight_decay, batch, decayed, gradient })
    }

    /// F at these parameters.
    fn value(&self) -> f64 {
        self.batch.report().loss + self.penalty(self.params)
    }

    /// F at other parameters.
    fn value_at(&self, params: &[T]) -> Result<f64, OptimError> {
        Ok(self.batch.mean_loss_at(params)? + self.penalty(params))
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

impl<T: Scalar, E: CurvatureEngine<T>> Optimizer<T, E> for SecondOrder<T> {
    fn step(&mut self, engine: &E, params: &mut E::Vector, batch: &E::Batch<'_>) -> Result<E::Report, OptimError> {
        self.check_in_precision()?;
        // Nothing is changed until everything has succeeded.
        let (report, moved, memory) = {
            let params = &*params;
            let (report, batch) = engine.curved(params, batch)?;
            let numbers = engine.numbers(params)?;
            let point = Point::new(engine.network(), &numbers, &batch, self.options.weight_decay)?;
            let (moved, memory) = self.stepped(&point)?;
            (report, moved, memory)
        };
        if let Some(moved) = moved {
            engine.overwrite(params, moved)?;
        }
        self.memory = memory;
        Ok(report)
    }

    /// The exact solver uses the damping in double precision, conjugate gradients in the network's precision.
    fn check(&self) -> Result<(), OptimError> {
        self.check_in_precision()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.options.learning_rate.set_factor(factor);
    }

    fn state(&self, _engine: &E) -> Result<OptimizerState, OptimError> {
        Ok(self.memory.state())
    }

    fn restore(&mut self, engine: &E, state: &OptimizerState) -> Result<(), OptimError> {
        self.memory = Memory::of(state, engine.network().parameter_count())?;
        Ok(())
    }
}

impl<T: Scalar> SecondOrder<T> {
    fn check_in_precision(&self) -> Result<(), OptimError> {
        match self.options.solver {
            Solver::Exact => check::<f64>("damping", self.memory.damping, POSITIVE)?,
            Solver::Cg(_) => check::<T>("damping", self.memory.damping, POSITIVE)?,
        }
        self.options.check::<T>()
    }

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
        self.check_in_precision()?;
        let batch = HostCurvature::new(graph, params, batch)?;
        let point = Point::new(graph, params, &batch, self.options.weight_decay)?;
        let (direction, _) = self.solved(&point, &self.curvature(&batch)?)?;
        Ok((batch.report, direction))
    }

    /// The curvature of the next step.
    fn curvature<'s, 'a>(&self, batch: &'s dyn BatchCurvature<'a, T>) -> Result<CurvatureAt<'s, 'a, T>, OptimError> {
        CurvatureAt::new(self.options.curvature, batch, self.memory.steps.saturating_add(1))
    }

    fn solved(
        &self,
        point: &Point<'_, '_, T>,
        curvature: &CurvatureAt<'_, '_, T>,
    ) -> Result<(Vec<T>, Option<CgLog>), OptimError> {
        let options = &self.options;
        let damping = Damping { damping: self.memory.damping, weight_decay: options.weight_decay };
        match options.solver {
            Solver::Exact => {
                let host = on_host(point.batch, "the exact solver with options that `GaussNewton` does not have")?;
                options.memory.check(exact::system_size(options.curvature, point.graph, &host.batch))?;
                let (at, drawn) = (host.linearization()?, curvature.drawn());
                let direction = exact::direction(options.curvature, at, &point.decayed, &host.batch, drawn, damping)?;
                Ok((direction, None))
            }
            Solver::Cg(cg) => {
                let diagonal = match cg.preconditioned {
                    true => {
                        let host = on_host(point.batch, "the preconditioner of conjugate gradients")?;
                        Some(Fisher::empirical(&host.objective)?.diagonal()?)
                    }
                    false => None,
                };
                let (previous, total) = (&self.memory.direction, damping.total());
                let (direction, log) = cg.direction(curvature, total, &point.gradient, previous, diagonal.as_ref())?;
                Ok((direction, Some(log)))
            }
        }
    }

    /// Returns the parameters after the step, if it is taken, and the new memory.
    fn stepped(&self, point: &Point<'_, '_, T>) -> Result<(Option<Vec<T>>, Memory<T>), OptimError> {
        let options = &self.options;
        let curvature = self.curvature(point.batch)?;
        let (direction, cg) = self.solved(point, &curvature)?;
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
