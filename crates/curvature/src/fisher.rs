//! The Fisher information matrix: exact, with drawn targets, or with the true labels.

use crate::arguments::at_least;
use crate::objective::Part;
use crate::{CurvatureError, Diagonal, Ggn, GgnVariant, LinearOperator, Objective, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_autodiff::loss::Draw;
use minima_rng::Key;
use ndarray::{Array2, ArrayView2};

/// `(1/W) Σᵢ E[gᵢ gᵢᵀ]` with the gradient `gᵢ` of an image's own loss and the total weight W of the labels, their number
/// unless classes have weights. With targets drawn from the model it is the Fisher information; it equals the
/// generalized Gauss-Newton matrix of the mean loss (Martens 2020, section 9.2). With the true labels it is the empirical
/// Fisher, a different matrix (Kunstner et al. 2019).
#[derive(Debug)]
pub struct Fisher<'o, 'a, T: Scalar> {
    objective: &'o Objective<'a, T>,
    targets: Targets<'o, 'a, T>,
}

#[derive(Debug)]
enum Targets<'o, 'a, T: Scalar> {
    /// The expectation over the model's targets.
    Expected(Ggn<'o, 'a, T>),
    /// Drawn targets: one list per sample, with a target for each image.
    Drawn(Vec<Vec<Draw>>),
    /// The true labels.
    True,
}

impl<'o, 'a, T: Scalar> Fisher<'o, 'a, T> {
    /// The expectation over the model's targets, in closed form.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked when the objective was created.
    pub fn exact(objective: &'o Objective<'a, T>) -> Result<Self, CurvatureError> {
        Ok(Self { objective, targets: Targets::Expected(Ggn::new(objective, GgnVariant::Mean)?) })
    }

    /// Draws `samples` targets per image, once, from the model: labels from the probabilities of softmax cross-entropy.
    /// An image's target depends only on the key, the sample index and the image index.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if `samples` is zero.
    pub fn sampled(objective: &'o Objective<'a, T>, key: Key, samples: usize) -> Result<Self, CurvatureError> {
        at_least(1, "samples", samples, "at least 1")?;
        let (loss, images, classes) = (objective.loss_function(), objective.images(), objective.graph().classes());
        let keys = (0..).map(|sample: u32| key.fold_in(sample)).take(samples);
        let random: Vec<Vec<f32>> = keys.map(|key| loss.random(key, images, classes)).collect();
        let mut targets = vec![Vec::with_capacity(images); samples];
        objective.for_each_part(|part| {
            for (targets, random) in targets.iter_mut().zip(&random) {
                let of_images = random.chunks((random.len() / images.max(1)).max(1)).skip(part.first);
                targets.extend(
                    part.p
                        .outer_iter()
                        .zip(of_images)
                        .map(|(p, random)| part.loss().draw(p.to_slice().unwrap_or_default(), random)),
                );
            }
            Ok(())
        })?;
        Ok(Self { objective, targets: Targets::Drawn(targets) })
    }

    /// Uses the true labels.
    ///
    /// # Errors
    /// Does not fail. It returns a result for consistency with the other constructors.
    pub fn empirical(objective: &'o Objective<'a, T>) -> Result<Self, CurvatureError> {
        Ok(Self { objective, targets: Targets::True })
    }

    /// Computes the exact diagonal, with one pass of per-image gradients for each sample, or for each column of the
    /// loss's factor for the expectation.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked when the objective was created.
    pub fn diagonal(&self) -> Result<Diagonal<T>, CurvatureError> {
        if let Targets::Expected(ggn) = &self.targets {
            return ggn.diagonal();
        }
        let root = self.share().sqrt();
        let mut diagonal = vec![T::zero(); self.objective.parameter_count()];
        self.objective.for_each_part(|part| {
            for sample in 0..self.samples() {
                let cotangents = match self.drawn() {
                    Some(samples) => {
                        let draws = samples.get(sample).and_then(|draws| draws.get(part.first..)).unwrap_or_default();
                        part.loss.drawn_residuals(part.p.view(), part.labels, draws, root)
                    }
                    None => part.residuals(root),
                };
                let squares = part.at.squared_gradients(cotangents.view())?;
                diagonal.iter_mut().zip(squares).for_each(|(d, s)| *d += s);
            }
            Ok(())
        })?;
        Ok(Diagonal::new(diagonal))
    }

    /// The number of targets for each image.
    fn samples(&self) -> usize {
        self.drawn().map_or(1, <[_]>::len)
    }

    /// The weight of each target's `g gᵀ`.
    fn share(&self) -> T {
        self.objective.share() / T::from_f64(self.samples() as f64)
    }

    /// The drawn targets: one list per sample, with a target for each image. `None` if the expectation is in closed form
    /// or the true labels are in use.
    #[must_use]
    pub fn drawn(&self) -> Option<&[Vec<Draw>]> {
        match &self.targets {
            Targets::Drawn(samples) => Some(samples),
            Targets::Expected(_) | Targets::True => None,
        }
    }

    /// Computes `Σᵢ gᵢ (gᵢᵀ v)` for one batch, over images and samples.
    fn of_part(&self, part: &Part<'_, '_, T>, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let (share, loss) = (self.share(), part.loss());
        let add = |r: &[T], tangent: &[T], out: &mut [T]| {
            let along: T = share * r.iter().zip(tangent).map(|(&r, &t)| r * t).sum::<T>();
            out.iter_mut().zip(r).for_each(|(out, &r)| *out += along * r);
        };
        let curve = |image: usize, tangent: &[T], out: &mut [T]| {
            let (prediction, label) = part.image(image);
            let mut r = vec![T::zero(); prediction.len()];
            match self.drawn() {
                Some(samples) => {
                    for draw in samples.iter().filter_map(|draws| draws.get(part.first + image)) {
                        loss.drawn_residual_into(prediction, label, draw, T::one(), &mut r);
                        add(&r, tangent, out);
                    }
                }
                None => {
                    loss.residual_into(prediction, label, T::one(), &mut r);
                    add(&r, tangent, out);
                }
            }
        };
        Ok(part.at.gauss_newton_product(v, &curve)?)
    }
}

impl<T: Scalar> LinearOperator<T> for Fisher<'_, '_, T> {
    fn shape(&self) -> [usize; 2] {
        [self.objective.parameter_count(); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        match &self.targets {
            Targets::Expected(ggn) => ggn.apply(v),
            Targets::Drawn(_) | Targets::True => self.objective.sum(|part| self.of_part(part, v)),
        }
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        match &self.targets {
            Targets::Expected(ggn) => ggn.apply_columns(v),
            Targets::Drawn(_) | Targets::True => self.objective.sum_columns(v, |part, v| self.of_part(part, v)),
        }
    }
}

impl<T: Scalar> SymmetricOperator<T> for Fisher<'_, '_, T> {}
