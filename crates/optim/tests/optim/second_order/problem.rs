//! A small network with a batch, and vectors.

use crate::weight_decay::decayed;
use minima_autodiff::{AutodiffError, Conv2dSpec, Graph, GraphBuilder, Scalar};
use minima_optim::{Batch, OptimError};
use minima_rng::Key;
use ndarray::Array2;

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// 18 images of 5 × 4 × 2 in three classes: two blocks, the second one partly filled.
pub(crate) struct Problem<T> {
    pub graph: Graph,
    pub params: Vec<T>,
    pub images: Array2<T>,
    pub labels: Vec<usize>,
}

fn normal<T: Scalar>(seed: u64, n: usize) -> impl Iterator<Item = T> {
    Key::new(seed).normal(n).into_iter().map(|x| T::from_f64(f64::from(x)))
}

impl<T: Scalar> Problem<T> {
    pub(crate) fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let mut g = GraphBuilder::new(&[5, 4, 2]);
        let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 2))?;
        let x = g.relu(x);
        let x = g.max_pool2d(x, [2, 2], [2, 2])?;
        let x = g.flatten(x);
        let x = g.dense(x, "Dense_0", 5)?;
        let x = g.relu(x);
        let x = g.dense(x, "Dense_1", 3)?;
        let graph = g.finish(x)?;
        let noise = normal::<T>(2, graph.parameter_count());
        let params = graph.init::<T>(1).into_iter().zip(noise).map(|(p, z)| p + T::from_f64(0.2) * z).collect();
        let images = Array2::from_shape_vec((18, 40), normal(3, 18 * 40).collect())?;
        Ok(Self { graph, params, images, labels: (0..18).map(|i| i * 7 % 3).collect() })
    }

    pub(crate) fn batch(&self) -> Result<Batch<'_, T>, AutodiffError> {
        Batch::new(self.images.view(), &self.labels)
    }

    /// `ℓ(θ) + δ‖Dθ‖²/2`, where D sets biases to 0.
    pub(crate) fn loss(&self, params: &[T], decay: f64) -> Result<f64, OptimError> {
        let logits = self.graph.logits(params, self.images.view())?;
        let loss = minima_autodiff::softmax_cross_entropy::mean_loss(logits.view(), &self.labels)?;
        let decayed = decayed(&self.graph, params);
        Ok(loss + 0.5 * decay * dot(&decayed, &decayed))
    }
}

pub(crate) fn dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.as_f64() * b.as_f64()).sum()
}

/// `a − b`.
pub(crate) fn minus<T: Scalar>(a: &[T], b: &[T]) -> Vec<f64> {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.as_f64() - b.as_f64()).collect()
}

/// `‖found − expected‖ / ‖expected‖`.
pub(crate) fn relative_error<T: Scalar>(found: &[T], expected: &[T]) -> f64 {
    let apart = minus(found, expected);
    (dot(&apart, &apart) / dot(expected, expected)).sqrt()
}
