//! Boxes around images, as inputs of interval networks.

use minima_autodiff::{AutodiffError, Scalar};
use ndarray::{Array2, ArrayView2};

/// The centres and radii `(images, 2 · features)` of the boxes around images, met with [0, 1].
pub(super) fn boxes<T: Scalar>(
    images: ArrayView2<'_, T>,
    features: usize,
    epsilon: f64,
) -> Result<Array2<T>, AutodiffError> {
    if !(epsilon.is_finite() && epsilon >= 0.0) {
        let expected = "a finite number of at least 0";
        return Err(AutodiffError::LossOption { option: "epsilon", found: epsilon, expected });
    }
    if images.ncols() != features {
        let (found, expected) = (images.shape().to_vec(), vec![images.nrows(), features]);
        return Err(AutodiffError::Shape { what: "images", found, expected });
    }
    let (epsilon, half) = (T::from_f64(epsilon), T::from_f64(0.5));
    let unit = |x: T| x.max(T::zero()).min(T::one());
    Ok(Array2::from_shape_fn((images.nrows(), 2 * features), |(image, k)| {
        let x = images[[image, k % features]];
        let (low, high) = (unit(x - epsilon), unit(x + epsilon));
        half * if k < features { low + high } else { high - low }
    }))
}

/// Fails unless there are as many parameters as the network has.
pub(super) fn check<T>(params: &[T], expected: usize) -> Result<(), AutodiffError> {
    let found = params.len();
    if found == expected {
        return Ok(());
    }
    Err(AutodiffError::Shape { what: "parameters", found: vec![found], expected: vec![expected] })
}
