//! The interface of a model for attacks and metrics.

use crate::{AutodiffError, Graph, Scalar};
use ndarray::{Array2, ArrayView2};

/// The cotangent of one image's logits. It is called with the image's index in the batch, its logits, and the slice to
/// write the cotangent to. Both slices have length `classes`, and the second is zero at first.
pub type CotangentOf<'a, T> = dyn Fn(usize, &[T], &mut [T]) + Sync + 'a;

/// A differentiable classifier: logits, and gradients with respect to its input. Attacks need nothing else of a model.
///
/// A classifier is deterministic: the same images in the same batch always give the same numbers. A defence that draws
/// random numbers must seed its generator anew in each call. Attacks that run one after another reject a model whose
/// answers they see change. A logit of −∞ marks a class that is masked out; all other numbers are finite.
///
/// Images are the rows of a matrix `(images, features)`. An image of height H, width W and C channels is flattened in
/// (H, W, C) order.
pub trait Classifier<T: Scalar>: Sync {
    /// The number of features of an image: H · W · C.
    fn features(&self) -> usize;

    /// The shape (H, W, C) of an image. Returns `None` if inputs are no images, or if their shape is not known.
    fn picture(&self) -> Option<[usize; 3]>;

    /// The number of classes: the columns of the logits.
    fn classes(&self) -> usize;

    /// Logits `(images, classes)` of images `(images, features)`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the images do not have [`features`](Self::features) columns.
    fn logits(&self, images: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError>;

    /// Logits `(images, classes)`, and the vjp `(images, features)` with respect to the input. `cotangent` computes
    /// each image's cotangent from its logits. With `softmax − onehot` as the cotangent, the vjp is the gradient of
    /// every image's own cross-entropy.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the images do not have [`features`](Self::features) columns.
    fn logits_and_input_vjp(
        &self,
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Array2<T>), AutodiffError>;
}

/// A classifier with known parameters, as measurements of the minimum around them need.
pub trait Differentiable<T: Scalar>: Classifier<T> {
    /// The network.
    fn graph(&self) -> &Graph;

    /// Its parameters, as one flat vector.
    fn params(&self) -> &[T];

    /// Logits `(images, classes)` at other parameters.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the parameters or the images do not fit the network.
    fn logits_at(&self, params: &[T], images: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError>;

    /// Logits `(images, classes)`, and the vjp with respect to the parameters, summed over the images. `cotangent`
    /// computes each image's cotangent from its logits.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the images do not have [`features`](Classifier::features) columns.
    fn logits_and_vjp(
        &self,
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Vec<T>), AutodiffError>;
}
