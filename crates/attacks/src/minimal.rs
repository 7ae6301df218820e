//! The result of a minimum-norm attack.

use crate::subject::Subject;
use crate::{AttackError, Ball, Norm, Outcome, Passes};
use minima_autodiff::Scalar;
use ndarray::Array2;

/// The nearest misclassified images that an attack found.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimal<T> {
    /// The norm of the distances.
    pub norm: Norm,
    /// The images `(images, features)`; the original if none was found or the original is misclassified.
    pub adversarial: Array2<T>,
    /// Which original images are classified correctly.
    pub clean_correct: Vec<bool>,
    /// The distance of each image from its original: infinite if nothing was found, zero if the original is
    /// misclassified.
    pub distances: Vec<f64>,
    /// The passes of the attack.
    pub passes: Passes,
}

impl<T: Scalar> Minimal<T> {
    /// The initial result of a search, without any image found.
    pub(crate) fn nothing(norm: Norm, subject: &Subject<'_, T>) -> Self {
        let adversarial = subject.images.as_standard_layout().into_owned();
        let clean_correct = subject.clean_correct();
        let distances = clean_correct.iter().map(|&right| if right { f64::INFINITY } else { 0.0 }).collect();
        Self { norm, adversarial, clean_correct, distances, passes: subject.passes() }
    }

    /// Stores an adversarial image if it is nearer than the stored one.
    pub(crate) fn offer(&mut self, place: usize, distance: f64, image: &[T]) {
        if let Some(nearest) = self.distances.get_mut(place).filter(|nearest| distance < **nearest) {
            *nearest = distance;
            self.adversarial.row_mut(place).iter_mut().zip(image).for_each(|(to, &a)| *to = a);
        }
    }

    /// Returns the outcome in a ball: adversarial images inside it, and originals otherwise.
    ///
    /// # Errors
    /// Returns [`AttackError::Broken`] if an image violates a condition of the attack, and the errors of the network.
    pub(crate) fn within(
        &self,
        attack: &'static str,
        subject: &Subject<'_, T>,
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        let mut adversarial = self.adversarial.clone();
        for (place, (mut row, &distance)) in adversarial.outer_iter_mut().zip(&self.distances).enumerate() {
            // Without the ball's tolerance for rounding: the distance is measured, and a ball of radius 0 contains the
            // original alone.
            if distance > ball.epsilon() {
                row.assign(&subject.images.row(place));
            }
        }
        Outcome::verified(attack, subject, ball, adversarial, self.passes)
    }
}
