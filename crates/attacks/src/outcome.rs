//! The outcome of an attack.

use crate::passes::Passes;
use crate::subject::Subject;
use crate::{AttackError, Ball};
use minima_autodiff::{Classifier, Scalar};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// The result of an attack for each image.
///
/// The crate verifies every image independently of the attack: it lies in the ball, its pixels are within [0, 1], and
/// it is classified again.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<T> {
    /// The ball of the attack.
    pub ball: Ball,
    /// The attacked images `(images, features)`, including those that were misclassified before the attack.
    pub adversarial: Array2<T>,
    /// Each image's class before the attack.
    pub predicted_before: Vec<usize>,
    /// Which images were classified correctly before the attack.
    pub clean_correct: Vec<bool>,
    /// Which of the correctly classified images are misclassified after the attack.
    pub success: Vec<bool>,
    /// Each image's class after the attack.
    pub predicted_after: Vec<usize>,
    /// The distance of each image from its original, in the ball's norm.
    pub distances: Vec<f64>,
    /// The passes of the attack for this ball alone, including the verification of its images.
    pub passes: Passes,
}

/// Whether the pixels of adversarial images have to stay within 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixels {
    Pictures,
    Free,
}

impl<T: Scalar> Outcome<T> {
    /// The outcome of an attack of one's own: verifies its images as the attacks of this crate are verified. `images` and
    /// `labels` are those the attack was given, `adversarial` its images in the same order.
    ///
    /// # Errors
    /// Returns [`AttackError::Broken`] if an image lies outside the ball or has a pixel outside [0, 1], and the errors of
    /// [`Attack::run`](crate::Attack::run) that concern the input.
    pub fn of(
        attack: &'static str,
        model: &dyn Classifier<T>,
        (images, labels): (ArrayView2<'_, T>, &[usize]),
        ball: Ball,
        adversarial: Array2<T>,
        passes: Passes,
    ) -> Result<Self, AttackError> {
        let subject = Subject::new(model, images, labels)?;
        if adversarial.dim() != images.dim() {
            return Err(AttackError::Option {
                option: "adversarial images",
                found: format!("{:?}", adversarial.dim()),
                expected: "one image for each attacked image, with as many pixels",
            });
        }
        let passes = passes + subject.passes();
        Self::verified(attack, &subject, ball, adversarial, passes)
    }

    /// Verifies the images of an attack and returns their outcome.
    ///
    /// # Errors
    /// Returns [`AttackError::Broken`] if an image lies outside the ball or has a pixel outside [0, 1], and the errors
    /// of the network, such as [`AttackError::NotFinite`].
    pub(crate) fn verified(
        attack: &'static str,
        subject: &Subject<'_, T>,
        ball: Ball,
        adversarial: Array2<T>,
        passes: Passes,
    ) -> Result<Self, AttackError> {
        Self::verified_as(Pixels::Pictures, attack, subject, ball, adversarial, passes)
    }

    /// Verifies images whose pixels need not be within [0, 1] if `pixels` is `Free`.
    pub(crate) fn verified_as(
        pixels: Pixels,
        attack: &'static str,
        subject: &Subject<'_, T>,
        ball: Ball,
        adversarial: Array2<T>,
        passes: Passes,
    ) -> Result<Self, AttackError> {
        let rows = adversarial.axis_iter(Axis(0)).into_par_iter().zip(subject.images.axis_iter(Axis(0)));
        let distances = rows.enumerate().map(|(image, (row, original))| {
            let broken = |what| AttackError::Broken { attack, image, what };
            if pixels == Pixels::Pictures && !row.iter().all(|a| (T::zero()..=T::one()).contains(a)) {
                return Err(broken("has pixels outside [0, 1]"));
            }
            let delta: Vec<f64> = row.iter().zip(&original).map(|(a, x)| a.as_f64() - x.as_f64()).collect();
            let distance = ball.norm().of(&delta);
            if ball.holds::<T>(distance) { Ok(distance) } else { Err(broken("is outside the ball")) }
        });
        let distances = distances.collect::<Result<Vec<f64>, AttackError>>()?;
        let predicted_after = subject.model.logits(adversarial.view())?.predicted;
        let labels = subject.labels;
        let clean_correct = subject.clean_correct();
        let after = predicted_after.iter().zip(labels).map(|(p, y)| p == y);
        let success = clean_correct.iter().zip(after).map(|(&before, after)| before && !after).collect();
        let passes = passes + Passes { gradients: 0, forwards: labels.len() };
        let predicted_before = subject.predicted.clone();
        Ok(Self { ball, adversarial, predicted_before, clean_correct, success, predicted_after, distances, passes })
    }
}

impl<T> Outcome<T> {
    /// The number of images classified correctly before the attack.
    #[must_use]
    pub fn correct(&self) -> usize {
        self.clean_correct.iter().filter(|&&correct| correct).count()
    }

    /// The number of images classified correctly before the attack and misclassified after it.
    #[must_use]
    pub fn successes(&self) -> usize {
        self.success.iter().filter(|&&success| success).count()
    }

    /// The number of images classified correctly before and after the attack.
    #[must_use]
    pub fn robust(&self) -> usize {
        self.clean_correct.iter().zip(&self.success).filter(|&(&correct, &success)| correct && !success).count()
    }

    /// The share of successes among the images classified correctly before the attack, 0 to 1; `None` if there are
    /// none.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        match self.correct() {
            0 => None,
            correct => Some(self.successes() as f64 / correct as f64),
        }
    }

    /// The share of all images that are classified correctly after the attack, 0 to 1; `None` if there are no images.
    #[must_use]
    pub fn robust_accuracy(&self) -> Option<f64> {
        match self.clean_correct.len() {
            0 => None,
            images => Some(self.robust() as f64 / images as f64),
        }
    }
}
