//! An attack that climbs a loss of one's own choice.

use crate::apgd::WITH_LOSS;
use crate::attack::Stopping;
use crate::{Apgd, Attack, AttackError, Ball, Bim, MiFgsm, Outcome, Pgd, Seeded, Transferred};
use minima_autodiff::{Classifier, ImageLoss, Scalar};
use ndarray::ArrayView2;

/// [`Pgd`], [`Bim`], [`MiFgsm`] or [`Apgd`], climbing another loss than its own.
///
/// The loss is one of [`AttackLoss`](crate::AttackLoss), a training loss such as
/// [`SoftmaxCrossEntropy`](minima_autodiff::SoftmaxCrossEntropy) with smoothed labels, or one's own. Auto-PGD ignores
/// its field [`loss`](Apgd::loss).
///
/// The attack succeeds where the network misclassifies the image, whatever the loss. The loss receives the logits of a
/// network that may exclude a class by a logit of −∞. Where its gradient with respect to the pixels is not finite, the
/// attack returns [`AttackError::NotFinite`]. Auto-PGD never prefers an image whose loss is NaN.
///
/// ```
/// use minima_attacks::{Attack, Ball, Pgd, WithLoss};
/// use minima_autodiff::{GraphBuilder, ImageLoss, Model, Scalar};
/// use ndarray::array;
/// use std::sync::Arc;
///
/// /// Minus the label's logit, whatever the other logits are.
/// #[derive(Debug)]
/// struct LabelLogit;
///
/// impl<T: Scalar> ImageLoss<T> for LabelLogit {
///     fn value(&self, logits: &[T], label: usize) -> T {
///         -logits[label]
///     }
///
///     fn gradient_into(&self, _logits: &[T], label: usize, scale: T, out: &mut [T]) {
///         out.fill(T::zero());
///         out[label] = -scale;
///     }
/// }
///
/// // The logits are twice the first pixel, and the second pixel.
/// let mut g = GraphBuilder::new(&[2]);
/// let y = g.dense(g.input(), "Dense_0", 2)?;
/// let graph = g.finish(y)?;
/// let mut params = vec![0.0_f32; graph.parameter_count()];
/// params[2..].copy_from_slice(&[2.0, 0.0, 0.0, 1.0]);
/// let model = Model::new(Arc::new(graph), params)?;
///
/// let attack = WithLoss::new(Pgd::default(), &LabelLogit);
/// let outcome = attack.run(&model, array![[0.5, 0.8]].view(), &[0], Ball::linf(0.25)?)?;
/// // Only the first pixel changes the label's logit.
/// assert_eq!(outcome.successes(), 1);
/// assert!(outcome.adversarial[[0, 0]] < 0.4 && outcome.adversarial[[0, 1]] == 0.8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithLoss<'l, A, T> {
    attack: A,
    loss: &'l dyn ImageLoss<T>,
}

impl<'l, A, T> WithLoss<'l, A, T> {
    /// The attack, climbing this loss.
    #[must_use]
    pub fn new(attack: A, loss: &'l dyn ImageLoss<T>) -> Self {
        Self { attack, loss }
    }

    /// The attack.
    #[must_use]
    pub fn attack(&self) -> &A {
        &self.attack
    }

    /// The loss that it climbs.
    #[must_use]
    pub fn loss(&self) -> &'l dyn ImageLoss<T> {
        self.loss
    }
}

impl<A: Seeded, T> Seeded for WithLoss<'_, A, T> {
    fn seed(&self) -> u64 {
        self.attack.seed()
    }

    fn with_seed(&self, seed: u64) -> Self {
        Self { attack: self.attack.with_seed(seed), loss: self.loss }
    }
}

/// Implements [`Attack`] for an attack that is an ascent with steps of fixed length.
macro_rules! ascent_with_loss {
    ($attack:ty, $name:literal) => {
        impl<T: Scalar> Attack<T> for WithLoss<'_, $attack, T> {
            fn name(&self) -> &'static str {
                $name
            }

            fn run(
                &self,
                model: &dyn Classifier<T>,
                images: ArrayView2<'_, T>,
                labels: &[usize],
                ball: Ball,
            ) -> Result<Outcome<T>, AttackError> {
                self.attack.ascent($name, self.loss).run(model, images, labels, ball, Stopping::AtSuccess)
            }

            fn run_for_transfer(
                &self,
                model: &dyn Classifier<T>,
                images: ArrayView2<'_, T>,
                labels: &[usize],
                ball: Ball,
            ) -> Result<Outcome<T>, AttackError> {
                self.attack.ascent($name, self.loss).run(model, images, labels, ball, Stopping::Never)
            }

            fn transferred(&self) -> Transferred {
                Attack::<T>::transferred(&self.attack)
            }
        }
    };
}

ascent_with_loss!(Pgd, "pgd_with_loss");
ascent_with_loss!(Bim, "bim_with_loss");
ascent_with_loss!(MiFgsm, "mi-fgsm_with_loss");

impl<T: Scalar> Attack<T> for WithLoss<'_, Apgd, T> {
    fn name(&self) -> &'static str {
        WITH_LOSS
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.attack.attack(Some(self.loss), model, images, labels, ball, Stopping::AtSuccess)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        self.attack.attack(Some(self.loss), model, images, labels, ball, Stopping::Never)
    }

    fn transferred(&self) -> Transferred {
        Attack::<T>::transferred(&self.attack)
    }
}
