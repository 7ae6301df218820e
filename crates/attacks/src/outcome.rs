//! What an attack found.

use crate::subject::Subject;
use crate::{AttackError, Ball};
use minima_autodiff::Scalar;
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use std::ops::{Add, AddAssign};

/// What an attack did to each image.
///
/// Whatever the attack says, the crate checks the images itself: each lies in the ball, is a picture, and is classified
/// once more.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<T> {
    /// The ball it had.
    pub ball: Ball,
    /// The attacked images `(images, features)`, those that were wrong before among them.
    pub adversarial: Array2<T>,
    /// Each image's class before.
    pub predicted_before: Vec<usize>,
    /// Which images were classified correctly before.
    pub clean_correct: Vec<bool>,
    /// Which of those are classified wrongly after.
    pub success: Vec<bool>,
    /// Each image's class after.
    pub predicted_after: Vec<usize>,
    /// How far each image was moved, in the ball's norm.
    pub distances: Vec<f64>,
    /// What the attack asked of the network, run for this ball alone, and what the check of its images did.
    pub passes: Passes,
}

/// How often an attack had an image go through the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passes {
    /// Gradients with respect to the image, each with its logits.
    pub gradients: usize,
    /// Logits without a gradient.
    pub forwards: usize,
}

impl Passes {
    /// All passes.
    #[must_use]
    pub fn queries(self) -> usize {
        self.gradients + self.forwards
    }
}

impl Add for Passes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { gradients: self.gradients + other.gradients, forwards: self.forwards + other.forwards }
    }
}

impl AddAssign for Passes {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Whether the pixels of adversarial images have to stay within 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pixels {
    Pictures,
    Free,
}

impl<T: Scalar> Outcome<T> {
    /// The outcome of images that an attack made, after a check of every one.
    ///
    /// # Errors
    /// [`AttackError::Broken`] when an image lies outside the ball or is no picture; when its logits are NaN.
    pub(crate) fn verified(
        attack: &'static str,
        subject: &Subject<'_, T>,
        ball: Ball,
        adversarial: Array2<T>,
        passes: Passes,
    ) -> Result<Self, AttackError> {
        Self::verified_as(Pixels::Pictures, attack, subject, ball, adversarial, passes)
    }

    /// As [`verified`](Self::verified), of images that need not be pictures.
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
                return Err(broken("has pixels outside 0 to 1"));
            }
            let delta: Vec<f64> = row.iter().zip(&original).map(|(a, x)| a.as_f64() - x.as_f64()).collect();
            let distance = ball.norm().of(&delta);
            if ball.holds::<T>(distance) { Ok(distance) } else { Err(broken("lies outside the ball")) }
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
    /// Images classified correctly before the attack.
    #[must_use]
    pub fn correct(&self) -> usize {
        self.clean_correct.iter().filter(|&&correct| correct).count()
    }

    /// Images classified correctly before and wrongly after.
    #[must_use]
    pub fn successes(&self) -> usize {
        self.success.iter().filter(|&&success| success).count()
    }

    /// Images classified correctly before and after.
    #[must_use]
    pub fn robust(&self) -> usize {
        self.clean_correct.iter().zip(&self.success).filter(|&(&correct, &success)| correct && !success).count()
    }

    /// Successes among the images classified correctly before, 0 to 1; `None` if there were none.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        match self.correct() {
            0 => None,
            correct => Some(self.successes() as f64 / correct as f64),
        }
    }

    /// Images classified correctly after the attack among all images, 0 to 1; `None` if there were none.
    #[must_use]
    pub fn robust_accuracy(&self) -> Option<f64> {
        match self.clean_correct.len() {
            0 => None,
            images => Some(self.robust() as f64 / images as f64),
        }
    }
}
