//! What an attack is.

use crate::{AttackError, Ball, Outcome};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;

/// A search for adversarial images within a ball around each image.
///
/// Images are rows `(images, features)` with pixels in 0 to 1, labels one for each. Results do not depend on the number
/// of threads; what becomes of an image does not depend on the others, only on its place where random numbers are
/// drawn.
pub trait Attack<T: Scalar>: Sync {
    /// Its name in tables, such as `fgsm`.
    fn name(&self) -> &'static str;

    /// Attacks every image within its ball.
    ///
    /// # Errors
    /// When a pixel is not within 0 to 1, the images do not fit the network, there is not one label for each, a label
    /// names no class, the network gives a NaN, or an option of the attack makes no sense.
    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError>;

    /// One outcome for each ball, equal to those of [`run`](Self::run); an attack shares between balls what it can.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn run_many(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        balls: &[Ball],
    ) -> Result<Vec<Outcome<T>>, AttackError> {
        balls.iter().map(|&ball| self.run(model, images, labels, ball)).collect()
    }
}
