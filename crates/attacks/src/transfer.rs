//! Adversarial images of one network, evaluated on other networks.

use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Outcome, Transferred};
use minima_autodiff::{AutodiffError, Classifier, Scalar};
use ndarray::{Array2, ArrayView2};

/// The result of adversarial images of one network on another network.
///
/// Only images that both networks classify correctly before the attack count (Dong et al. 2018, section 4.1): an image
/// that the attacked network already misclassifies does not test the attack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Images that the target network classifies correctly before the attack.
    pub correct: usize,
    /// Images that both networks classify correctly before the attack.
    pub both_correct: usize,
    /// Images among `both_correct` whose adversarial version the target misclassifies.
    pub successes: usize,
}

impl Transfer {
    /// Evaluates a network on the outcome of an attack on another network.
    ///
    /// # Errors
    /// Returns [`AttackError`] if the images or labels do not fit the network or the outcome, or if the network's
    /// output has the wrong shape or is not finite.
    pub fn of<T: Scalar>(
        outcome: &Outcome<T>,
        target: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
    ) -> Result<Self, AttackError> {
        let subject = Subject::new(target, images, labels)?;
        let correct = subject.predicted.iter().zip(labels).filter(|(p, y)| p == y).count();
        let shown = shown(outcome, &subject)?;
        let both_correct = shown.iter().flatten().count();
        let successes = shown.iter().flatten().filter(|&&success| success).count();
        Ok(Self { correct, both_correct, successes })
    }

    /// The number of images among `both_correct` whose adversarial version the target classifies correctly.
    #[must_use]
    pub fn robust(&self) -> usize {
        self.both_correct.saturating_sub(self.successes)
    }

    /// The share of successes among the images that both networks classify correctly, 0 to 1; `None` if there are none.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        (self.both_correct > 0).then(|| self.successes as f64 / self.both_correct as f64)
    }
}

/// Whether the network misclassifies each adversarial image; `None` for an image whose original is misclassified by one
/// of the two networks.
pub(crate) fn shown<T: Scalar>(
    outcome: &Outcome<T>,
    target: &Subject<'_, T>,
) -> Result<Vec<Option<bool>>, AttackError> {
    if outcome.adversarial.dim() != target.images.dim() {
        let (found, expected) = (outcome.adversarial.shape().to_vec(), target.images.shape().to_vec());
        return Err(AutodiffError::Shape { what: "adversarial images", found, expected }.into());
    }
    let after = target.model.logits(outcome.adversarial.view())?.predicted;
    let images = outcome.clean_correct.iter().zip(&target.predicted).zip(target.labels).zip(&after);
    Ok(images
        .map(|(((&source, before), label), after)| (source && before == label).then_some(after != label))
        .collect())
}

/// The transfer of one attack's images between networks.
///
/// The images come from [`Attack::run_for_transfer`]: an iterative attack takes all steps. On the diagonal, the
/// attacked network is evaluated on its own adversarial images.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferMatrix {
    /// The attack's name.
    pub attack: &'static str,
    /// Which image of the attack is evaluated.
    pub transferred: Transferred,
    /// The ball around each image.
    pub ball: Ball,
    /// One row per attacked network, one column per network that is evaluated on the images.
    pub cells: Array2<Transfer>,
}

impl TransferMatrix {
    /// Attacks each of the `sources` and evaluates the images on each of the `targets`.
    ///
    /// # Errors
    /// Returns the errors of [`Attack::run_for_transfer`] for any of the networks.
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
        Ok(Self { attack: attack.name(), transferred: attack.transferred(), ball, cells })
    }
}
