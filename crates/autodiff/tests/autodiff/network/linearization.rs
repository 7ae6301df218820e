//! The properties of a linearization's products.

use super::agreement::assert_close;
use super::{draw, moments, nets};
use minima_autodiff::{Graph, LayerPairs};
use ndarray::{Array2, Array3, Axis};

/// Sums of some hundred products, each rounded at 1e-16.
const ROUNDING: f64 = 1e-13;

fn point(graph: &Graph, images: usize) -> (Vec<f64>, Array2<f64>) {
    (draw::params(graph, 1), draw::matrix(2, (images, graph.features())))
}

#[test]
fn a_jvp_of_both_tangents_is_the_sum() {
    for graph in [nets::residual(), nets::small_cnn()] {
        let (params, images) = point(&graph, 17);
        let at = graph.linearize(&params, images.view()).unwrap();
        let (v, x) = (draw::normal(3, params.len()), draw::matrix(4, images.dim()));
        let both = at.jvp(Some(&v), Some(x.view())).unwrap();
        let sum = at.jvp(Some(&v), None).unwrap() + at.jvp(None, Some(x.view())).unwrap();
        assert_close("both tangents", &both, &sum, ROUNDING);
        assert_eq!(at.jvp(None, None).unwrap(), Array2::<f64>::zeros(both.raw_dim()));
    }
}

#[test]
fn per_sample_gradients_are_those_of_single_images_and_sum_to_the_vjp() {
    for graph in [nets::residual(), nets::small_cnn()] {
        for images in [1, 15, 17, 33] {
            let (params, images) = point(&graph, images);
            let at = graph.linearize(&params, images.view()).unwrap();
            let w = draw::matrix(5, at.logits().dim());
            let gradients = at.per_sample_gradients(w.view()).unwrap();
            assert_close("sum", &gradients.sum_axis(Axis(0)), &at.vjp(w.view()).unwrap(), ROUNDING);
            for (i, gradient) in gradients.outer_iter().enumerate() {
                let [image, w] = [&images, &w].map(|a| a.select(Axis(0), &[i]));
                let alone = graph.linearize(&params, image.view()).unwrap();
                assert_close("single image", &gradient, &alone.vjp(w.view()).unwrap(), ROUNDING);
                let together = at.logits().select(Axis(0), &[i]);
                assert_eq!(together, alone.logits(), "logits of image {i}");
            }
        }
    }
}

#[test]
fn input_gradients_are_those_of_single_images() {
    let graph = nets::residual();
    let (params, images) = point(&graph, 33);
    let at = graph.linearize(&params, images.view()).unwrap();
    let w = draw::matrix(5, at.logits().dim());
    for (i, gradient) in at.vjp_input(w.view()).unwrap().outer_iter().enumerate() {
        let [image, w] = [&images, &w].map(|a| a.select(Axis(0), &[i]));
        let alone = graph.linearize(&params, image.view()).unwrap();
        assert_eq!(gradient, alone.vjp_input(w.view()).unwrap().row(0), "image {i}");
    }
}

#[test]
fn the_jacobian_holds_what_the_products_use() {
    let graph = nets::residual();
    let (params, images) = point(&graph, 17);
    let at = graph.linearize(&params, images.view()).unwrap();
    let jacobian = at.jacobian().unwrap();
    assert_eq!(jacobian.dim(), (4, 17, params.len()));

    let v = draw::normal(6, params.len());
    let jv = at.jvp(Some(&v), None).unwrap();
    let found = Array2::from_shape_fn(jv.raw_dim(), |(i, c)| {
        jacobian.index_axis(Axis(0), c).row(i).iter().zip(&v).map(|(j, v)| j * v).sum()
    });
    assert_close("rows times v", &found, &jv, ROUNDING);

    let w = draw::matrix(7, at.logits().dim());
    let mut found = vec![0.0; params.len()];
    for ((c, i, p), j) in jacobian.indexed_iter() {
        found[p] += j * w[[i, c]];
    }
    assert_close("w times rows", &found, &at.vjp(w.view()).unwrap(), ROUNDING);
}

#[test]
fn many_vjps_are_each_of_them() {
    let graph = nets::residual();
    let (params, images) = point(&graph, 17);
    let at = graph.linearize(&params, images.view()).unwrap();
    let many = Array3::from_shape_vec((3, 17, 4), draw::normal(8, 3 * 17 * 4)).unwrap();
    let rows = at.vjp_many(many.view()).unwrap();
    assert_eq!(rows.dim(), (3, params.len()));
    for (row, w) in rows.outer_iter().zip(many.outer_iter()) {
        assert_eq!(row.to_vec(), at.vjp(w).unwrap());
    }
}

#[test]
fn layer_pairs_multiply_to_every_images_gradient() {
    for graph in [nets::residual(), nets::small_cnn()] {
        for images in [1, 16, 33] {
            let (params, x) = point(&graph, images);
            let at = graph.linearize(&params, x.view()).unwrap();
            let w = draw::matrix(5, at.logits().dim());
            let (gradient, single) = (at.vjp(w.view()).unwrap(), at.per_sample_gradients(w.view()).unwrap());
            let pairs = at.layer_pairs(w.view()).unwrap();
            let mut covered = 0;
            for LayerPairs { params, places, inputs, cotangents, .. } in &pairs {
                assert_eq!(params.start, covered, "layers come in their order");
                covered = params.end;
                assert_eq!((inputs.ncols(), cotangents.ncols()), (places * images, places * images));
                let whole = inputs.dot(&cotangents.t()).into_flat();
                assert_close("gradient", &whole, &gradient[params.clone()], ROUNDING);
                for i in 0..images {
                    let columns: Vec<usize> = (0..*places).map(|place| place * images + i).collect();
                    let [a, d] = [inputs, cotangents].map(|side| side.select(Axis(1), &columns));
                    let expected = single.row(i).to_vec();
                    let found = a.dot(&d.t()).into_flat();
                    assert_close("one image's gradient", &found, &expected[params.clone()], ROUNDING);
                }
            }
            assert_eq!(covered, graph.parameter_count());
        }
    }
}

#[test]
fn moments_of_layers_are_products_of_layer_pairs() {
    for graph in [nets::residual(), nets::small_cnn()] {
        for images in [1, 16, 33] {
            let (params, x) = point(&graph, images);
            let at = graph.linearize(&params, x.view()).unwrap();
            moments::check("convolutions and dense layers", &at, draw::matrix(5, at.logits().dim()).view());
        }
    }
}

#[test]
fn squared_gradients_are_those_of_single_images() {
    for graph in [nets::residual(), nets::small_cnn()] {
        for images in [0, 1, 16, 33] {
            let (params, x) = point(&graph, images);
            let at = graph.linearize(&params, x.view()).unwrap();
            let w = draw::matrix(5, at.logits().dim());
            let expected = at.per_sample_gradients(w.view()).unwrap().mapv(|g| g * g).sum_axis(Axis(0));
            assert_close("squares", &at.squared_gradients(w.view()).unwrap(), &expected, ROUNDING);
        }
    }
}

#[test]
fn a_gauss_newton_product_is_a_jvp_and_a_vjp_to_the_bit() {
    for graph in [nets::residual(), nets::small_cnn()] {
        for images in [0, 1, 16, 33] {
            let (params, x) = point(&graph, images);
            let at = graph.linearize(&params, x.view()).unwrap();
            let v = draw::normal(6, params.len());
            // A map that mixes classes and differs between images.
            let curve = |image: usize, tangent: &[f64], out: &mut [f64]| {
                let sum: f64 = tangent.iter().sum();
                out.iter_mut().zip(tangent).for_each(|(out, t)| *out += (image + 1) as f64 * (3.0 * t - sum));
            };
            let mut w = at.jvp(Some(&v), None).unwrap();
            for (i, mut row) in w.outer_iter_mut().enumerate() {
                let mut out = vec![0.0; row.len()];
                curve(i, &row.to_vec(), &mut out);
                row.iter_mut().zip(out).for_each(|(to, x)| *to = x);
            }
            assert_eq!(at.gauss_newton_product(&v, &curve).unwrap(), at.vjp(w.view()).unwrap());
            assert!(at.gauss_newton_product(&v[1..], &curve).is_err());
        }
    }
}

#[test]
fn products_are_linear() {
    let graph = nets::residual();
    let (params, images) = point(&graph, 17);
    let at = graph.linearize(&params, images.view()).unwrap();
    let (a, b) = (draw::matrix(9, (17, 4)), draw::matrix(10, (17, 4)));
    let together = at.vjp((&a * 3.0 - &b).view()).unwrap();
    let apart: Vec<f64> =
        at.vjp(a.view()).unwrap().iter().zip(at.vjp(b.view()).unwrap()).map(|(a, b)| 3.0 * a - b).collect();
    assert_close("vjp", &together, &apart, ROUNDING);
}

#[test]
fn a_batch_of_no_images_gives_nothing() {
    let graph = nets::residual();
    let (params, images) = point(&graph, 0);
    let at = graph.linearize(&params, images.view()).unwrap();
    let none = Array2::zeros((0, 4));
    assert_eq!(at.logits().dim(), (0, 4));
    assert_eq!(at.vjp(none.view()).unwrap(), vec![0.0; params.len()]);
    assert_eq!(at.jvp(Some(&params), None).unwrap().dim(), (0, 4));
    assert_eq!(at.vjp_input(none.view()).unwrap().dim(), (0, 84));
    assert_eq!(at.kernel().unwrap().dim(), (0, 0));
    assert_eq!(at.jacobian().unwrap().dim(), (4, 0, params.len()));
}
