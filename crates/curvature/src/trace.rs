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
    /// Its standard deviation, estimated from the probes' spread.
    pub standard_error: f64,
}

impl TraceEstimate {
    /// The mean of independent numbers, and its standard error.
    fn of(samples: &[f64]) -> Self {
        let count = samples.len() as f64;
        let value = samples.iter().sum::<f64>() / count;
        let square: f64 = samples.iter().map(|x| (x - value).powi(2)).sum();
        Self { value, standard_error: (square / (count * (count - 1.0))).sqrt() }
    }
}

/// The mean of `zᵀ A z` over `probes` vectors z of random signs (Hutchinson 1989): one product for each. Its variance
/// for one probe is twice the sum of squares beside the diagonal.
///
/// The standard error is estimated from the spread of the samples. Of a matrix with few numbers beside its diagonal all samples of few
/// probes may coincide although they differ from the trace; the standard error is then 0. [`trace_hutch_pp`] has no such case.
///
/// # Errors
/// Returns an error if A is not square, if there are fewer than two probes, or if a product fails or is not finite.
pub fn trace_hutchinson<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    probes: usize,
    key: Key,
) -> Result<TraceEstimate, CurvatureError> {
    let order = order(a)?;
    at_least(2, "probes", probes, "two or more")?;
    let mut samples = Vec::with_capacity(probes);
    for piece in pieces(probes) {
        let z = sign_columns::<T>(key, order, piece);
        samples.extend(quadratic_forms(a, z.view())?);
    }
    Ok(TraceEstimate::of(&samples))
}

/// The trace from `products` products (Hutch++: Meyer, Musco, Musco & Woodruff 2021, algorithm 1): exact on the range Q
/// of a third of them, Hutchinson's estimate on what `I − Q Qᵀ` leaves. With a decaying spectrum its error falls with
/// the number of products, Hutchinson's with the root of it.
///
/// The range is sketched with normal numbers: with probability one, a matrix of rank `products / 3` or less comes out exactly, up to
/// rounding, on whatever coordinates its range lies. Probes of the rest are uniform on the sphere of radius `√m` in the complement
/// of Q, whose dimension is m (as in Epperly, Tropp & Webber 2024, section 3.3). With probability one, their samples are equal only where the rest is a
/// multiple of the identity there, and then each of them is exact: the standard error is 0 only of an exact estimate.
///
/// # Errors
/// Returns an error if A is not square, if there are fewer than four products, or if one fails or is not finite.
pub fn trace_hutch_pp<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    products: usize,
    key: Key,
) -> Result<TraceEstimate, CurvatureError> {
    let order = order(a)?;
    at_least(4, "products", products, "four or more")?;
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
            // What is within rounding of the range so far adds nothing to it.
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

/// `vᵀ A v` for each column v.
fn quadratic_forms<T: Scalar>(a: &dyn SymmetricOperator<T>, v: ArrayView2<'_, T>) -> Result<Vec<f64>, CurvatureError> {
    let images = a.apply_columns(v)?;
    let forms = v.columns().into_iter().zip(images.columns()).map(|(v, image)| dot(&v.to_vec(), &image.to_vec()));
    forms.map(|form| finite("a quadratic form", form)).collect()
}
