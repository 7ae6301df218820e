//! Passes that cache nothing give the same bits as a linearization.

use super::{draw, nets};
use minima_autodiff::{Classifier, Model};
use ndarray::{ArrayView2, Axis};
use std::sync::Arc;

/// A cotangent that depends on the image's index and on its logits.
fn cotangent(image: usize, logits: &[f64], out: &mut [f64]) {
    for (c, (to, a)) in out.iter_mut().zip(logits).enumerate() {
        assert_eq!(*to, 0.0, "cotangents start from zero");
        *to = a.sin() + (image * 7 + c) as f64 / 50.0;
    }
}

#[test]
fn as_a_linearization() {
    let graph = Arc::new(nets::residual());
    let params = draw::params(&graph, 1);
    let model = Model::new(graph.clone(), params.clone()).unwrap();
    for size in [1, 15, 16, 17, 33] {
        let images = draw::matrix(2, (size, graph.features()));
        let at = graph.linearize(&params, images.view()).unwrap();
        let mut w = at.logits().to_owned();
        for (i, mut row) in w.outer_iter_mut().enumerate() {
            let logits = row.to_vec();
            row.fill(0.0);
            cotangent(i, &logits, row.as_slice_mut().unwrap());
        }

        assert_eq!(graph.logits(&params, images.view()).unwrap(), at.logits());
        let (logits, gradient) = graph.logits_and_vjp(&params, images.view(), &cotangent).unwrap();
        assert_eq!((logits.view(), gradient), (at.logits(), at.vjp(w.view()).unwrap()));
        let (logits, gradients) = graph.logits_and_input_vjp(&params, images.view(), &cotangent).unwrap();
        assert_eq!((logits.view(), gradients.view()), (at.logits(), at.vjp_input(w.view()).unwrap().view()));

        assert_eq!(model.logits(images.view()).unwrap(), logits);
        let of_model = model.logits_and_input_vjp(images.view(), &cotangent).unwrap();
        assert_eq!(of_model, (logits, gradients));
    }
}

#[test]
fn images_may_lie_in_memory_in_any_way() {
    let graph = nets::residual();
    let params = draw::params(&graph, 1);
    let images = draw::matrix(2, (17, graph.features()));
    let logits = graph.logits(&params, images.view()).unwrap();

    let by_columns = images.t().as_standard_layout().into_owned();
    assert_eq!(graph.logits(&params, by_columns.t()).unwrap(), logits);
    let mut backwards: ArrayView2<'_, f64> = images.view();
    backwards.invert_axis(Axis(0));
    let mut found = graph.logits(&params, backwards).unwrap();
    found.invert_axis(Axis(0));
    assert_eq!(found, logits);
}
