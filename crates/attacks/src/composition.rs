//! Attacks composed of other attacks.

use crate::attack::Stopping;
use crate::options::check_restarts;
use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Outcome, Passes, Transferred};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;

/// An attack that draws random numbers.
pub trait Seeded {
    /// The seed of its random numbers.
    fn seed(&self) -> u64;

    /// The same attack with another seed.
    #[must_use]
    fn with_seed(&self, seed: u64) -> Self
    where
        Self: Sized;
}

/// An attack with several runs; see [`with_restarts`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithRestarts<A> {
    attack: A,
    restarts: usize,
}

/// Runs the attack `restarts` times, from 1 to 10 000, each time on the images that are still robust, with seeds
/// `seed`, `seed + 1`, ….
///
/// ```
/// use minima_attacks::{Pgd, with_restarts};
///
/// let attack = with_restarts(Pgd { random_start: true, ..Pgd::default() }, 5);
/// ```
#[must_use]
pub fn with_restarts<A: Seeded>(attack: A, restarts: usize) -> WithRestarts<A> {
    WithRestarts { attack, restarts }
}

/// Several attacks in sequence; see [`best_of`].
pub struct BestOf<T> {
    attacks: Vec<Box<dyn Attack<T>>>,
}

/// Runs the attacks in sequence, each on the images that are still robust. An image is a success if any of the attacks
/// succeeds.
///
/// ```
/// use minima_attacks::{Attack, Fgsm, Pgd, best_of};
///
/// let attack = best_of::<f32>([Box::new(Fgsm::default()) as Box<dyn Attack<f32>>, Box::new(Pgd::default())]);
/// assert_eq!(attack.name(), "best-of");
/// ```
#[must_use]
pub fn best_of<T: Scalar>(attacks: impl IntoIterator<Item = Box<dyn Attack<T>>>) -> BestOf<T> {
    BestOf { attacks: attacks.into_iter().collect() }
}

/// The contribution of one member of an ensemble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The attack's name.
    pub attack: &'static str,
    /// Images that were robust before this attack.
    pub attacked: usize,
    /// How many of the attacked images the network misclassifies after this attack.
    pub successes: usize,
    /// Images that are still robust after this attack.
    pub robust: usize,
    /// The forward and backward passes of this attack, checks included.
    pub passes: Passes,
}

/// The result of several attacks in sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble<T> {
    /// The combined outcome. For an image that is still robust, the outcome holds the original.
    pub outcome: Outcome<T>,
    /// The share of each member, in order.
    pub members: Vec<Share>,
}

impl<T: Scalar> BestOf<T> {
    /// Runs the attack as [`run`](Attack::run) does, and also returns each member's share.
    ///
    /// # Errors
    /// Returns the errors of [`run`](Attack::run).
    pub fn run_members(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Ensemble<T>, AttackError> {
        self.attack(model, images, labels, ball, Stopping::AtSuccess)
    }

    fn attack(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
        stopping: Stopping,
    ) -> Result<Ensemble<T>, AttackError> {
        let members: Vec<&dyn Attack<T>> = self.attacks.iter().map(Box::as_ref).collect();
        in_turn(self.name(), &members, &Subject::new(model, images, labels)?, ball, stopping)
    }
}

impl<T: Scalar> Attack<T> for BestOf<T> {
    fn name(&self) -> &'static str {
        "best-of"
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        Ok(self.run_members(model, images, labels, ball)?.outcome)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        Ok(self.attack(model, images, labels, ball, Stopping::Never)?.outcome)
    }

    /// The answer of the first member, because images of different members are not distinguished.
    fn transferred(&self) -> Transferred {
        self.attacks.first().map_or(Transferred::FirstSuccess, |attack| attack.transferred())
    }
}

impl<A: Seeded> WithRestarts<A> {
    fn attack<T: Scalar>(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
        stopping: Stopping,
    ) -> Result<Outcome<T>, AttackError>
    where
        A: Attack<T>,
    {
        check_restarts(self.restarts)?;
        let seeds = (0..self.restarts as u64).map(|restart| self.attack.seed().wrapping_add(restart));
        let attacks: Vec<A> = seeds.map(|seed| self.attack.with_seed(seed)).collect();
        let members: Vec<&dyn Attack<T>> = attacks.iter().map(|attack| attack as &dyn Attack<T>).collect();
        let subject = Subject::new(model, images, labels)?;
        Ok(in_turn(self.attack.name(), &members, &subject, ball, stopping)?.outcome)
    }
}

impl<T: Scalar, A: Attack<T> + Seeded> Attack<T> for WithRestarts<A> {
    fn name(&self) -> &'static str {
        self.attack.name()
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.attack(model, images, labels, ball, Stopping::AtSuccess)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.attack(model, images, labels, ball, Stopping::Never)
    }

    fn transferred(&self) -> Transferred {
        self.attack.transferred()
    }
}

/// Runs attacks in sequence, each on the images that are still robust.
///
/// # Errors
/// Returns the errors of the members, and [`AttackError::NotDeterministic`] if the network classifies an image
/// differently on a second evaluation and the counts depend on it.
pub(crate) fn in_turn<T: Scalar>(
    name: &'static str,
    members: &[&dyn Attack<T>],
    subject: &Subject<'_, T>,
    ball: Ball,
    stopping: Stopping,
) -> Result<Ensemble<T>, AttackError> {
    // Each attack gets the whole batch, so an image keeps its row and therefore its random numbers. A misclassified
    // image gets a label that the network does not predict: attacks skip misclassified images.
    let mut labels = subject.labels.to_vec();
    let mut adversarial = subject.images.to_owned();
    let mut passes = subject.passes();
    let mut shares = Vec::with_capacity(members.len());
    let mut robust = subject.clean_correct();
    // Each image's class, consistent with the counts.
    let mut classes = subject.predicted.clone();
    let count = |robust: &[bool]| robust.iter().filter(|&&robust| robust).count();
    for member in members {
        let attacked = count(&robust);
        let mut share =
            Share { attack: member.name(), attacked, successes: 0, robust: attacked, passes: Passes::default() };
        if attacked > 0 {
            let model = subject.model.unchecked();
            let found = match stopping {
                Stopping::AtSuccess => member.run(model, subject.images, &labels, ball)?,
                Stopping::Never => member.run_for_transfer(model, subject.images, &labels, ball)?,
            };
            let answers = found.predicted_before.iter().zip(&found.success).zip(&found.predicted_after);
            for (image, ((&before, &success), &after)) in answers.enumerate() {
                let Some(robust) = robust.get_mut(image) else { continue };
                let first = subject.predicted.get(image).copied().unwrap_or_default();
                if before != first {
                    let what = "the original";
                    return Err(AttackError::NotDeterministic { what, image, first, second: before });
                }
                if *robust && (success || stopping == Stopping::Never) {
                    adversarial.row_mut(image).assign(&found.adversarial.row(image));
                }
                if success {
                    *robust = false;
                    classes.get_mut(image).into_iter().for_each(|class| *class = after);
                    if let Some(label) = labels.get_mut(image) {
                        *label = (*label + 1) % subject.model.classes().max(1);
                    }
                }
            }
            share.robust = count(&robust);
            share.successes = attacked - share.robust;
            share.passes = found.passes;
            passes += found.passes;
        }
        shares.push(share);
    }
    let outcome = Outcome::verified(name, subject, ball, adversarial, passes)?;
    // Every success was verified by its member and is verified again here.
    let disagreeing = outcome.clean_correct.iter().zip(&outcome.success).zip(&robust);
    let first_of = |((&correct, &success), &robust): ((&bool, &bool), &bool)| correct && success == robust;
    if let Some(image) = disagreeing.into_iter().position(first_of) {
        let class = |of: &[usize]| of.get(image).copied().unwrap_or_default();
        let (first, second) = (class(&classes), class(&outcome.predicted_after));
        return Err(AttackError::NotDeterministic { what: "the adversarial version", image, first, second });
    }
    Ok(Ensemble { outcome, members: shares })
}
