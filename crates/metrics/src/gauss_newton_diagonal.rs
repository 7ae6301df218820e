//! The diagonal of the Gauss-Newton matrix.

use minima_autodiff::softmax_cross_entropy::{hessian_factors, softmax};
use minima_autodiff::{AutodiffError, Graph, Scalar};
use ndarray::{ArrayView2, Axis};

/// Images whose per-sample gradients are held at once: 3.5 MB for the paper's network in `f32`.
const AT_ONCE: usize = 128;

/// The diagonal of the generalized Gauss-Newton matrix of the mean loss over images `(images, features)`, exactly: with the factors
/// `cₖ` of each image's `Hᵢ = Σₖ cₖ cₖᵀ` it is the mean over images of the squares of `Jᵢᵀ cₖ`, summed over the `classes − 1` factors.
///
/// # Errors
/// When the images or parameters do not fit the network.
pub fn gauss_newton_diagonal<T: Scalar>(
    graph: &Graph,
    params: &[T],
    images: ArrayView2<'_, T>,
) -> Result<Vec<f64>, AutodiffError> {
    let mut diagonal = vec![0.0; graph.parameter_count()];
    for images in images.axis_chunks_iter(Axis(0), AT_ONCE) {
        let linearization = graph.linearize(params, images)?;
        let factors = hessian_factors(softmax(linearization.logits()).view());
        for factor in factors.outer_iter() {
            for gradient in linearization.per_sample_gradients(factor)?.outer_iter() {
                diagonal.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g.as_f64().powi(2));
            }
        }
    }
    let count = images.nrows() as f64;
    diagonal.iter_mut().for_each(|sum| *sum /= count);
    Ok(diagonal)
}
