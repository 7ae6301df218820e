//! Estimates of a trace from products.

use crate::arguments::{at_least, finite, order};
use crate::basis::{Basis, is_noise, unit};
use crate::probes::{normal_columns, pieces, sign_columns};
use crate::vectors::{dot, norm};
use crate::{CurvatureError, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_rng::Key;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// A random estimate of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceEstimate {
    /// The estimate; its expectation is the trace.
    pub value: f64,
    /// The standard deviation of the estimate, computed from the probes' spread.
    pub standard_error: f64,
}

impl TraceEstimate {
    /// The mean of independent samples, and its standard error.
    fn of(samples: &[f64]) -> Self {
        let count = samples.len() as f64;
        let value = samples.iter().sum::<f64>() / count;
        let square: f64 = samples.iter().map(|x| (x - value).powi(2)).sum();
        Self { value, standard_error: (square / (count * (count - 1.0))).sqrt() }
    }
}

/// The mean of `zᵀ A z` over `probes` vectors z of random signs (Hutchinson 1989), with one product per probe. For one
/// probe, its variance is twice the sum of squared off-diagonal entries.
///
/// The standard error is computed from the spread of the samples. For a matrix with few off-diagonal entries, the
/// samples of a few probes may coincide although they differ from the trace; the standard error is then 0. This cannot
/// happen with [`trace_hutch_pp`].
///
/// # Errors
/// Returns [`CurvatureError::Size`] if A is not square, [`CurvatureError::Option`] if there are fewer than two probes,
/// [`CurvatureError::NotFinite`] if a product is not finite, and the errors of the products.
pub fn trace_hutchinson<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    probes: usize,
    key: Key,
) -> Result<TraceEstimate, CurvatureError> {
    let order = order(a)?;
    at_least(2, "probes", probes, "at least 2")?;
    let mut samples = Vec::with_capacity(probes);
    for piece in pieces(probes) {
        let z = sign_columns::<T>(key, order, piece);
        samples.extend(quadratic_forms(a, z.view())?);
    }
    Ok(TraceEstimate::of(&samples))
}

/// Estimates the trace from `products` products (Hutch++: Meyer, Musco, Musco & Woodruff 2021, algorithm 1). The
/// estimate is exact on the range Q of a third of the products, and Hutchinson's on the remainder after projection with
/// `I − Q Qᵀ`. With a decaying spectrum, its error is proportional to one over the number of products; Hutchinson's
/// error is proportional to one over the square root.
///
/// The range is sketched with normal numbers. With probability one, the trace of a matrix of rank at most
/// `products / 3` is exact up to rounding, for any coordinates of its range. Probes of the remainder are uniform on the
/// sphere of radius `√m` in the complement of Q, whose dimension is m (as in Epperly, Tropp & Webber 2024, section
/// 3.3). With probability one, their samples are equal only if the remainder is a multiple of the identity there, and
/// then each sample is exact: the standard error is 0 only for an exact estimate.
///
/// # Errors
/// Returns [`CurvatureError::Size`] if A is not square, [`CurvatureError::Option`] if there are fewer than four
/// products, [`CurvatureError::NotFinite`] if a product is not finite, and the errors of the products.
pub fn trace_hutch_pp<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    products: usize,
    key: Key,
) -> Result<TraceEstimate, CurvatureError> {
    let order = order(a)?;
    at_least(4, "products", products, "at least 4")?;
    let sketched = products / 3;
    let (for_range, for_rest) = key.split();
    let mut range = Basis::new();
    let mut largest = 0.0_f64;
    for piece in pieces(sketched) {
        let images = a.apply_columns(normal_columns::<T>(for_range, order, piece).view())?;
        for column in images.columns() {
            let mut v = column.to_vec();
            largest = largest.max(finite("the norm of a product", norm(&v))?);
            let (_, left) = range.orthogonalize(&mut v);
            // A vector within rounding of the current range adds nothing to it.
            let left = if is_noise::<T>(left, largest) { 0.0 } else { left };
            if let Some(v) = unit(v, left) {
                range.push(v);
            }
        }
    }
    let mut rest = Vec::new();
    let complement = order - range.len();
    let probes = if complement == 0 { 0 } else { products - 2 * sketched };
    for piece in pieces(probes) {
        let mut z = normal_columns::<T>(for_rest, order, piece);
        for mut column in z.columns_mut() {
            let mut v = column.to_vec();
            let (_, left) = range.orthogonalize(&mut v);
            let v = unit(v, left).unwrap_or_else(|| vec![T::zero(); order]);
            column.iter_mut().zip(v).for_each(|(to, x)| *to = x);
        }
        rest.extend(quadratic_forms(a, z.view())?.into_iter().map(|form| complement as f64 * form));
    }
    let mut within = 0.0;
    let range = range.into_vectors();
    for piece in pieces(range.len()) {
        let columns = range.get(piece).unwrap_or_default();
        let q = Array2::from_shape_fn((order, columns.len()), |(i, j)| {
            columns.get(j).and_then(|q| q.get(i)).copied().unwrap_or_else(T::zero)
        });
        within += quadratic_forms(a, q.view())?.iter().sum::<f64>();
    }
    let rest =
        if rest.is_empty() { TraceEstimate { value: 0.0, standard_error: 0.0 } } else { TraceEstimate::of(&rest) };
    Ok(TraceEstimate { value: within + rest.value, ..rest })
}

/// Computes `vᵀ A v` for each column v.
fn quadratic_forms<T: Scalar>(a: &dyn SymmetricOperator<T>, v: ArrayView2<'_, T>) -> Result<Vec<f64>, CurvatureError> {
    let images = a.apply_columns(v)?;
    let forms = v.columns().into_iter().zip(images.columns()).map(|(v, image)| dot(&v.to_vec(), &image.to_vec()));
    forms.map(|form| finite("a quadratic form", form)).collect()
}
