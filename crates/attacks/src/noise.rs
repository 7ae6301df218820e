//! Random perturbations: the baseline for every attack.

use crate::options::check_draws;
use crate::start::{self, Draw};
use crate::subject::Subject;
use crate::survivors::Survivors;
use crate::{Attack, AttackError, Ball, Norm, Outcome, Seeded, Transferred};
use minima_autodiff::{Classifier, Scalar};
use minima_rng::Key;
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The distribution of the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoiseKind {
    /// All directions are equally likely: uniform in the cube (L∞), or uniform on the sphere (L2).
    Uniform,
    /// Every pixel moves up or down by the same amount: to a corner of the cube (L∞), or to the sphere (L2).
    Signs,
}

/// Random noise of the ball's size, clipped to [0, 1]. An image is a success if one of several draws is misclassified.
///
/// The attack uses logits only. If it succeeds as often as a gradient attack, the gradient is useless (Carlini et al.
/// 2019, "On evaluating adversarial robustness"). Random numbers depend on the seed and the image's row in the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// The distribution of the noise.
    pub kind: NoiseKind,
    /// The number of draws per image, from 1 to 10 000.
    pub draws: usize,
    /// The seed of all random numbers.
    pub seed: u64,
}

impl Noise {
    /// Ten draws of this kind of noise.
    #[must_use]
    pub fn new(kind: NoiseKind) -> Self {
        Self { kind, draws: 10, seed: 0 }
    }
}

impl Default for Noise {
    fn default() -> Self {
        Self::new(NoiseKind::Uniform)
    }
}

impl Seeded for Noise {
    fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..*self }
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

impl<T: Scalar> Attack<T> for Noise {
    fn name(&self) -> &'static str {
        match self.kind {
            NoiseKind::Uniform => "noise",
            NoiseKind::Signs => "noise-sign",
        }
    }

    fn run(
        &self,
        model: &dyn Classifier<T>,
        images: ArrayView2<'_, T>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<T>, AttackError> {
        check_draws("draws", self.draws)?;
        let subject = Subject::new(model, images, labels)?;
        let mut adversarial = images.to_owned();
        let mut passes = subject.passes();
        let mut left = Survivors::of(&subject);
        for key in Key::new(self.seed).split_n(self.draws) {
            if left.is_empty() {
                break;
            }
            let present = self.draw(&left, ball, key);
            let answer = left.logits(subject.model, &present, &mut passes)?;
            left.write_to(&mut adversarial, &present);
            left.retain(&left.standing(&answer.predicted));
        }
        Outcome::verified(Attack::<T>::name(self), &subject, ball, adversarial, passes)
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

impl Noise {
    fn draw<T: Scalar>(&self, left: &Survivors<T>, ball: Ball, key: Key) -> Array2<T> {
        match (self.kind, ball.norm()) {
            (NoiseKind::Uniform, Norm::Linf) => start::random(left, ball, Draw::Inside, key),
            (NoiseKind::Uniform, Norm::L2) => start::random(left, ball, Draw::Surface, key),
            (NoiseKind::Signs, _) => signs(left, ball, key),
        }
    }
}

/// Moves every pixel up or down by the largest common amount that the ball allows.
fn signs<T: Scalar>(left: &Survivors<T>, ball: Ball, key: Key) -> Array2<T> {
    let amount = match ball.norm() {
        Norm::Linf => ball.epsilon(),
        Norm::L2 => ball.epsilon() / (left.images.ncols().max(1) as f64).sqrt(),
    };
    let amount = T::from_f64(amount);
    let mut present = left.images.clone();
    let rows = present.axis_iter_mut(Axis(0)).into_par_iter().zip(left.images.axis_iter(Axis(0)));
    rows.zip(&left.indices).for_each(|((mut row, original), &place)| {
        if let (Some(row), Some(original)) = (row.as_slice_mut(), original.as_slice()) {
            // One bit per pixel.
            let words = key.fold_in(place as u32).bits(row.len().div_ceil(32));
            for (i, a) in row.iter_mut().enumerate() {
                let up = words.get(i / 32).is_some_and(|word| word >> (i % 32) & 1 == 1);
                *a += if up { amount } else { -amount };
            }
            ball.project(original, row);
        }
    });
    present
}
