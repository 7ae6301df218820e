//! Attacks made of attacks.

use crate::attack::Stopping;
use crate::options::check_restarts;
use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Outcome, Passes, Transferred};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;

/// An attack that draws random numbers.
pub trait Seeded {
    /// The seed it draws from.
    fn seed(&self) -> u64;

    /// The same attack with another seed.
    #[must_use]
    fn with_seed(&self, seed: u64) -> Self
    where
        Self: Sized;
}

/// Several runs of an attack; see [`with_restarts`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithRestarts<A> {
    attack: A,
    restarts: usize,
}

/// The attack `restarts` times, from 1 to 10 000, each time on the images that are still robust, with seeds `seed`, `seed + 1`, ….
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

/// Attacks one after the other; see [`best_of`].
pub struct BestOf<T> {
    attacks: Vec<Box<dyn Attack<T>>>,
}

/// The attacks one after the other, each on the images that are still robust: an image is a success if it is one of any of them.
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

/// What a member of an ensemble did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The attack's name.
    pub attack: &'static str,
    /// Images that were robust before it.
    pub attacked: usize,
    /// How many of them the network misclassifies after it.
    pub successes: usize,
    /// Images that are robust after it.
    pub robust: usize,
    /// What it asked of the network, checks included.
    pub passes: Passes,
}

/// What several attacks did one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble<T> {
    /// What they did together. An image that is still robust is the original.
    pub outcome: Outcome<T>,
    /// What each did, in their order.
    pub members: Vec<Share>,
}

impl<T: Scalar> BestOf<T> {
    /// As [`run`](Attack::run), with each attack's share.
    ///
    /// # Errors
    /// As [`run`](Attack::run).
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

    /// The first member's answer, as images of several members cannot be told apart.
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

/// Runs attacks one after the other, each on the images that are still robust.
///
/// # Errors
/// Returns the errors of the members, and [`AttackError::NotDeterministic`] if the network takes back an answer on which the
/// counts depend.
pub(crate) fn in_turn<T: Scalar>(
    name: &'static str,
    members: &[&dyn Attack<T>],
    subject: &Subject<'_, T>,
    ball: Ball,
    stopping: Stopping,
) -> Result<Ensemble<T>, AttackError> {
    // An attack sees the whole batch, so that an image keeps its place and with it its random numbers. An image that is done
    // gets a label that the network does not give it: attacks leave misclassified images alone.
    let mut labels = subject.labels.to_vec();
    let mut adversarial = subject.images.to_owned();
    let mut passes = subject.passes();
    let mut shares = Vec::with_capacity(members.len());
    let mut robust = subject.clean_correct();
    // Each image's class as the counts have it.
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
    // A success is one of a member, checked there and once more here.
    let disagreeing = outcome.clean_correct.iter().zip(&outcome.success).zip(&robust);
    let first_of = |((&correct, &success), &robust): ((&bool, &bool), &bool)| correct && success == robust;
    if let Some(image) = disagreeing.into_iter().position(first_of) {
        let class = |of: &[usize]| of.get(image).copied().unwrap_or_default();
        let (first, second) = (class(&classes), class(&outcome.predicted_after));
        return Err(AttackError::NotDeterministic { what: "the adversarial version", image, first, second });
    }
    Ok(Ensemble { outcome, members: shares })
}
