//! Gradient ascent on the loss with steps of fixed length, shared by BIM, PGD and MI-FGSM.

use crate::attack::Stopping;
use crate::checked_model::CheckedModel;
use crate::direction::climb;
use crate::options::{check_count, check_restarts, check_share, check_step_size};
use crate::start::{self, Draw};
use crate::subject::Subject;
use crate::survivors::{Survivors, retain_rows};
use crate::{AttackError, Ball, Outcome, Passes};
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use minima_faults::{Fault, planted};
use minima_rng::Key;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// Gradient ascent on a loss.
#[derive(Debug)]
pub(crate) struct Ascent<'l, T> {
    /// The name of the attack.
    pub attack: &'static str,
    pub loss: &'l dyn ImageLoss<T>,
    pub steps: usize,
    /// The length of a step, as a share of the radius.
    pub step_size: f64,
    /// The weight of the accumulated direction in the next one; `None` uses the gradient alone.
    pub decay: Option<f64>,
    pub random_start: bool,
    pub restarts: usize,
    pub seed: u64,
}

impl<T: Scalar> Ascent<'_, T> {
    /// Attacks every image within its ball.
    pub(crate) fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
        stopping: Stopping,
    ) -> Result<Outcome<T>, AttackError> {
        check_count("steps", self.steps)?;
        check_step_size(self.step_size)?;
        check_restarts(self.restarts)?;
        check_share("decay", self.decay.unwrap_or_default())?;
        let subject = Subject::new(model, images, labels)?;
        let mut trace = Trace { adversarial: images.to_owned(), passes: subject.passes() };
        let mut left = Survivors::of(&subject);
        for (start, key) in Key::new(self.seed).split_n(self.restarts).into_iter().enumerate() {
            let present = match self.random_start || start > 0 {
                true => start::random(&left, ball, Draw::Inside, key),
                false => left.images.clone(),
            };
            self.climb(subject.model, ball, present, stopping, &mut left, &mut trace)?;
        }
        Outcome::verified(self.attack, &subject, ball, trace.adversarial, trace.passes)
    }

    /// One ascent of the images that are still robust.
    fn climb(
        &self,
        model: CheckedModel<'_, T>,
        ball: Ball,
        mut present: Array2<T>,
        stopping: Stopping,
        left: &mut Survivors<T>,
        trace: &mut Trace<T>,
    ) -> Result<(), AttackError> {
        let mut velocity = self.decay.map(|_| Array2::zeros(present.raw_dim()));
        for _ in 0..self.steps {
            if left.is_empty() {
                return Ok(());
            }
            let slopes = left.slopes(model, &present, &|_| self.loss, &mut trace.passes)?;
            let keep = match stopping {
                Stopping::AtSuccess => left.standing(&slopes.predicted),
                Stopping::Never => vec![true; left.len()],
            };
            left.write_fallen(&mut trace.adversarial, &present, &keep);
            let directions = match (&mut velocity, self.decay) {
                (Some(velocity), Some(decay)) => {
                    accelerate(velocity, &slopes.gradients, T::from_f64(decay));
                    velocity
                }
                _ => &slopes.gradients,
            };
            self.step(ball, &left.images, directions, &mut present);
            if keep.contains(&false) {
                retain_rows(&mut present, &keep);
                left.retain(&keep);
                velocity.iter_mut().for_each(|velocity| retain_rows(velocity, &keep));
            }
        }
        if !left.is_empty() {
            let answer = left.logits(model, &present, &mut trace.passes)?;
            left.write_to(&mut trace.adversarial, &present);
            left.retain(&left.standing(&answer.predicted));
        }
        Ok(())
    }

    /// Takes a step for every image and projects it into its ball.
    fn step(&self, ball: Ball, originals: &Array2<T>, directions: &Array2<T>, present: &mut Array2<T>) {
        let length = self.step_size * ball.epsilon();
        let rows = present.axis_iter_mut(Axis(0)).into_par_iter().zip(originals.axis_iter(Axis(0)));
        rows.zip(directions.axis_iter(Axis(0))).for_each(|((mut row, original), direction)| {
            if let (Some(row), Some(original), Some(direction)) =
                (row.as_slice_mut(), original.as_slice(), direction.as_slice())
            {
                climb(ball.norm(), length, direction, row);
                if !planted(Fault::NotProjected) {
                    ball.project(original, row);
                }
            }
        });
    }
}

/// The results of the ascents so far.
struct Trace<T> {
    adversarial: Array2<T>,
    passes: Passes,
}

/// `v ← decay · v + g / ‖g‖₁` for every image.
fn accelerate<T: Scalar>(velocity: &mut Array2<T>, gradients: &Array2<T>, decay: T) {
    let rows = velocity.axis_iter_mut(Axis(0)).into_par_iter().zip(gradients.axis_iter(Axis(0)));
    rows.for_each(|(mut v, g)| {
        let size: f64 = g.iter().map(|g| g.as_f64().abs()).sum();
        let scale = if size > 0.0 { 1.0 / size } else { 0.0 };
        // The inverse of a subnormal size overflows; the quotients do not.
        let share = |g: f64| if scale.is_finite() { scale * g } else { g / size };
        v.zip_mut_with(&g, |v, g| *v = decay * *v + T::from_f64(share(g.as_f64())));
    });
}
