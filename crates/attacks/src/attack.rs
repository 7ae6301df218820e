//! The trait of all attacks.

use crate::{AttackError, Ball, Outcome};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;
use std::fmt;

/// The image of an attack that is evaluated on other networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    /// The image after all steps, whether or not it was misclassified on the way.
    AfterAllSteps,
    /// The image of the largest loss over all steps.
    LargestLoss,
    /// The first image that the attacked network misclassifies, or the image of the last step if it misclassifies no image.
    FirstSuccess,
    /// The nearest image found that the attacked network misclassifies; if none is found, the original.
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

/// When an iterative attack stops for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopping {
    /// At the first misclassification. This is enough to count successes on the attacked network.
    AtSuccess,
    /// After all steps.
    Never,
}

/// A search for adversarial images within a ball around each image.
///
/// Images are rows of shape `(images, features)` with pixels in 0 to 1, with one label per image. Results do not depend
/// on the number of threads. The result of an image does not depend on the other images, except that random numbers
/// depend on its row in the batch.
pub trait Attack<T: Scalar>: Sync {
    /// The name in tables, such as `fgsm`.
    fn name(&self) -> &'static str;

    /// Attacks every image within its ball.
    ///
    /// An iterative attack may stop for an image as soon as the network misclassifies it.
    ///
    /// # Errors
    /// Returns [`AttackError`] if a pixel is not within 0 to 1, if the images do not fit the network, if the number of
    /// labels differs from the number of images, if a label is not a class of the network, if an output of the network
    /// has the wrong shape or is not finite, or if an option of the attack is invalid.
    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError>;

    /// Attacks every image with all steps, for evaluation on other networks.
    ///
    /// An image that barely crosses the boundary of the attacked network rarely crosses the boundary of another
    /// network. The published attacks have no early exit (Madry et al. 2018, section 2.1; Dong et al. 2018, algorithm
    /// 1; Croce & Hein 2020, algorithm 1). An attack with several starts makes no further start for an image that the
    /// network misclassifies. [`transferred`](Self::transferred) says which image is returned. Minimum-norm attacks and
    /// random searches behave as in [`run`](Self::run).
    ///
    /// # Errors
    /// Returns the errors of [`run`](Self::run).
    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError>;

    /// Which image [`run_for_transfer`](Self::run_for_transfer) returns.
    fn transferred(&self) -> Transferred;

    /// Attacks every image within each ball. The outcomes, one per ball, equal the outcomes of [`run`](Self::run); an attack
    /// shares work between balls if it can.
    ///
    /// # Errors
    /// Returns the errors of [`run`](Self::run).
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
