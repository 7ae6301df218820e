//! What an attack found that looks for the nearest adversarial image.

use crate::subject::Subject;
use crate::{AttackError, Ball, Norm, Outcome, Passes};
use minima_autodiff::Scalar;
use ndarray::Array2;

/// The nearest images found that are classified wrongly.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimal<T> {
    /// The norm of the distances.
    pub norm: Norm,
    /// The images `(images, features)`; the original where none was found or it was wrong before.
    pub adversarial: Array2<T>,
    /// Which images were classified correctly before.
    pub clean_correct: Vec<bool>,
    /// How far each image was moved: infinite where nothing was found, zero where the original was wrong.
    pub distances: Vec<f64>,
    /// What the attack asked of the network.
    pub passes: Passes,
}

impl<T: Scalar> Minimal<T> {
    /// The start of a search: nothing is found yet.
    pub(crate) fn nothing(norm: Norm, subject: &Subject<'_, T>) -> Self {
        let adversarial = subject.images.as_standard_layout().into_owned();
        let clean_correct = subject.clean_correct();
        let distances = clean_correct.iter().map(|&right| if right { f64::INFINITY } else { 0.0 }).collect();
        Self { norm, adversarial, clean_correct, distances, passes: subject.passes() }
    }

    /// Takes an adversarial image if it is nearer than what there is.
    pub(crate) fn offer(&mut self, place: usize, distance: f64, image: &[T]) {
        if let Some(nearest) = self.distances.get_mut(place).filter(|nearest| distance < **nearest) {
            *nearest = distance;
            self.adversarial.row_mut(place).iter_mut().zip(image).for_each(|(to, &a)| *to = a);
        }
    }

    /// The images that lie in the ball, and the others as they were.
    ///
    /// # Errors
    /// Returns [`AttackError::Broken`] if an image is not what the attack says of it.
    pub(crate) fn within(
        &self,
        attack: &'static str,
        subject: &Subject<'_, T>,
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        let mut adversarial = self.adversarial.clone();
        for (place, (mut row, &distance)) in adversarial.outer_iter_mut().zip(&self.distances).enumerate() {
            // Without the room for rounding that a ball leaves: the distance is measured, and radius 0 holds the original alone.
            if distance > ball.epsilon() {
                row.assign(&subject.images.row(place));
            }
        }
        Outcome::verified(attack, subject, ball, adversarial, self.passes)
    }
}
