//! Traces of curvature matrices, plain and in units of the filters.

use crate::SpectrumOptions;
use minima_autodiff::Scalar;
use minima_curvature::{CurvatureError, Rescaled, SymmetricOperator, TraceEstimate, trace_hutch_pp};
use ndarray::Array2;

/// The order up to which a trace is computed exactly.
const EXACT: usize = 4_096;
/// The number of columns of the identity that are multiplied at once.
const COLUMNS: usize = 16;
/// The number that separates the random vectors of traces from the starts of the Lanczos process.
const OF_TRACES: u32 = u32::MAX;

/// A matrix's trace, and its trace in units of the filters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traces {
    pub plain: TraceEstimate,
    pub in_filters: TraceEstimate,
}

/// The traces of a matrix with this diagonal.
pub(crate) fn exact_traces<T: Scalar>(diagonal: &[T], norms: &[T]) -> Traces {
    let exact = |value| TraceEstimate { value, standard_error: 0.0 };
    let in_filters = diagonal.iter().zip(norms).map(|(a, d)| a.as_f64() * d.as_f64().powi(2));
    Traces { plain: exact(diagonal.iter().map(|a| a.as_f64()).sum()), in_filters: exact(in_filters.sum()) }
}

/// The traces of any symmetric matrix: exact up to order 4 096, otherwise estimates.
pub(crate) fn hessian_traces<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    norms: &[T],
    options: &SpectrumOptions,
) -> Result<Traces, CurvatureError> {
    if norms.len() <= EXACT {
        return Ok(exact_traces(&diagonal(a, norms.len())?, norms));
    }
    let estimate =
        |a: &dyn SymmetricOperator<T>| trace_hutch_pp(a, options.trace_products, options.key.fold_in(OF_TRACES));
    Ok(Traces { plain: estimate(a)?, in_filters: estimate(&Rescaled::new(a, norms.to_vec())?)? })
}

/// The diagonal, from one product for each entry.
fn diagonal<T: Scalar>(a: &dyn SymmetricOperator<T>, order: usize) -> Result<Vec<T>, CurvatureError> {
    let mut diagonal = Vec::with_capacity(order);
    for first in (0..order).step_by(COLUMNS) {
        let count = COLUMNS.min(order - first);
        let unit = Array2::from_shape_fn((order, count), |(i, j)| if i == first + j { T::one() } else { T::zero() });
        let products = a.apply_columns(unit.view())?;
        diagonal.extend((0..count).filter_map(|j| products.get((first + j, j)).copied()));
    }
    Ok(diagonal)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;
    use crate::filter_norms;
    use minima_autodiff::{Batch, GraphBuilder};
    use minima_curvature::{Diagonal, Ggn, GgnVariant, Hessian, Objective, OperatorExt};

    #[test]
    fn a_large_matrix_has_an_estimate_with_its_error() {
        let entries: Vec<f64> = (0..EXACT + 10).map(|i| ((i * 37) % 101) as f64 / 50.0 - 0.7).collect();
        let norms: Vec<f64> = (0..entries.len()).map(|i| ((i * 13) % 7) as f64).collect();
        let options = SpectrumOptions::default();
        let exact = exact_traces(&entries, &norms);
        let a = Diagonal::new(entries);
        let found = hessian_traces(&a, &norms, &options).unwrap();
        for (found, exact) in [(found.plain, exact.plain), (found.in_filters, exact.in_filters)] {
            assert!(found.standard_error > 0.0 && exact.standard_error == 0.0);
            // The standard error is itself an estimate.
            assert!((found.value - exact.value).abs() < 5.0 * found.standard_error, "{found:?} {exact:?}");
        }
        let few = SpectrumOptions { trace_products: 3, ..options };
        assert!(matches!(hessian_traces(&a, &norms, &few), Err(CurvatureError::Option { option: "products", .. })));
    }

    /// In a network of rectifiers the Hessian's diagonal is known from another computation.
    #[test]
    fn the_traces_of_a_hessian_are_those_of_its_diagonal() {
        let mut g = GraphBuilder::new(&[4]);
        let x = g.dense(g.input(), "Dense_0", 5).unwrap();
        let x = g.relu(x);
        let x = g.dense(x, "Dense_1", 3).unwrap();
        let graph = g.finish(x).unwrap();
        let params: Vec<f64> = graph.init(3);
        let images = Array2::from_shape_fn((20, 4), |(i, j)| ((i * 31 + j * j + i * j) % 23) as f64 / 22.0);
        let labels: Vec<usize> = (0..20).map(|i| i % 3).collect();
        let batch = Batch::new(images.view(), &labels).unwrap();
        let objective = Objective::of_batch(&graph, &params, batch).unwrap();
        let norms = filter_norms(&graph, &params).unwrap();
        let diagonal = Ggn::new(&objective, GgnVariant::Mean).unwrap().diagonal().unwrap();
        let expected = exact_traces(diagonal.values(), &norms);
        let found = hessian_traces(&Hessian::new(&objective), &norms, &SpectrumOptions::default()).unwrap();
        for (found, expected) in [(found.plain, expected.plain), (found.in_filters, expected.in_filters)] {
            // Sums of a few hundred products, with cancellation below a factor of 10.
            assert!((found.value - expected.value).abs() < 1e-12 * expected.value, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn the_diagonal_of_a_small_matrix_is_exact() {
        let entries: Vec<f64> = (0..37).map(|i| f64::from(i) - 5.0).collect();
        let norms = vec![2.0; 37];
        let a = Diagonal::new(entries.clone()).damped(1.0);
        let found = hessian_traces(&a, &norms, &SpectrumOptions::default()).unwrap();
        let expected = entries.iter().sum::<f64>() + 37.0;
        assert_eq!((found.plain.value, found.in_filters.value), (expected, 4.0 * expected));
        assert_eq!((found.plain.standard_error, found.in_filters.standard_error), (0.0, 0.0));
    }
}
