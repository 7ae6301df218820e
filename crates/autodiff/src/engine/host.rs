//! A graph as the engine on the CPU.

use super::{Batch, Engine, RuleMemory, StepReport, UpdateRule};
use crate::softmax_cross_entropy::count_correct;
use crate::{AutodiffError, DecayRun, Graph, Scalar};

/// The state of an update rule on the CPU.
#[derive(Clone, Debug)]
pub struct HostState<T> {
    steps: u32,
    memory: Vec<Vec<T>>,
}

impl<T> Default for HostState<T> {
    fn default() -> Self {
        Self { steps: 0, memory: Vec::new() }
    }
}

impl<T: Scalar> Engine<T> for Graph {
    type Vector = Vec<T>;
    type State = HostState<T>;
    type Batch<'b> = Batch<'b, T>;
    type Report = StepReport;

    fn gradient(&self, params: &Vec<T>, batch: &Batch<'_, T>) -> Result<(StepReport, Vec<T>), AutodiffError> {
        let (loss, labels) = (batch.loss(), batch.labels());
        loss.check(labels, batch.len(), self.classes())?;
        let share = T::one() / T::from_f64(loss.total_weight(labels));
        let of = loss.of::<T>();
        let cotangent = |i: usize, logits: &[T], out: &mut [T]| of.gradient_into(logits, labels[i], share, out);
        let (logits, gradient) = self.logits_and_vjp(params, batch.images(), &cotangent)?;
        let loss = loss.mean(logits.view(), labels)?;
        Ok((StepReport { loss, correct: count_correct(logits.view(), labels) }, gradient))
    }

    fn update(
        &self,
        rule: &dyn UpdateRule<T>,
        params: &mut Vec<T>,
        gradient: &Vec<T>,
        state: &mut HostState<T>,
    ) -> Result<(), AutodiffError> {
        self.check_params("parameters", params.len())?;
        self.check_params("gradient", gradient.len())?;
        state.steps = state.steps.saturating_add(1);
        state.memory.resize_with(rule.memory(), || vec![T::zero(); params.len()]);
        for DecayRun { range, decayed } in self.decay_runs() {
            let memory = state.memory.iter_mut().map(|vector| vector.get_mut(range.clone()).unwrap_or_default());
            let mut memory: Vec<&mut [T]> = memory.collect();
            rule.apply(state.steps, &mut params[range.clone()], &gradient[range.clone()], &mut memory, decayed);
        }
        Ok(())
    }

    fn descend(&self, params: &mut Vec<T>, rate: f64, direction: &Vec<T>) -> Result<(), AutodiffError> {
        self.check_params("parameters", params.len())?;
        self.check_params("direction", direction.len())?;
        let rate = T::from_f64(rate);
        for (p, &d) in params.iter_mut().zip(direction) {
            *p -= rate * d;
        }
        Ok(())
    }

    fn rule_memory(&self, state: &HostState<T>) -> Result<RuleMemory, AutodiffError> {
        let vectors = state.memory.iter().map(|vector| vector.iter().map(|x| x.as_f64()).collect()).collect();
        Ok(RuleMemory { steps: state.steps, vectors })
    }

    fn rule_state(&self, memory: &RuleMemory) -> Result<HostState<T>, AutodiffError> {
        for vector in &memory.vectors {
            self.check_params("an optimizer's vector", vector.len())?;
        }
        let vectors = memory.vectors.iter().map(|vector| vector.iter().map(|&x| T::from_f64(x)).collect()).collect();
        Ok(HostState { steps: memory.steps, memory: vectors })
    }
}
