//! Adversarial images of one network, shown to others.

use crate::input::predictions;
use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Outcome};
use minima_autodiff::{Classifier, Scalar};
use ndarray::{Array2, ArrayView2};

/// What one network makes of the adversarial images of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Images that it classifies correctly as they are.
    pub correct: usize,
    /// Those of them of which it classifies the adversarial image wrongly.
    pub successes: usize,
}

impl Transfer {
    /// Shows a network what an attack on another one made of `images`.
    ///
    /// # Errors
    /// When the images or labels do not fit the network or the outcome, or the network gives a NaN.
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
        let after = predictions(target.logits(outcome.adversarial.view())?.view())?;
        let right = subject.predicted.iter().zip(labels).zip(&after).filter(|((before, y), _)| before == y);
        let (mut correct, mut successes) = (0, 0);
        for ((_, label), after) in right {
            correct += 1;
            successes += usize::from(after != label);
        }
        Ok(Self { correct, successes })
    }

    /// Images classified correctly before and after.
    #[must_use]
    pub fn robust(&self) -> usize {
        self.correct - self.successes
    }

    /// Successes among the images classified correctly before, 0 to 1; `None` if there were none.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        (self.correct > 0).then(|| self.successes as f64 / self.correct as f64)
    }
}

/// How one attack's images transfer between networks.
///
/// On the diagonal stands the attack itself. An attack that leaves an image as soon as it is turned barely crosses its
/// own network's boundary, and another network may not follow.
#[derive(Clone, Debug, PartialEq)]
pub struct TransferMatrix {
    /// The attack's name.
    pub attack: &'static str,
    /// The ball it had.
    pub ball: Ball,
    /// A row for each network that was attacked, a column for each that was shown the images.
    pub cells: Array2<Transfer>,
}

impl TransferMatrix {
    /// Attacks each of the `sources`, and shows what comes of it to each of the `targets`.
    ///
    /// # Errors
    /// As [`Attack::run`] on every network.
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
            let outcome = attack.run(*source, images, labels, ball)?;
            for (target, cell) in targets.iter().zip(row.iter_mut()) {
                *cell = Transfer::of(&outcome, *target, images, labels)?;
            }
        }
        Ok(Self { attack: attack.name(), ball, cells })
    }
}
