//! What an attack is.

use crate::{AttackError, Epsilon, Outcome};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;

/// A search for adversarial images within an L∞ ball.
///
/// Images are rows `(images, features)` with pixels in 0 to 1, labels one for each. Results do not depend on the number of
/// threads.
pub trait Attack<T: Scalar>: Sync {
    /// Its name in tables, such as `fgsm`.
    fn name(&self) -> &'static str;

    /// Attacks every image within radius `epsilon`.
    ///
    /// # Errors
    /// When a pixel is not within 0 to 1, the images do not fit the network, there is not one label for each, a label names
    /// no class, or the network gives a NaN.
    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        epsilon: Epsilon,
    ) -> Result<Outcome<T>, AttackError>;

    /// One outcome for each radius, equal to those of [`run`](Self::run); an attack shares between radii what it can.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn run_many(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        epsilons: &[Epsilon],
    ) -> Result<Vec<Outcome<T>>, AttackError> {
        epsilons.iter().map(|&epsilon| self.run(model, images, labels, epsilon)).collect()
    }
}
