//! What an attack is.

use crate::{AttackError, Ball, Outcome};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;
use std::fmt;

/// Which image of an attack other networks are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    /// The image after all steps, whether or not it was misclassified on the way.
    AfterAllSteps,
    /// The image of the largest loss, with all steps taken.
    LargestLoss,
    /// The first image that the attacked network misclassifies; if the attack finds none, the one that it ends with.
    FirstSuccess,
    /// The nearest image found that the attacked network misclassifies; if the attack finds none, the original.
    Nearest,
}

impl fmt::Display for Transferred {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::AfterAllSteps => "each image after all steps",
            Self::LargestLoss => "each image at its largest loss, all steps taken",
            Self::FirstSuccess => "each image as it was when the attacked model first misclassified it",
            Self::Nearest => "the nearest misclassified version of each image",
        })
    }
}

/// When an iterated attack stops with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopping {
    /// As soon as the network misclassifies it: enough to count successes on that network.
    AtSuccess,
    /// After all steps.
    Never,
}

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
    /// An iterated attack may leave an image as soon as the network misclassifies it.
    ///
    /// # Errors
    /// Returns [`AttackError`] if a pixel is not within 0 to 1, the images do not fit the network, there is not one label for
    /// each, a label names no class, an answer of the network has another shape or is not finite, or an option of the
    /// attack is invalid.
    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError>;

    /// As [`run`](Self::run), with all steps taken: the images to show to other networks.
    ///
    /// An image that barely crosses the boundary of the network it is made on rarely crosses another one's. The published
    /// attacks have no early exit (Madry et al. 2018, section 2.1; Dong et al. 2018, algorithm 1; Croce & Hein 2020,
    /// algorithm 1). An attack with several starts stops starting anew once the network misclassifies an image.
    /// [`transferred`](Self::transferred) says which image of an attack it is. Attacks that search the nearest adversarial image, and
    /// random searches, have nothing to finish: they do as in [`run`](Self::run).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError>;

    /// Which image [`run_for_transfer`](Self::run_for_transfer) returns.
    fn transferred(&self) -> Transferred;

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
