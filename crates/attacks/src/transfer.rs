//! Adversarial images of one network, shown to others.

use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Outcome};
use minima_autodiff::{Classifier, Scalar};
use ndarray::{Array2, ArrayView2};

/// What one network, the target, makes of the adversarial images of another one, the source.
///
/// The images that count are the ones that both networks classify correctly as they are (Dong et al. 2018, section 4.1). Whatever
/// an attack does with an image that its source misclassifies does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Images that both networks classify correctly as they are.
    pub both_correct: usize,
    /// How many of them the target misclassifies after the attack on the source.
    pub successes: usize,
}

impl Transfer {
    /// Shows the target the images that an attack on the source made of `images`.
    ///
    /// Take the outcome of [`Attack::run_for_transfer`]. An image that an attack leaves as soon as the source misclassifies it says
    /// little about the target.
    ///
    /// # Errors
    /// Returns [`AttackError`] if the images or labels do not fit the target or the outcome, or the target's answer has
    /// another shape or is not finite.
    pub fn of<T: Scalar>(
        outcome: &Outcome<T>,
        target: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Self, AttackError> {
        let subject = Subject::new(target, images, labels)?;
        if outcome.adversarial.dim() != images.dim() {
            let (found, expected) = (outcome.adversarial.shape().to_vec(), images.shape().to_vec());
            let what = "adversarial images";
            return Err(minima_autodiff::AutodiffError::Shape { what, found, expected }.into());
        }
        let after = subject.model.logits(outcome.adversarial.view())?.predicted;
        let clean = subject.clean_correct().into_iter().zip(&outcome.clean_correct);
        let (mut both_correct, mut successes) = (0, 0);
        for ((target, &source), (label, after)) in clean.zip(labels.iter().zip(&after)) {
            both_correct += usize::from(target && source);
            successes += usize::from(target && source && after != label);
        }
        Ok(Self { both_correct, successes })
    }

    /// Images that both networks classify correctly, and the target also after the attack.
    #[must_use]
    pub fn robust(&self) -> usize {
        self.both_correct.saturating_sub(self.successes)
    }

    /// Successes among the images that both networks classify correctly, 0 to 1; `None` if there are none.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        (self.both_correct > 0).then(|| self.successes as f64 / self.both_correct as f64)
    }
}

/// How one attack's images transfer between networks, with all steps of the attack taken.
///
/// The diagonal has the attack on the network itself: as many successes as [`Attack::run`] finds, or a few less, where an image
/// crosses the boundary and returns.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferMatrix {
    /// The attack's name.
    pub attack: &'static str,
    /// The ball around each image.
    pub ball: Ball,
    /// A row for each network that was attacked, a column for each that was shown the images.
    pub cells: Array2<Transfer>,
}

impl TransferMatrix {
    /// Attacks each of the `sources`, and shows the images to each of the `targets`.
    ///
    /// # Errors
    /// As [`Attack::run_for_transfer`] on every network.
    pub fn measure<T: Scalar>(
        attack: &dyn Attack<T>,
        sources: &[&dyn Classifier<T>],
        targets: &[&dyn Classifier<T>],
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Self, AttackError> {
        let mut cells = Array2::default((sources.len(), targets.len()));
        for (source, mut row) in sources.iter().zip(cells.outer_iter_mut()) {
            let outcome = attack.run_for_transfer(*source, images, labels, ball)?;
            for (target, cell) in targets.iter().zip(row.iter_mut()) {
                *cell = Transfer::of(&outcome, *target, images, labels)?;
            }
        }
        Ok(Self { attack: attack.name(), ball, cells })
    }
}
