//! One run of Auto-PGD over the images that are still robust.

use crate::attack::Stopping;
use crate::checked_model::{CheckedModel, Slopes};
use crate::direction::climb;
use crate::loss::AttackLoss;
use crate::survivors::{Survivors, retain_items, retain_rows};
use crate::{AttackError, Ball, Passes};
use minima_autodiff::{ImageLoss, Scalar};
use ndarray::{Array2, Axis};
use rayon::prelude::*;

/// The weight of the new step; the rest is the weight of the previous step. The first step has weight 1.
const MOMENTUM: f64 = 0.75;

/// The parameters of a run.
pub(crate) struct Climb<'a, T> {
    pub steps: usize,
    pub rho: f64,
    pub ball: Ball,
    pub stopping: Stopping,
    pub model: CheckedModel<'a, T>,
}

/// When step sizes are checked.
struct Checkpoints {
    /// Steps from the last checkpoint to the next.
    period: usize,
    /// Steps since the last one.
    since: usize,
    /// By how much each period is shorter than the one before.
    shorter: usize,
    least: usize,
}

impl Checkpoints {
    fn of(steps: usize) -> Self {
        let share = |percent: usize| (steps * percent / 100).max(1);
        Self { period: share(22), since: 0, shorter: share(3), least: share(6) }
    }

    /// Counts a step. Returns the length of the period if this step completes it.
    fn passed(&mut self) -> Option<usize> {
        self.since += 1;
        if self.since < self.period {
            return None;
        }
        let period = self.period;
        self.period = period.saturating_sub(self.shorter).max(self.least);
        self.since = 0;
        Some(period)
    }
}

/// The state of the images that are still robust, one row or item per image.
struct State<'l, T> {
    present: Array2<T>,
    before: Array2<T>,
    gradients: Array2<T>,
    best: Array2<T>,
    best_gradients: Array2<T>,
    progress: Vec<Progress<'l, T>>,
}

/// The history of one image's loss.
#[derive(Clone, Copy)]
struct Progress<'l, T> {
    loss: &'l dyn ImageLoss<T>,
    step_size: f64,
    /// The loss at the last step.
    last: T,
    best: T,
    best_at_checkpoint: T,
    /// Steps since the last checkpoint that increased the loss.
    rises: usize,
    /// Whether the last checkpoint halved the step size.
    halved: bool,
}

impl<T: Scalar> Climb<'_, T> {
    /// Climbs from `present` with one loss per image and writes the results to `adversarial`. An image that stops at
    /// its first misclassification is written as it is then; any other is written at its largest loss. Misclassified
    /// images are removed from `left`.
    pub(crate) fn run(
        &self,
        left: &mut Survivors<T>,
        present: Array2<T>,
        losses: Vec<&dyn ImageLoss<T>>,
        adversarial: &mut Array2<T>,
        passes: &mut Passes,
    ) -> Result<(), AttackError> {
        if left.is_empty() {
            return Ok(());
        }
        let loss = |i: usize| losses.get(i).copied().unwrap_or(&AttackLoss::Margin);
        let slopes = left.slopes(self.model, &present, &loss, passes)?;
        let mut state = State::at(present, losses, slopes.gradients, 2.0 * self.ball.epsilon());
        state.first_losses(&slopes.logits, &left.labels);
        self.drop_fallen(&mut state, left, &slopes.predicted, adversarial);
        let mut checkpoints = Checkpoints::of(self.steps);
        for step in 0..self.steps {
            if left.is_empty() {
                return Ok(());
            }
            state.step(self.ball, &left.images, if step == 0 { 1.0 } else { MOMENTUM });
            let progress = &state.progress;
            let loss = |i: usize| progress.get(i).map_or(&AttackLoss::Margin as &dyn ImageLoss<T>, |p| p.loss);
            let slopes = left.slopes(self.model, &state.present, &loss, passes)?;
            state.look(&slopes, &left.labels);
            state.gradients = slopes.gradients;
            self.drop_fallen(&mut state, left, &slopes.predicted, adversarial);
            if let Some(period) = checkpoints.passed() {
                state.checkpoint(period as f64 * self.rho);
            }
        }
        left.write_to(adversarial, &state.best);
        if self.stopping == Stopping::Never && !left.is_empty() {
            let answer = left.logits(self.model, &state.best, passes)?;
            left.retain(&left.standing(&answer.predicted));
        }
        Ok(())
    }

    /// Removes misclassified images, unless all steps are to be taken.
    fn drop_fallen(
        &self,
        state: &mut State<'_, T>,
        left: &mut Survivors<T>,
        predicted: &[usize],
        adversarial: &mut Array2<T>,
    ) {
        if self.stopping == Stopping::AtSuccess {
            state.drop_fallen(left, predicted, adversarial);
        }
    }
}

impl<'l, T: Scalar> State<'l, T> {
    fn at(present: Array2<T>, losses: Vec<&'l dyn ImageLoss<T>>, gradients: Array2<T>, step_size: f64) -> Self {
        let start = |loss| Progress {
            loss,
            step_size,
            last: T::zero(),
            best: T::zero(),
            best_at_checkpoint: T::zero(),
            rises: 0,
            halved: true,
        };
        Self {
            before: present.clone(),
            best: present.clone(),
            best_gradients: gradients.clone(),
            progress: losses.into_iter().map(start).collect(),
            present,
            gradients,
        }
    }

    /// Sets the losses at the start. As in the reference implementation, the first step is compared with a loss of zero
    /// and not with the loss at the start.
    fn first_losses(&mut self, logits: &Array2<T>, labels: &[usize]) {
        for ((p, row), &label) in self.progress.iter_mut().zip(logits.outer_iter()).zip(labels) {
            p.best = p.loss.value(&row.to_vec(), label);
            p.best_at_checkpoint = p.best;
        }
    }

    /// Takes a step along the gradient, mixed with the previous step, and projects into the ball after each (eq. 3 and
    /// 4).
    fn step(&mut self, ball: Ball, originals: &Array2<T>, new: f64) {
        let (share, rest) = (T::from_f64(new), T::from_f64(1.0 - new));
        let rows = self.present.axis_iter_mut(Axis(0)).into_par_iter().zip(self.before.axis_iter_mut(Axis(0)));
        let rows = rows.zip(self.gradients.axis_iter(Axis(0))).zip(originals.axis_iter(Axis(0)));
        rows.zip(&self.progress).for_each(|((((mut present, mut before), gradient), original), progress)| {
            let (Some(present), Some(before)) = (present.as_slice_mut(), before.as_slice_mut()) else { return };
            let (Some(gradient), Some(original)) = (gradient.as_slice(), original.as_slice()) else { return };
            let mut next = present.to_vec();
            climb(ball.norm(), progress.step_size, gradient, &mut next);
            ball.project(original, &mut next);
            for ((next, &x), before) in next.iter_mut().zip(present.iter()).zip(before.iter_mut()) {
                *next = x + (*next - x) * share + (x - *before) * rest;
                *before = x;
            }
            ball.project(original, &mut next);
            present.copy_from_slice(&next);
        });
    }

    /// Records the losses at the present images and the best images.
    fn look(&mut self, slopes: &Slopes<T>, labels: &[usize]) {
        let rows = self.best.axis_iter_mut(Axis(0)).into_par_iter().zip(self.best_gradients.axis_iter_mut(Axis(0)));
        let now = self.present.axis_iter(Axis(0)).into_par_iter().zip(slopes.gradients.axis_iter(Axis(0)));
        let seen = self.progress.par_iter_mut().zip(slopes.logits.axis_iter(Axis(0))).zip(labels);
        rows.zip(now).zip(seen).for_each(
            |(((mut best, mut best_gradient), (present, gradient)), ((p, logits), &label))| {
                let loss = p.loss.value(&logits.to_vec(), label);
                p.rises += usize::from(loss > p.last);
                p.last = loss;
                if loss > p.best {
                    p.best = loss;
                    best.assign(&present);
                    best_gradient.assign(&gradient);
                }
            },
        );
    }

    /// Halves the step sizes of images that make no progress and returns these images to their best point (conditions 1
    /// and 2 of section 3).
    fn checkpoint(&mut self, enough: f64) {
        let best = self.best.outer_iter().zip(self.best_gradients.outer_iter());
        let now = self.present.outer_iter_mut().zip(self.gradients.outer_iter_mut());
        for ((p, (best, best_gradient)), (mut present, mut gradient)) in self.progress.iter_mut().zip(best).zip(now) {
            let no_better = !p.halved && p.best_at_checkpoint >= p.best;
            p.halved = p.rises as f64 <= enough || no_better;
            p.best_at_checkpoint = p.best;
            p.rises = 0;
            if p.halved {
                p.step_size /= 2.0;
                present.assign(&best);
                gradient.assign(&best_gradient);
            }
        }
    }

    /// Copies misclassified images to their rows of the batch and removes them from the state.
    fn drop_fallen(&mut self, left: &mut Survivors<T>, predicted: &[usize], adversarial: &mut Array2<T>) {
        let keep = left.standing(predicted);
        if keep.iter().all(|&keep| keep) {
            return;
        }
        left.write_fallen(adversarial, &self.present, &keep);
        left.retain(&keep);
        for rows in [&mut self.present, &mut self.before, &mut self.gradients, &mut self.best, &mut self.best_gradients]
        {
            retain_rows(rows, &keep);
        }
        retain_items(&mut self.progress, &keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_the_published_ones() {
        let mut checkpoints = Checkpoints::of(100);
        let passed: Vec<usize> = (1..=100).filter(|_| checkpoints.passed().is_some()).collect();
        assert_eq!(passed, [22, 41, 57, 70, 80, 87, 93, 99]);
    }
}
