//! The adversarial images of a training step.

use crate::error::RunError;
use minima_attacks::Ball;
use minima_autodiff::softmax_cross_entropy;
use minima_autodiff::{AutodiffError, Graph, Scalar};
use minima_config::preset::PresetError;
use minima_config::training_options::AdversarialTraining;
use minima_optim::add_divergence_gradient_from;
use minima_rng::Key;
use ndarray::{Array2, ArrayView2, Axis, Zip};

/// The name of the stream of random numbers. No parameter of a network has it.
const STREAM: &str = "starts of adversarial training";

/// The deviation of the normal start of TRADES, at which the divergence has a gradient, in units of a pixel's range; the
/// authors' own.
const TRADES_START: f64 = 0.001;

/// Makes the adversarial images of training steps.
#[derive(Clone, Copy, Debug)]
pub struct AdversarialImages {
    options: AdversarialTraining,
    ball: Ball,
    key: Key,
}

impl AdversarialImages {
    /// The adversarial images of a run with this seed.
    ///
    /// # Errors
    /// Returns [`RunError::Attack`] if the radius is not between 0 and 1, and [`RunError::Preset`] for the kinds ibp and
    /// crown-ibp, which search for no images.
    pub fn new(options: AdversarialTraining, seed: u64) -> Result<Self, RunError> {
        let bounds = match options {
            AdversarialTraining::Ibp(_) => Some("ibp"),
            AdversarialTraining::CrownIbp(_) => Some("crown-ibp"),
            _ => None,
        };
        if let Some(kind) = bounds {
            let (key, found) = ("training.adversarial.kind".to_owned(), kind.to_owned());
            return Err(
                PresetError::Value { key, found, expected: "fgsm, pgd or trades, which search for images" }.into()
            );
        }
        Ok(Self { options, ball: Ball::linf(options.epsilon())?, key: Key::for_module(seed, STREAM) })
    }

    /// The ball around each image.
    #[must_use]
    pub fn ball(&self) -> Ball {
        self.ball
    }

    /// The β of TRADES, whose images are used beside the original ones; `None` for images that replace the original ones.
    #[must_use]
    pub fn beta(&self) -> Option<f64> {
        match self.options {
            AdversarialTraining::Trades { beta, .. } => Some(beta),
            _ => None,
        }
    }

    /// Adversarial images of these images `(images, features)`, in the ball and in [0, 1]. `indices` are the images'
    /// places in the training set, which with the seed and the epoch decide the random starts.
    ///
    /// # Errors
    /// Returns [`AutodiffError`] if the images, their labels or the parameters do not fit the network.
    pub fn make<T: Scalar>(
        &self,
        graph: &Graph,
        params: &[T],
        images: ArrayView2<'_, T>,
        labels: &[usize],
        epoch: u32,
        indices: &[u32],
    ) -> Result<Array2<T>, AutodiffError> {
        softmax_cross_entropy::check_labels(labels, images.nrows(), graph.classes())?;
        let mut near = images.as_standard_layout().into_owned();
        let of_epoch = self.key.fold_in(epoch);
        for (mut image, &index) in near.outer_iter_mut().zip(indices) {
            let start = self.start(image.len(), of_epoch.fold_in(index));
            image.iter_mut().zip(start).for_each(|(pixel, shift)| *pixel += T::from_f64(shift));
        }
        self.project(images, &mut near);
        // The predictions from which the images of TRADES move away.
        let clean = match self.beta() {
            Some(_) => Some(graph.logits(params, images)?),
            None => None,
        };
        let cotangent = |image: usize, logits: &[T], out: &mut [T]| match (&clean, labels.get(image)) {
            (Some(clean), _) => {
                add_divergence_gradient_from(&clean.index_axis(Axis(0), image).to_vec(), logits, 1.0, out);
            }
            (None, Some(&label)) => softmax_cross_entropy::gradient_into(logits, label, T::one(), out),
            (None, None) => {}
        };
        let length = T::from_f64(self.options.step() * self.ball.epsilon());
        for _ in 0..self.options.steps() {
            let (_, gradient) = graph.logits_and_input_vjp(params, near.view(), &cotangent)?;
            Zip::from(&mut near).and(&gradient).for_each(|pixel, &slope| *pixel += length * sign(slope));
            self.project(images, &mut near);
        }
        Ok(near)
    }

    /// The shift of each pixel at the start.
    fn start(&self, features: usize, key: Key) -> Vec<f64> {
        let (drawn, scale) = match self.options {
            AdversarialTraining::Trades { .. } => (key.normal(features), TRADES_START),
            _ => (key.uniform_in(features, -1.0, 1.0), self.ball.epsilon()),
        };
        drawn.into_iter().map(|x| scale * f64::from(x)).collect()
    }

    /// Moves images into the balls around the original ones and into [0, 1].
    fn project<T: Scalar>(&self, originals: ArrayView2<'_, T>, images: &mut Array2<T>) {
        for (original, mut image) in originals.outer_iter().zip(images.outer_iter_mut()) {
            if let Some(image) = image.as_slice_mut() {
                self.ball.project(&original.to_vec(), image);
            }
        }
    }
}

/// −1, 0 or 1.
fn sign<T: Scalar>(x: T) -> T {
    let one_if = |is| if is { T::one() } else { T::zero() };
    one_if(x > T::zero()) - one_if(x < T::zero())
}
