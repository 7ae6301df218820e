//! The norm of each parameter's filter: a scale for changes of the parameter.

use minima_autodiff::{AutodiffError, Graph, Scalar};
use ndarray::{ArrayView2, Axis};

/// For each parameter of a flat vector, the Euclidean norm of its filter. In a convolution the filter is the kernel of
/// the parameter's output channel, in a dense layer the incoming weights of its output unit (Li et al. 2018,
/// "Visualizing the loss landscape of neural nets", section 4). For a bias, a scale or a shift it is the absolute value
/// of the parameter itself, as in adaptive sharpness-aware minimization (Kwon et al. 2021, section 3). The same holds for
/// an embedding: its numbers are added to values, as biases are, and belong to no unit.
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
    for spec in graph.parameters() {
        let Some([fan_in, outputs]) = spec.filters() else { continue };
        let (Some(kernel), Some(to)) = (params.get(spec.range.clone()), norms.get_mut(spec.range.clone())) else {
            continue;
        };
        let Ok(rows) = ArrayView2::from_shape((fan_in, outputs), kernel) else { continue };
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
    use minima_autodiff::{DenseSpec, GraphBuilder, Initializer, paper_cnn};

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

    #[test]
    fn axes_in_files_do_not_change_the_filters_and_an_embedding_has_its_own_scale() {
        let heads = |input_axes: &[usize], output_axes: &[usize]| DenseSpec {
            bias: false,
            input_axes: input_axes.to_vec(),
            output_axes: output_axes.to_vec(),
            ..DenseSpec::new(6)
        };
        let mut g = GraphBuilder::new(&[2, 4]);
        let x = g.dense_on_last_axis(g.input(), "query", &heads(&[], &[3, 2])).unwrap();
        let positions = g.embedding("positions", &[2, 6], Initializer::Zeros).unwrap();
        let x = g.add(x, positions).unwrap();
        let x = g.dense_on_last_axis(x, "out", &heads(&[3, 2], &[])).unwrap();
        let x = g.flatten(x);
        let graph = g.finish(x).unwrap();
        let params: Vec<f64> = (0..graph.parameter_count()).map(|i| ((i * 37) % 19) as f64 - 9.0).collect();
        let norms = filter_norms(&graph, &params).unwrap();
        for (name, fan_in) in [("query.kernel", 4), ("out.kernel", 6)] {
            let [kernel, norms] = [&params, &norms].map(|of| graph.view(of, name).unwrap());
            let [kernel, norms] = [kernel, norms].map(|of| of.to_shape((fan_in, 6)).unwrap().into_owned());
            for (filter, norms) in kernel.axis_iter(Axis(1)).zip(norms.axis_iter(Axis(1))) {
                let expected = filter.iter().map(|x| x * x).sum::<f64>().sqrt();
                assert!(norms.iter().all(|norm| *norm == expected), "{name}: {expected} {norms}");
            }
        }
        let [own, norms] = [&params, &norms].map(|of| graph.view(of, "positions").unwrap());
        assert!(own.iter().zip(norms).all(|(x, norm)| x.abs() == *norm));
    }
}
