//! The attack of Carlini and Wagner in the L2 norm.

use crate::checked_model::{CheckedModel, Slopes};
use crate::loss::AttackLoss;
use crate::minimal::Minimal;
use crate::options::{check_count, check_positive_up_to};
use crate::subject::Subject;
use crate::survivors::Survivors;
use crate::{Attack, AttackError, Ball, Norm, Outcome, Transferred};
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Minimizes `‖x′ − x‖² + c · max(z_y − max_{k≠y} z_k + κ, 0)` over images `x′ = (tanh w + 1) / 2` with Adam, and
/// searches for the smallest `c` with which the class changes (Carlini & Wagner 2017, "Towards evaluating the
/// robustness of neural networks", section VI.A, untargeted).
///
/// The defaults equal the defaults of the authors' program. They compute up to 90 000 gradients per image; with 1000 steps the
/// distances are hardly longer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarliniWagner {
    /// The number of Adam steps for each `c`, at least 1.
    pub steps: usize,
    /// Adam's learning rate, above 0 and at most a million.
    pub learning_rate: f64,
    /// The first `c`, above 0 and at most 10¹⁰.
    pub initial_constant: f64,
    /// The number of values of `c` tried, at least 1. `c` is multiplied by ten until one succeeds, up to 10¹⁰, and then
    /// bisected.
    pub search_steps: usize,
    /// The margin by which another logit has to exceed the label's: `κ`, 0 or more.
    pub confidence: f64,
    /// Whether a descent stops if a tenth of its steps gains less than a ten-thousandth.
    pub abort_early: bool,
}

impl Default for CarliniWagner {
    fn default() -> Self {
        Self {
            steps: 10_000,
            learning_rate: 0.01,
            initial_constant: 1e-3,
            search_steps: 9,
            confidence: 0.0,
            abort_early: true,
        }
    }
}

const NAME: &str = "carlini-wagner";

/// Keeps `w` finite for pixels of 0 and 1, which `tanh` does not reach.
const INSIDE: f64 = 0.999_999;

/// The largest `c`, as in the authors' program.
const LARGEST_CONSTANT: f64 = 1e10;

/// Adam's decay rates of the mean and of the mean square, and the constant that keeps its divisor above zero.
const ADAM: (f64, f64, f64) = (0.9, 0.999, 1e-8);

impl<T: Scalar> Attack<T> for CarliniWagner {
    fn name(&self) -> &'static str {
        NAME
    }

    /// An image is a success if the perturbation found lies in the ball. The ball has to be an L2 ball.
    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        if ball.norm() != Norm::L2 {
            return Err(AttackError::Norm { attack: NAME, found: ball.norm(), expected: "l2" });
        }
        let subject = Subject::new(model, images, labels)?;
        self.search(&subject)?.within(NAME, &subject, ball)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.run(model, images, labels, ball)
    }

    fn transferred(&self) -> Transferred {
        Transferred::Nearest
    }

    fn run_many(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        balls: &[Ball],
    ) -> Result<Vec<Outcome<T>>, AttackError> {
        if let Some(ball) = balls.iter().find(|ball| ball.norm() != Norm::L2) {
            return Err(AttackError::Norm { attack: NAME, found: ball.norm(), expected: "l2" });
        }
        let subject = Subject::new(model, images, labels)?;
        let found = self.search(&subject)?;
        balls.iter().map(|&ball| found.within(NAME, &subject, ball)).collect()
    }
}

impl CarliniWagner {
    /// Returns the nearest adversarial image found for each image, in L2.
    ///
    /// # Errors
    /// Returns the errors of [`Attack::run`].
    pub fn minimal<T: Scalar>(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Minimal<T>, AttackError> {
        self.search(&Subject::new(model, images, labels)?)
    }

    fn search<T: Scalar>(&self, subject: &Subject<'_, T>) -> Result<Minimal<T>, AttackError> {
        check_count("steps", self.steps)?;
        check_count("search steps", self.search_steps)?;
        check_positive_up_to("learning rate", self.learning_rate, 1e6, "a number above 0 and at most a million")?;
        let expected = "a number above 0 and at most 1e10";
        check_positive_up_to("initial constant", self.initial_constant, LARGEST_CONSTANT, expected)?;
        if !(self.confidence.is_finite() && self.confidence >= 0.0) {
            let (option, found) = ("confidence", self.confidence.to_string());
            return Err(AttackError::Option { option, found, expected: "a finite number of at least 0" });
        }
        let mut found = Minimal::nothing(Norm::L2, subject);
        let survivors = Survivors::of(subject);
        let places = survivors.indices.iter().zip(&survivors.labels).zip(survivors.images.outer_iter());
        let mut descents: Vec<Descent<T>> = places
            .map(|((&place, &label), original)| Descent::new(place, label, original.to_vec(), self.initial_constant))
            .collect();
        for _ in 0..self.search_steps {
            descents.par_iter_mut().for_each(Descent::start);
            descents = self.descend(subject.model, descents, &mut found)?;
            descents.iter_mut().for_each(Descent::choose_constant);
        }
        Ok(found)
    }

    /// Runs the descent with each image's constant. Returns all descents in the order in which they stopped.
    fn descend<T: Scalar>(
        &self,
        model: CheckedModel<'_, T>,
        mut running: Vec<Descent<T>>,
        found: &mut Minimal<T>,
    ) -> Result<Vec<Descent<T>>, AttackError> {
        let mut ended = Vec::with_capacity(running.len());
        let width = running.first().map_or(0, |descent| descent.original.len());
        let mut shown = vec![T::zero(); running.len() * width];
        for step in 0..self.steps {
            if running.is_empty() {
                break;
            }
            shown.truncate(running.len() * width);
            let rows = shown.par_chunks_mut(width.max(1)).zip(&mut running);
            rows.for_each(|(row, descent)| descent.show(row));
            let images = ArrayView2::from_shape((running.len(), width), &shown).map_err(|_| broken(&running))?;
            let slopes = model.slopes(images, &|i, logits, cotangent| {
                if let Some(descent) = running.get(i) {
                    // The hinge has a slope until the image is adversarial. At a tie its value is 0, but the image is
                    // still classified as its label.
                    let short = AttackLoss::Margin.value(logits, descent.label).as_f64() < self.confidence;
                    if short || predicted(logits) == Some(descent.label) {
                        AttackLoss::Margin.gradient_into(logits, descent.label, T::one(), cotangent);
                    }
                }
            });
            let placed = |error: AttackError| error.placed(|i| running.get(i).map(|descent| descent.place));
            let Slopes { logits, gradients, predicted: classes } = slopes.map_err(placed)?;
            found.passes.gradients += running.len();
            let answers = logits.outer_iter().into_par_iter().zip(gradients.outer_iter()).zip(&classes);
            let rows = shown.par_chunks(width.max(1)).zip(&mut running).zip(answers);
            rows.for_each(|((row, descent), ((logits, gradient), &class))| {
                if let (Some(logits), Some(gradient)) = (logits.as_slice(), gradient.as_slice()) {
                    let margin = AttackLoss::Margin.value(logits, descent.label).as_f64();
                    descent.note(row, class != descent.label && margin >= self.confidence, margin - self.confidence);
                    self.step(step, gradient, row, descent);
                }
            });
            for (row, descent) in shown.chunks(width.max(1)).zip(&running) {
                if let Some(distance) = descent.adversarial_at {
                    found.offer(descent.place, distance, row);
                }
            }
            if self.abort_early && step % (self.steps / 10).max(1) == 0 {
                for i in (0..running.len()).rev() {
                    if running.get_mut(i).is_some_and(Descent::has_stalled) {
                        ended.push(running.swap_remove(i));
                    }
                }
            }
        }
        ended.append(&mut running);
        Ok(ended)
    }

    /// A step of Adam, with the gradient of the margin with respect to the image.
    fn step<T: Scalar>(&self, step: usize, gradient: &[T], row: &[T], descent: &mut Descent<T>) {
        let (decay, square_decay, tiny) = ADAM;
        let taken = (step + 1) as f64;
        let corrected = (1.0 - square_decay.powf(taken)).sqrt() / (1.0 - decay.powf(taken));
        let rate = T::from_f64(self.learning_rate * corrected);
        let (decay, square_decay, tiny) = (T::from_f64(decay), T::from_f64(square_decay), T::from_f64(tiny));
        let (one, two, constant) = (T::one(), T::from_f64(2.0), T::from_f64(descent.constant));
        let pixels = row.iter().zip(&descent.original).zip(gradient);
        let moments = descent.mean.iter_mut().zip(&mut descent.square);
        for (((&a, &x), &g), ((mean, square), w)) in pixels.zip(moments.zip(&mut descent.w)) {
            // The derivative of (tanh w + 1) / 2 is 2 a (1 − a).
            let slope = (two * (a - x) - constant * g) * two * a * (one - a);
            *mean = decay * *mean + (one - decay) * slope;
            *square = square_decay * *square + (one - square_decay) * slope * slope;
            *w -= rate * *mean / (square.sqrt() + tiny);
        }
    }
}

/// The descent of one image.
struct Descent<T> {
    /// The image's index in the batch.
    place: usize,
    label: usize,
    original: Vec<T>,
    /// The weight of the logits. The next two fields are its lower and upper bounds.
    constant: f64,
    too_small: f64,
    large_enough: f64,
    w: Vec<T>,
    /// Adam's running mean and mean square of the slope.
    mean: Vec<T>,
    square: Vec<T>,
    /// The distance of the present image from the original, if the present image is adversarial.
    adversarial_at: Option<f64>,
    /// Whether any image of this descent was adversarial.
    reached: bool,
    /// The objective at present and at the last check for progress.
    loss: f64,
    loss_before: f64,
}

impl<T: Scalar> Descent<T> {
    fn new(place: usize, label: usize, original: Vec<T>, constant: f64) -> Self {
        Self {
            place,
            label,
            original,
            constant,
            too_small: 0.0,
            large_enough: f64::INFINITY,
            w: Vec::new(),
            mean: Vec::new(),
            square: Vec::new(),
            adversarial_at: None,
            reached: false,
            loss: f64::INFINITY,
            loss_before: f64::INFINITY,
        }
    }

    /// Restarts from the original.
    fn start(&mut self) {
        self.w = self.original.iter().map(|x| T::from_f64(((2.0 * x.as_f64() - 1.0) * INSIDE).atanh())).collect();
        self.mean = vec![T::zero(); self.original.len()];
        self.square = self.mean.clone();
        (self.reached, self.loss, self.loss_before) = (false, f64::INFINITY, f64::INFINITY);
    }

    fn show(&self, row: &mut [T]) {
        let half = T::from_f64(0.5);
        row.iter_mut().zip(&self.w).for_each(|(a, w)| *a = half * (w.tanh() + T::one()));
    }

    /// Records the result of the present image. `beyond` is its margin minus the confidence.
    fn note(&mut self, row: &[T], adversarial: bool, beyond: f64) {
        let distance = Norm::L2.distance(&self.original, row);
        self.loss = distance * distance + self.constant * (-beyond).max(0.0);
        self.adversarial_at = adversarial.then_some(distance);
        self.reached |= adversarial;
    }

    /// Whether the objective improved too little since the last check.
    fn has_stalled(&mut self) -> bool {
        let stalled = self.loss > 0.9999 * self.loss_before;
        self.loss_before = self.loss;
        stalled
    }

    /// Chooses the next constant: ten times the last one until one was large enough, then the midpoint of the bounds.
    fn choose_constant(&mut self) {
        if self.reached {
            self.large_enough = self.large_enough.min(self.constant);
        } else {
            self.too_small = self.too_small.max(self.constant);
        }
        self.constant = if self.large_enough.is_finite() {
            0.5 * (self.too_small + self.large_enough)
        } else {
            (10.0 * self.constant).min(LARGEST_CONSTANT)
        };
    }
}

fn broken<T>(descents: &[Descent<T>]) -> AttackError {
    let image = descents.first().map_or(0, |descent| descent.place);
    AttackError::Broken { attack: NAME, image, what: "differs in size from the original" }
}
