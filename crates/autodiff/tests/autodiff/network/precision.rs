//! Single against double precision.
//!
//! If the longest path through a network has `n` roundings, each of at most u = 2⁻²⁴, then the error of an entry is at
//! most n·u times the result of the same computation with all numbers made positive, in which nothing cancels (Higham,
//! Accuracy and Stability of Numerical Algorithms, 2002, section 3). The same graph computes the positive network.

use super::{draw, nets};
use minima_autodiff::{Graph, Role};
use ndarray::Array2;

const UNIT: f64 = 1.0 / (1u64 << 24) as f64;

/// Roundings from input to logits: a sum of fan-in products and a bias in each layer, and four terms and a product in a
/// pool.
fn roundings(graph: &Graph) -> f64 {
    let layers: usize = graph.parameters().iter().filter(|p| p.role == Role::Kernel).map(|p| p.fan_in + 1).sum();
    (layers + 2 * 5) as f64
}

fn single(a: &Array2<f64>) -> Array2<f32> {
    a.mapv(|v| v as f32)
}

/// Numbers that both precisions hold exactly.
fn exact(a: Array2<f64>) -> Array2<f64> {
    a.mapv(|v| f64::from(v as f32))
}

#[test]
fn single_precision_is_double_precision_but_for_rounding() {
    let graph = nets::small_cnn();
    let params32: Vec<f32> = draw::params(&graph, 1).into_iter().map(|p| p as f32).collect();
    let params: Vec<f64> = params32.iter().map(|&p| f64::from(p)).collect();
    let images = exact(draw::matrix(2, (33, graph.features())));
    let w = exact(draw::matrix(3, (33, graph.classes())));
    let at = graph.linearize(&params, images.view()).unwrap();
    let (images32, w32) = (single(&images), single(&w));
    let at32 = graph.linearize(&params32, images32.view()).unwrap();

    let positive_params: Vec<f64> = params.iter().map(|p| p.abs()).collect();
    let positive_images = images.mapv(f64::abs);
    let positive = graph.linearize(&positive_params, positive_images.view()).unwrap();
    let positive_w = w.mapv(f64::abs);

    let there = roundings(&graph) * UNIT;
    let within = |what: &str, found: &[f32], expected: &[f64], bound: &[f64], tolerance: f64| {
        assert_eq!((found.len(), expected.len()), (bound.len(), bound.len()));
        let mut apart: f64 = 0.0;
        let mut size: f64 = 0.0;
        for ((&f, e), b) in found.iter().zip(expected).zip(bound) {
            let gap = (f64::from(f) - e).abs();
            assert!(gap <= tolerance * b, "{what}: {f} against {e}, bound {:e}", tolerance * b);
            (apart, size) = (apart.max(gap), size.max(e.abs()));
        }
        // The bounds add up the worst cases. In practice errors partly cancel, and a wrong scale would be detected
        // here.
        assert!(apart < 1e-5 * size, "{what}: {apart:e} apart at sizes of {size}");
    };
    let flat = |a: Array2<f64>| a.into_raw_vec_and_offset().0;
    let flat32 = |a: Array2<f32>| a.into_raw_vec_and_offset().0;
    within(
        "logits",
        &flat32(at32.logits().to_owned()),
        &flat(at.logits().to_owned()),
        &flat(positive.logits().to_owned()),
        there,
    );
    // The reverse pass goes through transposed layers of at most 99 features each, and then sums at most 72 positions
    // and 33 images.
    let back = there + (4.0 * 100.0 + 72.0 + 33.0) * UNIT;
    within(
        "vjp",
        &at32.vjp(w32.view()).unwrap(),
        &at.vjp(w.view()).unwrap(),
        &positive.vjp(positive_w.view()).unwrap(),
        back,
    );
    within(
        "vjp to input",
        &flat32(at32.vjp_input(w32.view()).unwrap()),
        &flat(at.vjp_input(w.view()).unwrap()),
        &flat(positive.vjp_input(positive_w.view()).unwrap()),
        back,
    );
    let v = exact(draw::matrix(4, (1, params.len())));
    within(
        "jvp",
        &flat32(at32.jvp(Some(&flat32(single(&v))), None).unwrap()),
        &flat(at.jvp(Some(&flat(v.clone())), None).unwrap()),
        &flat(positive.jvp(Some(&flat(v.mapv(f64::abs))), None).unwrap()),
        2.0 * there,
    );
}
