//! What attacks and metrics need of a model.

use crate::{AutodiffError, Graph, Scalar};
use ndarray::{Array2, ArrayView2};

/// The cotangent of one image's logits: called with the image's place in the batch, its logits, and where the cotangent
/// goes; all of length `classes`, the last zero at first.
pub type CotangentOf<'a, T> = dyn Fn(usize, &[T], &mut [T]) + Sync + 'a;

/// A differentiable classifier: logits, and gradients with respect to its input. Nothing else is asked of a model.
///
/// A classifier is deterministic: the same images in the same batch give the same numbers each time. A defence that draws
/// random numbers draws them from a fixed seed, afresh for each call. Attacks that run one after the other refuse a model
/// that they see answer differently. A logit of −∞ is a class that is masked out; all other numbers are finite.
///
/// Images are the rows of a matrix `(images, features)`; a picture of height H, width W and C channels is flattened in
/// (H, W, C) order.
pub trait Classifier<T: Scalar>: Sync {
    /// Numbers an image has: H · W · C.
    fn features(&self) -> usize;

    /// Classes it tells apart: the columns of the logits.
    fn classes(&self) -> usize;

    /// Logits `(images, classes)` of images `(images, features)`.
    ///
    /// # Errors
    /// When the images have another number of features.
    fn logits(&self, images: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError>;

    /// Logits `(images, classes)`, and the vjp to the input `(images, features)` of the cotangents that `cotangent` makes
    /// of those logits. With `softmax − onehot` as the cotangent it is the gradient of every image's own cross-entropy.
    ///
    /// # Errors
    /// When the images have another number of features.
    fn logits_and_input_vjp(
        &self,
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Array2<T>), AutodiffError>;
}

/// A classifier whose parameters are known: what measures of the minimum around them need.
pub trait Differentiable<T: Scalar>: Classifier<T> {
    /// The network.
    fn graph(&self) -> &Graph;

    /// Its parameters, as one flat vector.
    fn params(&self) -> &[T];

    /// Logits `(images, classes)` at other parameters.
    ///
    /// # Errors
    /// When the parameters or the images have another size than the network.
    fn logits_at(&self, params: &[T], images: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError>;

    /// Logits `(images, classes)`, and the vjp to the parameters, summed over the images, of the cotangents that
    /// `cotangent` makes of those logits.
    ///
    /// # Errors
    /// When the images have another number of features.
    fn logits_and_vjp(
        &self,
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Vec<T>), AutodiffError>;
}
