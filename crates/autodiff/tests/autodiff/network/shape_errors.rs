//! Arrays that do not fit a network: the error names the array, its shape and the expected shape.

use super::{draw, nets};
use minima_autodiff::{AutodiffError, Model};
use ndarray::{Array2, Array3};
use std::sync::Arc;

#[track_caller]
fn assert_shape<V: std::fmt::Debug>(
    result: Result<V, AutodiffError>,
    named: &str,
    found: &[usize],
    expected: &[usize],
) {
    match result {
        Err(AutodiffError::Shape { what, found: f, expected: e }) => {
            assert_eq!((what, &f[..], &e[..]), (named, found, expected));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_networks_passes() {
    let graph = nets::residual();
    let params = draw::params(&graph, 1);
    let n = params.len();
    let images = draw::matrix(2, (5, 84));
    let wide = draw::matrix(2, (5, 85));
    let nothing = |_: usize, _: &[f64], _: &mut [f64]| {};
    assert_shape(graph.logits(&params, wide.view()), "images", &[5, 85], &[5, 84]);
    assert_shape(graph.logits(&params[1..], images.view()), "parameters", &[n - 1], &[n]);
    assert_shape(graph.linearize(&params, wide.view()), "images", &[5, 85], &[5, 84]);
    assert_shape(graph.linearize(&[], images.view()), "parameters", &[0], &[n]);
    assert_shape(graph.logits_and_vjp(&params, wide.view(), &nothing), "images", &[5, 85], &[5, 84]);
    assert_shape(graph.logits_and_input_vjp(&params, wide.view(), &nothing), "images", &[5, 85], &[5, 84]);
    assert_shape(graph.to_safetensors(&[0.0; 3]), "parameters", &[3], &[n]);
    assert_shape(Model::new(Arc::new(graph), vec![0.0; 3]), "parameters", &[3], &[n]);
}

#[test]
fn of_a_linearizations_products() {
    let graph = nets::residual();
    let params = draw::params(&graph, 1);
    let n = params.len();
    let images = draw::matrix(2, (5, 84));
    let at = graph.linearize(&params, images.view()).unwrap();
    let few = Array2::zeros((4, 4));
    let wide = Array2::zeros((5, 3));
    assert_shape(at.vjp(few.view()), "cotangents", &[4, 4], &[5, 4]);
    assert_shape(at.vjp(wide.view()), "cotangents", &[5, 3], &[5, 4]);
    assert_shape(at.vjp_input(few.view()), "cotangents", &[4, 4], &[5, 4]);
    assert_shape(at.per_sample_gradients(wide.view()), "cotangents", &[5, 3], &[5, 4]);
    assert_shape(at.vjp_many(Array3::zeros((2, 5, 3)).view()), "cotangents", &[5, 3], &[5, 4]);
    assert_shape(at.gram(Array3::zeros((2, 4, 4)).view()), "directions", &[2, 4, 4], &[2, 5, 4]);
    assert_shape(at.gram(Array3::zeros((2, 5, 3)).view()), "directions", &[2, 5, 3], &[2, 5, 4]);
    let nothing = |_: usize, _: &[f64], _: &mut [f64]| {};
    assert_shape(at.layer_pairs(few.view()), "cotangents", &[4, 4], &[5, 4]);
    assert_shape(at.vjp_along(&params, wide.view(), &nothing), "cotangents", &[5, 3], &[5, 4]);
    assert_shape(at.vjp_along(&[0.0; 3], few.view(), &nothing), "direction of the parameters", &[3], &[n]);
    assert_shape(at.jvp(Some(&[0.0; 3]), None), "tangent of the parameters", &[3], &[n]);
    assert_shape(at.jvp(None, Some(few.view())), "tangent of the input", &[4, 4], &[5, 84]);
}

#[test]
fn named_parameters_are_where_the_layout_says() {
    let graph = nets::residual();
    let mut params = draw::params(&graph, 1);
    let names: Vec<&str> = graph.parameters().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names[..3], ["Conv_0.bias", "Conv_0.kernel", "Conv_1.bias"]);
    let mut end = 0;
    for spec in graph.parameters() {
        assert_eq!(spec.range, end..end + spec.shape.iter().product::<usize>());
        end = spec.range.end;
        let view = graph.view(&params, &spec.name).unwrap();
        assert_eq!((view.shape(), view.as_slice().unwrap()), (&spec.shape[..], &params[spec.range.clone()]));
    }
    assert_eq!(end, graph.parameter_count());
    let at = graph.parameters()[1].range.start + 7;
    graph.view_mut(&mut params, "Conv_0.kernel").unwrap().as_slice_mut().unwrap()[7] = 1234.0;
    assert_eq!(params[at], 1234.0);

    assert!(graph.view(&params, "Conv_9.kernel").is_none());
    assert!(graph.view(&params[1..], "Conv_0.bias").is_none());
    params.push(0.0);
    assert!(graph.view(&params, "Conv_0.bias").is_none(), "a longer vector is not this network's");
    assert!(graph.view_mut(&mut params, "Conv_0.bias").is_none());
}
