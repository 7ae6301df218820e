//! Linear networks, and a wrapper that changes their outputs.

use minima_autodiff::{AutodiffError, Classifier, CotangentOf, GraphBuilder, Model, Scalar};
use minima_rng::Key;
use ndarray::{Array2, ArrayView2};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const FEATURES: usize = 16;
pub(crate) const IMAGES: usize = 40;

/// A linear network with weights of size 1.
pub(crate) fn linear<T: Scalar>(classes: usize, bias: f64) -> Model<T> {
    let mut g = GraphBuilder::new(&[FEATURES]);
    let y = g.dense(g.input(), "Dense_0", classes).unwrap();
    let graph = Arc::new(g.finish(y).unwrap());
    let drawn = Key::new(5).normal(graph.parameter_count());
    let params = drawn.into_iter().enumerate().map(|(i, p)| f64::from(p) * if i < classes { bias } else { 1.0 });
    Model::new(graph, params.map(T::from_f64).collect()).unwrap()
}

pub(crate) fn images<T: Scalar>() -> Array2<T> {
    let drawn = Key::new(6).uniform(IMAGES * FEATURES);
    Array2::from_shape_fn((IMAGES, FEATURES), |(i, j)| T::from_f64(0.25 + 0.5 * f64::from(drawn[i * FEATURES + j])))
}

/// The function with which a wrapper changes outputs: it receives the call number, the logits, and the gradients if
/// there are any.
pub(crate) type Change = Box<dyn Fn(u64, &mut Array2<f32>, Option<&mut Array2<f32>>) + Sync>;

/// A network with changed outputs.
pub(crate) struct Changed {
    inner: Model<f32>,
    calls: AtomicU64,
    change: Change,
}

impl Changed {
    pub(crate) fn new(
        inner: Model<f32>,
        change: impl Fn(u64, &mut Array2<f32>, Option<&mut Array2<f32>>) + Sync + 'static,
    ) -> Self {
        Self { inner, calls: AtomicU64::new(0), change: Box::new(change) }
    }

    /// A network whose logits are a function of the true ones.
    pub(crate) fn mapped(inner: Model<f32>, map: impl Fn(usize, f32) -> f32 + Sync + 'static) -> Self {
        Self::new(inner, move |_, logits, _| logits.indexed_iter_mut().for_each(|((_, c), z)| *z = map(c, *z)))
    }

    pub(crate) fn labels(&self, images: &Array2<f32>) -> Vec<usize> {
        predictions(self, images)
    }
}

/// The class that the network predicts for each image.
pub(crate) fn predictions<T: Scalar>(model: &dyn Classifier<T>, images: &Array2<T>) -> Vec<usize> {
    let logits = model.logits(images.view()).unwrap();
    logits.outer_iter().map(|row| minima_autodiff::softmax_cross_entropy::predicted(row).unwrap()).collect()
}

impl Classifier<f32> for Changed {
    fn features(&self) -> usize {
        self.inner.features()
    }

    fn picture(&self) -> Option<[usize; 3]> {
        Classifier::<f32>::picture(&self.inner)
    }

    fn classes(&self) -> usize {
        self.inner.classes()
    }

    fn logits(&self, images: ArrayView2<'_, f32>) -> Result<Array2<f32>, AutodiffError> {
        let mut logits = self.inner.logits(images)?;
        (self.change)(self.calls.fetch_add(1, Ordering::Relaxed), &mut logits, None);
        Ok(logits)
    }

    /// Computes the true gradient for the cotangents of the changed logits.
    fn logits_and_input_vjp(
        &self,
        images: ArrayView2<'_, f32>,
        cotangent: &CotangentOf<'_, f32>,
    ) -> Result<(Array2<f32>, Array2<f32>), AutodiffError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut logits = self.inner.logits(images)?;
        (self.change)(call, &mut logits, None);
        let seen = logits.clone();
        let (_, mut gradients) = self.inner.logits_and_input_vjp(images, &|i, own, out| {
            let row = seen.row(i.min(seen.nrows().saturating_sub(1))).to_vec();
            if row.len() == own.len() { cotangent(i, &row, out) } else { cotangent(i, own, out) }
        })?;
        let mut unused = self.inner.logits(images)?;
        (self.change)(call, &mut unused, Some(&mut gradients));
        Ok((logits, gradients))
    }
}
