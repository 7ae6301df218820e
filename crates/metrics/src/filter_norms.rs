//! The size of each parameter's filter: what a change of the parameter is large or small against.

use minima_autodiff::{AutodiffError, Graph, Role, Scalar};
use ndarray::{ArrayView2, Axis};

/// For each parameter of a flat vector, the Euclidean norm of its filter: the kernel of its output channel in a convolution, the
/// incoming weights of its output unit in a dense layer (Li et al. 2018, "Visualizing the loss landscape of neural nets", section 4).
/// A bias counts by itself, by its own absolute value, as in adaptive sharpness-aware minimization (Kwon et al. 2021, section 3).
///
/// A network of rectifiers stays the same function when one layer's kernel and bias are multiplied by α and the next layer's kernel
/// by 1/α. With D the diagonal of these numbers, `D A D` of any second derivative A stays the same too, which A does not (Dinh et al.
/// 2017). The bias must have a scale of its own for that: the next layer's does not move with its kernel.
///
/// # Errors
/// When there are not as many numbers as the network has parameters.
pub fn filter_norms<T: Scalar>(graph: &Graph, params: &[T]) -> Result<Vec<T>, AutodiffError> {
    if params.len() != graph.parameter_count() {
        let (found, expected) = (vec![params.len()], vec![graph.parameter_count()]);
        return Err(AutodiffError::Shape { what: "parameters", found, expected });
    }
    let mut norms: Vec<T> = params.iter().map(|x| x.abs()).collect();
    for spec in graph.parameters().iter().filter(|spec| spec.role == Role::Kernel) {
        let outputs = spec.shape.last().copied().unwrap_or(1);
        let (Some(kernel), Some(to)) = (params.get(spec.range.clone()), norms.get_mut(spec.range.clone())) else {
            continue;
        };
        let Ok(rows) = ArrayView2::from_shape((kernel.len() / outputs.max(1), outputs), kernel) else { continue };
        let of_filters: Vec<T> = rows
            .axis_iter(Axis(1))
            .map(|filter| T::from_f64(filter.iter().map(|x| x.as_f64().powi(2)).sum::<f64>().sqrt()))
            .collect();
        to.iter_mut().zip(of_filters.iter().cycle()).for_each(|(to, norm)| *to = *norm);
    }
    Ok(norms)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;
    use minima_autodiff::paper_cnn;

    #[test]
    fn every_parameter_has_its_filters_norm() {
        let graph = paper_cnn([8, 8, 1], 10).unwrap();
        let params: Vec<f64> = (0..graph.parameter_count()).map(|i| ((i * 37) % 19) as f64 - 9.0).collect();
        let norms = filter_norms(&graph, &params).unwrap();
        for layer in ["Conv_0", "Conv_1", "Dense_0", "Dense_1"] {
            let of = |name: &str| graph.view(&params, &format!("{layer}.{name}")).unwrap();
            let found = |name: &str| graph.view(&norms, &format!("{layer}.{name}")).unwrap();
            assert!(of("bias").iter().zip(found("bias")).all(|(b, n)| b.abs() == *n), "{layer}");
            let (kernel, of_kernel) = (of("kernel"), found("kernel"));
            let last = Axis(kernel.ndim() - 1);
            for (filter, norms) in kernel.axis_iter(last).zip(of_kernel.axis_iter(last)) {
                let expected = filter.iter().map(|x| x * x).sum::<f64>().sqrt();
                // The squares are whole numbers: their sum is exact.
                assert!(norms.iter().all(|norm| *norm == expected), "{layer}: {expected} {norms}");
            }
        }
        assert!(filter_norms(&graph, &params[1..]).is_err());
    }
}
