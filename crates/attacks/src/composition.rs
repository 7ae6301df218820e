//! Attacks made of attacks.

use crate::options::check_count;
use crate::subject::Subject;
use crate::{Attack, AttackError, Ball, Outcome, Passes};
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

/// The attack `restarts` times, each time on the images that stand, with seeds `seed`, `seed + 1`, ….
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

/// The attacks one after the other, each on the images that stand: an image is turned if one of them turns it.
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
    /// Images that stood before it.
    pub attacked: usize,
    /// Of those, how many it turned.
    pub successes: usize,
    /// Images that stand after it.
    pub robust: usize,
    /// What it asked of the network, checks included.
    pub passes: Passes,
}

/// What several attacks did one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble<T> {
    /// What they did together. An image that stands is as it was.
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
        let members: Vec<&dyn Attack<T>> = self.attacks.iter().map(Box::as_ref).collect();
        in_turn(self.name(), &members, &Subject::new(model, images, labels)?, ball)
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
        check_count("restarts", self.restarts)?;
        let seeds = (0..self.restarts as u64).map(|restart| self.attack.seed().wrapping_add(restart));
        let attacks: Vec<A> = seeds.map(|seed| self.attack.with_seed(seed)).collect();
        let members: Vec<&dyn Attack<T>> = attacks.iter().map(|attack| attack as &dyn Attack<T>).collect();
        Ok(in_turn(self.name(), &members, &Subject::new(model, images, labels)?, ball)?.outcome)
    }
}

/// Runs attacks one after the other, each on the images that stand.
pub(crate) fn in_turn<T: Scalar>(
    name: &'static str,
    members: &[&dyn Attack<T>],
    subject: &Subject<'_, T>,
    ball: Ball,
) -> Result<Ensemble<T>, AttackError> {
    // An attack sees the whole batch, so that an image keeps its place and with it its random numbers. What it need not
    // attack any more gets a label that the network does not give it: attacks leave alone what is wrong already.
    let mut labels = subject.labels.to_vec();
    let mut adversarial = subject.images.to_owned();
    let mut passes = subject.passes();
    let mut shares = Vec::with_capacity(members.len());
    let mut standing = subject.predicted.iter().zip(&labels).filter(|(p, y)| p == y).count();
    for member in members {
        let mut share = Share {
            attack: member.name(),
            attacked: standing,
            successes: 0,
            robust: standing,
            passes: Passes::default(),
        };
        if standing > 0 {
            let found = member.run(subject.model, subject.images, &labels, ball)?;
            let fallen = found.success.iter().enumerate().filter(|&(_, &success)| success);
            for (image, _) in fallen {
                adversarial.row_mut(image).assign(&found.adversarial.row(image));
                labels[image] = (labels[image] + 1) % subject.model.classes().max(1);
            }
            share.successes = found.successes();
            share.passes = found.passes;
            standing -= share.successes;
            share.robust = standing;
            passes += found.passes;
        }
        shares.push(share);
    }
    let outcome = Outcome::verified(name, subject, ball, adversarial, passes)?;
    Ok(Ensemble { outcome, members: shares })
}
