//! DeepFool.

use crate::checked_model::CheckedModel;
use crate::loss::AttackLoss;
use crate::minimal::Minimal;
use crate::options::check_count;
use crate::subject::Subject;
use crate::survivors::{Survivors, retain_rows};
use crate::{Attack, AttackError, Ball, Norm, Outcome, Transferred};
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Steps to the nearest boundary of the linearized network, linearizes there, and repeats until the class changes
/// (Moosavi-Dezfooli, Fawzi & Frossard 2016, "DeepFool: a simple and accurate method to fool deep neural networks",
/// algorithm 2; eq. 11 and 12 for L∞).
///
/// As in the authors' program, a step is longer than the distance to the boundary by 10⁻⁴, so it moves past a point of
/// equal logits. Pixels are clipped to [0, 1] after each step. The attack accumulates the steps before clipping.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeepFool {
    /// The most linearizations per image, at least 1.
    pub steps: usize,
    /// The share by which the perturbation is lengthened to end beyond the boundary; 0 or more.
    pub overshoot: f64,
}

impl Default for DeepFool {
    fn default() -> Self {
        Self { steps: 50, overshoot: 0.02 }
    }
}

const NAME: &str = "deepfool";

/// The length added to the distance to the boundary.
const BEYOND: f64 = 1e-4;

impl<T: Scalar> Attack<T> for DeepFool {
    fn name(&self) -> &'static str {
        NAME
    }

    /// An image is a success if the perturbation found lies in the ball.
    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        let subject = Subject::new(model, images, labels)?;
        self.search(&subject, ball.norm())?.within(NAME, &subject, ball)
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
        let subject = Subject::new(model, images, labels)?;
        // One search per norm: it does not depend on the radius.
        let mut searched: Vec<Minimal<T>> = Vec::new();
        let mut outcomes = Vec::with_capacity(balls.len());
        for &ball in balls {
            let found = match searched.iter().position(|found| found.norm == ball.norm()) {
                Some(place) => searched.swap_remove(place),
                None => self.search(&subject, ball.norm())?,
            };
            outcomes.push(found.within(NAME, &subject, ball)?);
            searched.push(found);
        }
        Ok(outcomes)
    }
}

/// The nearest of the linearized boundaries for each image.
struct Boundaries<T> {
    /// Shape `(survivors, features)`.
    normals: Array2<T>,
    /// The distance to each boundary; infinite if no class has a gradient.
    distances: Vec<f64>,
}

impl DeepFool {
    /// Returns the nearest adversarial image found for each image.
    ///
    /// # Errors
    /// Returns the errors of [`Attack::run`].
    pub fn minimal<T: Scalar>(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        norm: Norm,
    ) -> Result<Minimal<T>, AttackError> {
        self.search(&Subject::new(model, images, labels)?, norm)
    }

    fn search<T: Scalar>(&self, subject: &Subject<'_, T>, norm: Norm) -> Result<Minimal<T>, AttackError> {
        check_count("steps", self.steps)?;
        if !(self.overshoot.is_finite() && self.overshoot >= 0.0) {
            let (option, found) = ("overshoot", self.overshoot.to_string());
            return Err(AttackError::Option { option, found, expected: "a finite number of at least 0" });
        }
        let mut found = Minimal::nothing(norm, subject);
        let mut left = Survivors::of(subject);
        let mut present = left.images.clone();
        // The sum of all steps so far, before the overshoot.
        let mut total = Array2::zeros(present.raw_dim());
        for _ in 0..self.steps {
            if left.is_empty() {
                break;
            }
            let nearest = nearest_boundaries(subject.model, &left, &present, norm, &mut found)?;
            let rows = present.axis_iter_mut(Axis(0)).into_par_iter().zip(total.axis_iter_mut(Axis(0)));
            let rows = rows.zip(left.images.axis_iter(Axis(0))).zip(nearest.normals.axis_iter(Axis(0)));
            rows.zip(&nearest.distances).for_each(|((((mut row, mut total), original), normal), &distance)| {
                if let (Some(row), Some(total), Some(original), Some(normal)) =
                    (row.as_slice_mut(), total.as_slice_mut(), original.as_slice(), normal.as_slice())
                {
                    self.step(norm, original, normal, distance, total, row);
                }
            });
            let answer = left.logits(subject.model, &present, &mut found.passes)?;
            let keep = left.standing(&answer.predicted);
            for (i, &place) in left.indices.iter().enumerate().filter(|&(i, _)| keep.get(i) == Some(&false)) {
                if let (Some(row), Some(original)) = (present.row(i).as_slice(), left.images.row(i).as_slice()) {
                    found.offer(place, norm.distance(original, row), row);
                }
            }
            left.retain(&keep);
            retain_rows(&mut present, &keep);
            retain_rows(&mut total, &keep);
        }
        Ok(found)
    }

    /// A step of one image.
    fn step<T: Scalar>(
        &self,
        norm: Norm,
        original: &[T],
        normal: &[T],
        distance: f64,
        total: &mut [f64],
        row: &mut [T],
    ) {
        let steepness = dual(norm, normal);
        if !distance.is_finite() || steepness == 0.0 {
            return;
        }
        let length = distance + BEYOND;
        let stretch = 1.0 + self.overshoot;
        for (((a, total), x), w) in row.iter_mut().zip(total).zip(original).zip(normal) {
            let w = w.as_f64();
            *total += match norm {
                Norm::Linf if w == 0.0 => 0.0,
                Norm::Linf => length * w.signum(),
                Norm::L2 => length * (w / steepness),
            };
            *a = T::from_f64((x.as_f64() + stretch * *total).clamp(0.0, 1.0));
        }
    }
}

/// Finds the nearest boundary between the label and another class for each image.
fn nearest_boundaries<T: Scalar>(
    model: CheckedModel<'_, T>,
    left: &Survivors<T>,
    present: &Array2<T>,
    norm: Norm,
    found: &mut Minimal<T>,
) -> Result<Boundaries<T>, AttackError> {
    let (count, classes) = (left.len(), model.classes());
    let mut nearest = Boundaries { normals: Array2::zeros(present.raw_dim()), distances: vec![f64::INFINITY; count] };
    for offset in 1..classes {
        let loss = |i: usize| {
            let label = left.labels.get(i).copied().unwrap_or_default();
            AttackLoss::TargetedMargin { target: (label + offset) % classes }
        };
        let slopes = left.slopes(model, present, &loss, &mut found.passes)?;
        let rows = nearest.normals.axis_iter_mut(Axis(0)).into_par_iter().zip(slopes.gradients.axis_iter(Axis(0)));
        let rows = rows.zip(slopes.logits.axis_iter(Axis(0))).zip(&left.labels).enumerate();
        rows.zip(&mut nearest.distances).for_each(|((i, (((mut normal, gradient), logits), &label)), distance)| {
            let (Some(gradient_slice), Some(logits)) = (gradient.as_slice(), logits.as_slice()) else { return };
            let steepness = dual(norm, gradient_slice);
            let there = loss(i).value(logits, label).as_f64().abs() / steepness;
            // A class with a zero gradient or a logit of −∞ cannot be reached.
            if steepness > 0.0 && there < *distance {
                *distance = there;
                normal.assign(&gradient);
            }
        });
    }
    Ok(nearest)
}

/// The dual norm: the largest increase of a linear function with this gradient over steps of length 1.
fn dual<T: Scalar>(norm: Norm, gradient: &[T]) -> f64 {
    match norm {
        Norm::Linf => gradient.iter().map(|g| g.as_f64().abs()).sum(),
        Norm::L2 => Norm::L2.of(gradient),
    }
}
