//! The Fisher information matrix: exact, with sampled labels, or with the true labels.

use crate::arguments::at_least;
use crate::label_draw::draw_label;
use crate::objective::Part;
use crate::{CurvatureError, Diagonal, Ggn, GgnVariant, LinearOperator, Objective, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::label_residual;
use minima_rng::Key;
use ndarray::{Array2, ArrayView2};

/// `(1/N) Σᵢ E[gᵢ gᵢᵀ]` with the gradient `gᵢ` of an image's own loss. With labels drawn from the model it is the
/// Fisher information; for softmax cross-entropy it equals the generalized Gauss-Newton matrix (Martens 2020, section
/// 9.2). With the true labels it is the empirical Fisher, a different matrix (Kunstner et al. 2019).
#[derive(Debug)]
pub struct Fisher<'o, 'a, T: Scalar> {
    objective: &'o Objective<'a, T>,
    labels: Labels<'o, 'a, T>,
}

#[derive(Debug)]
enum Labels<'o, 'a, T: Scalar> {
    /// The expectation over the model's labels.
    Expected(Ggn<'o, 'a, T>),
    /// Given labels: one list per sample, with a label for each image.
    Given(Vec<Vec<usize>>),
}

impl<'o, 'a, T: Scalar> Fisher<'o, 'a, T> {
    /// The expectation over the model's labels, in closed form.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked when the objective was created.
    pub fn exact(objective: &'o Objective<'a, T>) -> Result<Self, CurvatureError> {
        Ok(Self { objective, labels: Labels::Expected(Ggn::new(objective, GgnVariant::Mean)?) })
    }

    /// Draws `samples` labels per image, once, from the model's probabilities. An image's label depends only on the
    /// key, the sample index and the image index.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Option`] if `samples` is zero.
    pub fn sampled(objective: &'o Objective<'a, T>, key: Key, samples: usize) -> Result<Self, CurvatureError> {
        at_least(1, "samples", samples, "at least 1")?;
        let keys = (0..).map(|sample: u32| key.fold_in(sample)).take(samples);
        let draws: Vec<Vec<f32>> = keys.map(|key| key.uniform(objective.images())).collect();
        let mut labels = vec![Vec::with_capacity(objective.images()); samples];
        objective.for_each_part(|part| {
            for (labels, draws) in labels.iter_mut().zip(&draws) {
                let draws = draws.iter().skip(part.first);
                labels.extend(part.p.outer_iter().zip(draws).map(|(p, &draw)| draw_label(p, draw)));
            }
            Ok(())
        })?;
        Ok(Self { objective, labels: Labels::Given(labels) })
    }

    /// Uses the true labels.
    ///
    /// # Errors
    /// Does not fail. It returns a result for consistency with the other constructors.
    pub fn empirical(objective: &'o Objective<'a, T>) -> Result<Self, CurvatureError> {
        Ok(Self { objective, labels: Labels::Given(vec![objective.labels().to_vec()]) })
    }

    /// Computes the exact diagonal, with one pass of per-image gradients for each sample, or for each class of the
    /// expectation.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked when the objective was created.
    pub fn diagonal(&self) -> Result<Diagonal<T>, CurvatureError> {
        let samples = match &self.labels {
            Labels::Expected(ggn) => return ggn.diagonal(),
            Labels::Given(samples) => samples,
        };
        let root = self.share(samples).sqrt();
        let mut diagonal = vec![T::zero(); self.objective.parameter_count()];
        self.objective.for_each_part(|part| {
            for labels in samples {
                let labels = labels.get(part.first..).unwrap_or_default();
                let squares = part.at.squared_gradients(part.residuals(labels, root).view())?;
                diagonal.iter_mut().zip(squares).for_each(|(d, s)| *d += s);
            }
            Ok(())
        })?;
        Ok(Diagonal::new(diagonal))
    }

    /// The weight of each label's `g gᵀ`.
    fn share(&self, samples: &[Vec<usize>]) -> T {
        self.objective.share() / T::from_f64(samples.len() as f64)
    }

    /// The labels in use, drawn or true: one list per sample, with a label for each image. `None` if the expectation is
    /// in closed form.
    #[must_use]
    pub fn labels(&self) -> Option<&[Vec<usize>]> {
        match &self.labels {
            Labels::Expected(_) => None,
            Labels::Given(samples) => Some(samples),
        }
    }

    /// Computes `Σᵢ gᵢ (gᵢᵀ v)` for one batch, over images and samples.
    fn of_part(&self, samples: &[Vec<usize>], part: &Part<'_, '_, T>, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let share = self.share(samples);
        let curve = |image: usize, tangent: &[T], out: &mut [T]| {
            let p = part.probabilities(image);
            for &label in samples.iter().filter_map(|labels| labels.get(part.first + image)) {
                let of_label = label_residual(p, label);
                let r = || p.iter().enumerate().map(|(class, &p)| if class == label { of_label } else { p });
                let along: T = share * r().zip(tangent).map(|(r, &t)| r * t).sum::<T>();
                out.iter_mut().zip(r()).for_each(|(out, r)| *out += along * r);
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
        match &self.labels {
            Labels::Expected(ggn) => ggn.apply(v),
            Labels::Given(samples) => self.objective.sum(|part| self.of_part(samples, part, v)),
        }
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        match &self.labels {
            Labels::Expected(ggn) => ggn.apply_columns(v),
            Labels::Given(samples) => self.objective.sum_columns(v, |part, v| self.of_part(samples, part, v)),
        }
    }
}

impl<T: Scalar> SymmetricOperator<T> for Fisher<'_, '_, T> {}
