//! The norm of each parameter's filter: a scale for changes of the parameter.

use minima_autodiff::{AutodiffError, Graph, Role, Scalar};
use ndarray::{ArrayView2, Axis};

/// For each parameter of a flat vector, the Euclidean norm of its filter. In a convolution the filter is the kernel of
/// the parameter's output channel, in a dense layer the incoming weights of its output unit (Li et al. 2018,
/// "Visualizing the loss landscape of neural nets", section 4). For a bias it is the absolute value of the bias itself,
/// as in adaptive sharpness-aware minimization (Kwon et al. 2021, section 3).
///
/// A network of rectifiers computes the same function if one layer's kernel and bias are multiplied by α and the next
/// layer's kernel by 1/α. Let D be the diagonal matrix of these norms. Then `D A D` is invariant too for any matrix A
/// of second derivatives, but A itself is not (Dinh et al. 2017). For this, the bias needs its own scale: the next
/// layer's bias does not change with its kernel.
///
/// # Errors
/// Returns [`AutodiffError::Shape`] if the number of parameters is wrong.
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
                // The squares are integers: their sum is exact.
                assert!(norms.iter().all(|norm| *norm == expected), "{layer}: {expected} {norms}");
            }
        }
        assert!(filter_norms(&graph, &params[1..]).is_err());
    }
}
