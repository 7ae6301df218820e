//! AutoAttack: four attacks of different kinds, each on the images that are still robust after the attacks before it.

use crate::attack::Stopping;
use crate::composition::{Ensemble, in_turn};
use crate::subject::Subject;
use crate::{Apgd, ApgdLoss, Attack, AttackError, Ball, FabT, Outcome, Seeded, Square, Transferred};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;

/// The ensemble of Croce & Hein 2020, "Reliable evaluation of adversarial robustness with an ensemble of diverse
/// parameter-free attacks": Auto-PGD with cross-entropy, Auto-PGD with the targeted difference of logits ratio,
/// targeted FAB, and Square.
///
/// The targeted ratio needs four classes. With three classes its place is taken by the ratio without targets (eq. 6); with
/// two classes there is no ratio, and cross-entropy has the direction of the only margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoAttack {
    /// The first attack.
    pub apgd_ce: Apgd,
    /// The second attack.
    pub apgd_t: Apgd,
    /// The third attack.
    pub fab_t: FabT,
    /// The last attack; it uses no gradients.
    pub square: Square,
}

/// AutoAttack as published under the name `standard`: 100 steps each, nine targets, 5 000 queries, no restarts.
///
/// ```
/// use minima_attacks::{Attack, standard};
///
/// assert_eq!(Attack::<f32>::name(&standard(0)), "autoattack");
/// ```
#[must_use]
pub fn standard(seed: u64) -> AutoAttack {
    AutoAttack::default().with_seed(seed)
}

impl Default for AutoAttack {
    fn default() -> Self {
        Self {
            apgd_ce: Apgd::cross_entropy(),
            apgd_t: Apgd::targeted(),
            fab_t: FabT::default(),
            square: Square::default(),
        }
    }
}

impl Seeded for AutoAttack {
    fn seed(&self) -> u64 {
        self.apgd_ce.seed
    }

    fn with_seed(&self, seed: u64) -> Self {
        Self {
            apgd_ce: self.apgd_ce.with_seed(seed),
            apgd_t: self.apgd_t.with_seed(seed),
            fab_t: self.fab_t,
            square: self.square.with_seed(seed),
        }
    }
}

impl AutoAttack {
    /// Runs the attack as [`run`](Attack::run) does, and also returns each member's share.
    ///
    /// # Errors
    /// Returns the errors of [`run`](Attack::run).
    pub fn run_members<T: Scalar>(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Ensemble<T>, AttackError> {
        let ratio = match model.classes() {
            ..3 => None,
            3 => Some(Apgd { loss: ApgdLoss::Dlr, ..self.apgd_t }),
            _ => Some(self.apgd_t),
        };
        let first: [&dyn Attack<T>; 1] = [&self.apgd_ce];
        let ratio = ratio.iter().map(|ratio| ratio as &dyn Attack<T>);
        let last: [&dyn Attack<T>; 2] = [&self.fab_t, &self.square];
        let members: Vec<&dyn Attack<T>> = first.into_iter().chain(ratio).chain(last).collect();
        in_turn(Attack::<T>::name(self), &members, &Subject::new(model, images, labels)?, ball, Stopping::AtSuccess)
    }
}

impl<T: Scalar> Attack<T> for AutoAttack {
    fn name(&self) -> &'static str {
        "autoattack"
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
        self.run(model, images, labels, ball)
    }

    fn transferred(&self) -> Transferred {
        Transferred::FirstSuccess
    }
}
