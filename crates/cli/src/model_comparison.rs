//! Two models on the same images, for the command `compare`.

use crate::checkpoints::Checkpoint;
use minima_autodiff::softmax_cross_entropy::{count_correct, predicted};
use minima_autodiff::{AutodiffError, Classifier};
use minima_data::Dataset;
use serde::Serialize;
use std::fmt;

/// How far two models agree on the test images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ModelComparison {
    /// The files of the models.
    pub models: [String; 2],
    /// The number of images.
    pub images: usize,
    /// The images that each classifies correctly.
    pub correct: [usize; 2],
    /// The images that both put into the same class.
    pub same_class: usize,
    /// The largest difference between two logits.
    pub largest_difference: f64,
    /// The largest logit.
    pub largest_logit: f64,
}

impl ModelComparison {
    /// Compares two models with as many classes.
    pub(crate) fn of(a: &Checkpoint, b: &Checkpoint, test: &Dataset) -> Result<Self, AutodiffError> {
        let (images, labels) = test.all::<f32>();
        let (of_a, of_b) = (a.model.logits(images.view())?, b.model.logits(images.view())?);
        let classes = of_a.rows().into_iter().zip(of_b.rows()).map(|(a, b)| [predicted(a), predicted(b)]);
        let apart = of_a.iter().zip(&of_b).map(|(&a, &b)| f64::from((a - b).abs()));
        let sizes = of_a.iter().chain(&of_b).map(|&x| f64::from(x.abs()));
        Ok(Self {
            models: [a, b].map(|checkpoint| checkpoint.path.display().to_string()),
            images: labels.len(),
            correct: [&of_a, &of_b].map(|logits| count_correct(logits.view(), &labels)),
            same_class: classes.filter(|[a, b]| a.is_some() && a == b).count(),
            largest_difference: apart.fold(0.0, f64::max),
            largest_logit: sizes.fold(0.0, f64::max),
        })
    }
}

impl fmt::Display for ModelComparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (model, correct) in self.models.iter().zip(self.correct) {
            writeln!(formatter, "{model}: {correct} of {} images correct", self.images)?;
        }
        writeln!(formatter, "the same class: {} of {}", self.same_class, self.images)?;
        let Self { largest_difference, largest_logit, .. } = self;
        write!(
            formatter,
            "largest difference of two logits: {largest_difference:.2e}, of logits up to {largest_logit:.3}"
        )
    }
}
