//! Auto-PGD: projected gradient steps with an adaptive step size.

use crate::apgd_climb::Climb;
use crate::attack::Stopping;
use crate::loss::AttackLoss;
use crate::options::{check_count, check_restarts, check_share};
use crate::start::{self, Draw};
use crate::subject::Subject;
use crate::survivors::Survivors;
use crate::{Attack, AttackError, Ball, Outcome, Seeded, Transferred};
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use minima_rng::Key;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// The loss that [`Apgd`] maximizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApgdLoss {
    /// Softmax cross-entropy.
    CrossEntropy,
    /// The difference of logits ratio, which is invariant to the scale of the logits. It needs at least three classes.
    Dlr,
    /// The targeted difference of logits ratio: one run towards each of the most likely wrong classes, up to `targets`
    /// of them. It needs at least four classes.
    TargetedDlr {
        /// The number of target classes, at least 1.
        targets: usize,
    },
}

/// The name of the attack with a loss of the user's own.
pub(crate) const WITH_LOSS: &str = "apgd_with_loss";

/// Auto-PGD in an L∞ or L2 ball (Croce & Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of
/// diverse parameter-free attacks", algorithm 1).
///
/// It starts at a random point on the boundary of the ball, with a step size of twice the radius and momentum 0.75. The
/// first checkpoint comes after 22 % of the steps; each later period is shorter by 3 % of the steps, down to 6 %. At a
/// checkpoint, an image returns to its best point with half the step size if its loss rose too seldom, or if its best
/// loss has not improved since the last checkpoint and that checkpoint did not halve the step size. In
/// [`run`](Attack::run), a misclassified image takes no further step. In
/// [`run_for_transfer`](Attack::run_for_transfer), every image takes all steps and the image of the largest loss is
/// returned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Apgd {
    /// The loss.
    pub loss: ApgdLoss,
    /// The number of steps, at least 1.
    pub steps: usize,
    /// The number of starts, from 1 to 10 000; each attacks the images that are still robust.
    pub restarts: usize,
    /// The share of steps that have to increase the loss for the step size to be kept, 0 to 1.
    pub rho: f64,
    /// The seed of the starting points.
    pub seed: u64,
}

impl Apgd {
    /// Auto-PGD with cross-entropy.
    #[must_use]
    pub fn cross_entropy() -> Self {
        Self { loss: ApgdLoss::CrossEntropy, steps: 100, restarts: 1, rho: 0.75, seed: 0 }
    }

    /// Auto-PGD with the difference of logits ratio.
    #[must_use]
    pub fn dlr() -> Self {
        Self { loss: ApgdLoss::Dlr, ..Self::cross_entropy() }
    }

    /// Auto-PGD with the targeted difference of logits ratio, towards nine classes.
    #[must_use]
    pub fn targeted() -> Self {
        Self { loss: ApgdLoss::TargetedDlr { targets: 9 }, ..Self::cross_entropy() }
    }

    /// Checks that the network has the classes that the loss compares.
    fn check_loss(&self, attack: &'static str, classes: usize) -> Result<(), AttackError> {
        let least = match self.loss {
            ApgdLoss::CrossEntropy => AttackLoss::CrossEntropy.least_classes(),
            ApgdLoss::Dlr => AttackLoss::Dlr.least_classes(),
            ApgdLoss::TargetedDlr { targets } => {
                check_count("targets", targets)?;
                AttackLoss::TargetedDlr { target: 0 }.least_classes()
            }
        };
        if classes < least {
            return Err(AttackError::Classes { attack, found: classes, expected: least });
        }
        Ok(())
    }
}

impl Default for Apgd {
    fn default() -> Self {
        Self::cross_entropy()
    }
}

impl Seeded for Apgd {
    fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..*self }
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

impl<T: Scalar> Attack<T> for Apgd {
    fn name(&self) -> &'static str {
        match self.loss {
            ApgdLoss::CrossEntropy => "apgd-ce",
            ApgdLoss::Dlr => "apgd-dlr",
            ApgdLoss::TargetedDlr { .. } => "apgd-t",
        }
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.attack(None, model, images, labels, ball, Stopping::AtSuccess)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.attack(None, model, images, labels, ball, Stopping::Never)
    }

    fn transferred(&self) -> Transferred {
        Transferred::LargestLoss
    }
}

impl Apgd {
    /// Attacks every image within its ball, with a loss of the user's own if there is one.
    pub(crate) fn attack<T: Scalar>(
        &self,
        own: Option<&dyn ImageLoss<T>>,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
        stopping: Stopping,
    ) -> Result<Outcome<T>, AttackError> {
        check_count("steps", self.steps)?;
        check_restarts(self.restarts)?;
        check_share("rho", self.rho)?;
        let attack = if own.is_some() { WITH_LOSS } else { Attack::<T>::name(self) };
        if own.is_none() {
            self.check_loss(attack, model.classes())?;
        }
        let subject = Subject::new(model, images, labels)?;
        let (mut adversarial, mut passes) = (images.to_owned(), subject.passes());
        let mut left = Survivors::of(&subject);
        let ranks = match (own, self.loss) {
            (None, ApgdLoss::TargetedDlr { targets }) => 1..targets.min(model.classes() - 1) + 1,
            _ => 0..1,
        };
        for (run, key) in ranks.clone().zip(Key::new(self.seed).split_n(ranks.len())) {
            for key in key.split_n(self.restarts) {
                // A loss of the user's own replaces the published one of every image.
                let published = self.losses(&subject, &left, run);
                let losses = published.iter().map(|loss| own.unwrap_or(loss)).collect();
                let start = start::random(&left, ball, Draw::Surface, key);
                let climb = Climb { steps: self.steps, rho: self.rho, ball, stopping, model: subject.model };
                climb.run(&mut left, start, losses, &mut adversarial, &mut passes)?;
            }
        }
        Outcome::verified(attack, &subject, ball, adversarial, passes)
    }

    /// The published loss of each survivor; a targeted one is towards the class at this rank.
    fn losses<T: Scalar>(&self, subject: &Subject<'_, T>, left: &Survivors<T>, rank: usize) -> Vec<AttackLoss> {
        match self.loss {
            ApgdLoss::CrossEntropy => vec![AttackLoss::CrossEntropy; left.len()],
            ApgdLoss::Dlr => vec![AttackLoss::Dlr; left.len()],
            ApgdLoss::TargetedDlr { .. } => left.indices.iter().map(|&i| towards(subject, i, rank)).collect(),
        }
    }
}

/// The loss towards the class at this rank among the unperturbed image's logits; rank 0 is the most likely class.
fn towards<T: Scalar>(subject: &Subject<'_, T>, image: usize, rank: usize) -> AttackLoss {
    let logits = subject.logits.row(image);
    // A class with logit −∞ cannot be reached.
    let mut classes: Vec<usize> = (0..logits.len()).filter(|&c| logits[c].is_finite()).collect();
    // The sort is stable: the first of several classes with equal logits comes first. No logit is NaN.
    classes.sort_by(|&a, &b| logits[b].partial_cmp(&logits[a]).unwrap_or(std::cmp::Ordering::Equal));
    // If the target is the label itself, the margin is 0 and the image does not move.
    AttackLoss::TargetedDlr { target: classes.get(rank).or(classes.first()).copied().unwrap_or_default() }
}
