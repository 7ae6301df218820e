//! FAB-T, the targeted fast adaptive boundary attack.

use crate::checked_model::CheckedModel;
use crate::hyperplane::Hyperplanes;
use crate::loss::AttackLoss;
use crate::minimal::Minimal;
use crate::options::{check_count, check_positive_up_to, check_share};
use crate::subject::Subject;
use crate::survivors::{Survivors, retain_items, retain_rows};
use crate::{Attack, AttackError, Ball, Norm, Outcome, Passes, Transferred};
use minima_autodiff::{Classifier, ImageLoss, Scalar, mixed_dot};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Steps along the boundary between the label and a target class to the nearest image beyond it (Croce & Hein 2020,
/// "Minimally distorted adversarial examples with a fast adaptive boundary attack", algorithm 1, with one target class
/// at a time as in AutoAttack).
///
/// A step mixes two projections onto the linearized boundary, from the present image and from the original, and goes
/// slightly beyond it. An image beyond the boundary is pulled back towards the original. The search is deterministic
/// and does not depend on a radius. Within a [`Ball`], the search for an image stops at the first misclassified image
/// inside the ball.
///
/// The defaults equal AutoAttack's `standard`, with one start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FabT {
    /// The number of steps towards each target, at least 1.
    pub steps: usize,
    /// The largest weight of the step from the original, 0 to 1.
    pub alpha_max: f64,
    /// The length of a step as a multiple of the distance to the boundary; above 0 and at most 1000.
    pub overshoot: f64,
    /// The share of the perturbation that remains after pulling back an image beyond the boundary, 0 to 1.
    pub pull_back: f64,
    /// The number of target classes, at least 1. Classes with the largest logits come first.
    pub targets: usize,
}

impl Default for FabT {
    fn default() -> Self {
        Self { steps: 100, alpha_max: 0.1, overshoot: 1.05, pull_back: 0.9, targets: 9 }
    }
}

const NAME: &str = "fab-t";

/// Lower bound of the step lengths from which the weight of the two steps is computed.
const SHORTEST: f64 = 1e-8;

impl<T: Scalar> Attack<T> for FabT {
    fn name(&self) -> &'static str {
        NAME
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        let subject = Subject::new(model, images, labels)?;
        let mut adversarial = images.as_standard_layout().into_owned();
        let mut passes = subject.passes();
        self.pursue(subject.model, Survivors::of(&subject), ball, &mut adversarial, &mut passes)?;
        Outcome::verified(NAME, &subject, ball, adversarial, passes)
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
        Transferred::FirstSuccess
    }
}

impl FabT {
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
        let subject = Subject::new(model, images, labels)?;
        let mut found = Minimal::nothing(norm, &subject);
        let mut passes = found.passes;
        let mut offer = |place: usize, distance: f64, image: &[T]| {
            found.offer(place, distance, image);
            true
        };
        let mut search = Search { fab: *self, model: subject.model, norm, offer: &mut offer, passes: &mut passes };
        search.run(Survivors::of(&subject))?;
        found.passes = passes;
        Ok(found)
    }

    /// Attacks the survivors and writes the images misclassified within the ball to their rows of `adversarial`.
    fn pursue<T: Scalar>(
        &self,
        model: CheckedModel<'_, T>,
        survivors: Survivors<T>,
        ball: Ball,
        adversarial: &mut Array2<T>,
        passes: &mut Passes,
    ) -> Result<(), AttackError> {
        let mut offer = |place: usize, distance: f64, image: &[T]| {
            let inside = distance <= ball.epsilon();
            if inside {
                adversarial.row_mut(place).iter_mut().zip(image).for_each(|(to, &a)| *to = a);
            }
            !inside
        };
        Search { fab: *self, model, norm: ball.norm(), offer: &mut offer, passes }.run(survivors)
    }

    /// Returns [`AttackError::Option`] if an option is invalid.
    fn check(&self) -> Result<(), AttackError> {
        check_count("steps", self.steps)?;
        check_count("targets", self.targets)?;
        check_share("largest share of the original's step", self.alpha_max)?;
        check_share("pull back", self.pull_back)?;
        check_positive_up_to("overshoot", self.overshoot, 1000.0, "a number above 0 and at most 1000")
    }

    /// A step of one image. The target's logit exceeds the label's by `lead`.
    fn step<T: Scalar>(&self, norm: Norm, original: &[T], normal: &[T], lead: T, row: &mut [T]) {
        let moved: Vec<T> = row.iter().zip(original).map(|(&a, &x)| a - x).collect();
        let (mut here, mut there) = (vec![T::zero(); row.len()], vec![T::zero(); row.len()]);
        let planes = Hyperplanes::new(norm, normal);
        // A step shorter than the pixels' precision would not move away from a point of equal logits.
        let rise = if lead > T::zero() { -lead } else { planes.least_rise(-lead) };
        planes.step(row, rise, &mut here);
        planes.step(original, mixed_dot(&moved, normal) + rise, &mut there);
        let (near, far) = (norm.of(&here).max(SHORTEST), norm.of(&there).max(SHORTEST));
        let alpha = T::from_f64((near / (near + far)).min(self.alpha_max));
        let (rest, eta) = (T::one() - alpha, T::from_f64(self.overshoot));
        for (((a, &x), &here), &there) in row.iter_mut().zip(original).zip(&here).zip(&there) {
            *a = ((*a + eta * here) * rest + (x + eta * there) * alpha).max(T::zero()).min(T::one());
        }
    }
}

/// Receives an adversarial image with its index in the batch and its distance. Returns whether to continue with the
/// image.
type Offer<'a, T> = dyn FnMut(usize, f64, &[T]) -> bool + 'a;

/// A search and the callback that receives its results.
struct Search<'a, T> {
    fab: FabT,
    model: CheckedModel<'a, T>,
    norm: Norm,
    offer: &'a mut Offer<'a, T>,
    passes: &'a mut Passes,
}

impl<T: Scalar> Search<'_, T> {
    /// Tries the targets one after the other.
    fn run(&mut self, mut left: Survivors<T>) -> Result<(), AttackError> {
        self.fab.check()?;
        if left.is_empty() {
            return Ok(());
        }
        let answer = left.logits(self.model, &left.images, self.passes)?;
        let rows = answer.logits.outer_iter().zip(&left.labels);
        let mut targets: Vec<Vec<usize>> = rows.map(|(z, &label)| others(&z.to_vec(), label)).collect();
        for rank in 0..self.fab.targets.min(self.model.classes().saturating_sub(1)) {
            self.towards(rank, &mut left, &mut targets)?;
        }
        Ok(())
    }

    /// Searches towards each image's target of one rank.
    fn towards(
        &mut self,
        rank: usize,
        left: &mut Survivors<T>,
        targets: &mut Vec<Vec<usize>>,
    ) -> Result<(), AttackError> {
        let (fab, norm) = (self.fab, self.norm);
        let mut present = left.images.clone();
        for _ in 0..fab.steps {
            if left.is_empty() {
                break;
            }
            let loss = |i: usize| {
                // An image without a target of this rank uses its label as target: the margin is 0 everywhere and the
                // image does not move.
                let target = targets.get(i).and_then(|targets| targets.get(rank)).or(left.labels.get(i));
                AttackLoss::TargetedMargin { target: target.copied().unwrap_or_default() }
            };
            let slopes = left.slopes(self.model, &present, &loss, self.passes)?;
            let rows = present.axis_iter_mut(Axis(0)).into_par_iter().zip(left.images.axis_iter(Axis(0)));
            let rows = rows.zip(slopes.gradients.axis_iter(Axis(0))).zip(slopes.logits.axis_iter(Axis(0)));
            rows.zip(&left.labels).enumerate().for_each(|(i, ((((mut row, original), normal), logits), &label))| {
                if let (Some(row), Some(original), Some(normal), Some(logits)) =
                    (row.as_slice_mut(), original.as_slice(), normal.as_slice(), logits.as_slice())
                {
                    fab.step(norm, original, normal, loss(i).value(logits, label), row);
                }
            });
            let answer = left.logits(self.model, &present, self.passes)?;
            let robust = left.standing(&answer.predicted);
            let rows = present.axis_iter(Axis(0)).into_par_iter().zip(left.images.axis_iter(Axis(0)));
            let distances = rows.zip(&robust).map(|((row, original), &robust)| {
                if robust { None } else { Some(norm.distance(original.as_slice()?, row.as_slice()?)) }
            });
            let distances: Vec<Option<f64>> = distances.collect();
            let rows = left.indices.iter().zip(present.outer_iter()).zip(&distances);
            let keep: Vec<bool> = rows
                .map(|((&place, row), distance)| match (distance, row.as_slice()) {
                    (&Some(distance), Some(row)) => (self.offer)(place, distance, row),
                    _ => true,
                })
                .collect();
            let share = T::from_f64(fab.pull_back);
            let rows = present.axis_iter_mut(Axis(0)).into_par_iter().zip(left.images.axis_iter(Axis(0)));
            rows.zip(&robust).filter(|(_, robust)| !**robust).for_each(|((mut row, original), _)| {
                row.zip_mut_with(&original, |a, &x| *a = x + (*a - x) * share);
            });
            if keep.contains(&false) {
                left.retain(&keep);
                retain_rows(&mut present, &keep);
                retain_items(targets, &keep);
            }
        }
        Ok(())
    }
}

/// Returns the classes other than the label whose logit is not −∞, sorted by decreasing logit.
fn others<T: Scalar>(logits: &[T], label: usize) -> Vec<usize> {
    let reachable = logits.iter().copied().enumerate().filter(|&(c, z)| c != label && z.is_finite());
    let mut classes: Vec<(usize, T)> = reachable.collect();
    classes.sort_by(|(_, a), (_, b)| b.as_f64().total_cmp(&a.as_f64()));
    classes.into_iter().map(|(class, _)| class).collect()
}
