//! Directions, surfaces and segments compared with their definitions.

use minima_autodiff::{Batch, Graph, Model, Scalar, paper_cnn};
use minima_curvature::{Hessian, LinearOperator, Objective};
use minima_metrics::{
    MetricsError, evaluate, evenly_around_zero, filter_normalised_direction, filter_norms, loss_along_segment,
    loss_surface,
};
use minima_rng::Key;
use ndarray::{Array2, Axis};
use std::sync::Arc;

/// The paper's network for small images, with nonzero biases.
fn model(seed: u64) -> Model<f64> {
    let graph = Arc::new(paper_cnn([8, 8, 1], 10).unwrap());
    let initial: Vec<f64> = graph.init(seed);
    let params = initial.iter().zip(Key::new(seed).normal(initial.len())).map(|(x, r)| x + 0.05 * f64::from(r));
    let params = params.collect();
    Model::new(graph, params).unwrap()
}

fn images(count: usize) -> (Array2<f64>, Vec<usize>) {
    let images = Array2::from_shape_fn((count, 64), |(i, j)| ((i * 31 + j * j + i * j) % 23) as f64 / 22.0);
    (images, (0..count).map(|i| (i * 7 + i / 3) % 10).collect())
}

/// The norm of each filter of a layer, from the columns of its kernel.
fn norms<T: Scalar>(graph: &Graph, vector: &[T], kernel: &str) -> Vec<f64> {
    let kernel = graph.view(vector, kernel).unwrap();
    let last = Axis(kernel.ndim() - 1);
    kernel.axis_iter(last).map(|filter| filter.iter().map(|x| x.as_f64().powi(2)).sum::<f64>().sqrt()).collect()
}

#[test]
fn a_directions_filters_have_the_networks_norms() {
    let model = model(3);
    let graph = model.graph();
    let direction = filter_normalised_direction(graph, model.params(), Key::new(5)).unwrap();
    let single: Vec<f32> = model.params().iter().map(|x| *x as f32).collect();
    let in_single = filter_normalised_direction(graph, &single, Key::new(5)).unwrap();
    for layer in ["Conv_0", "Conv_1", "Dense_0", "Dense_1"] {
        let kernel = format!("{layer}.kernel");
        let wanted = norms(graph, model.params(), &kernel);
        for (found, wanted) in norms(graph, &direction, &kernel).iter().zip(&wanted) {
            assert!((found - wanted).abs() < 1e-14 * wanted, "{kernel}: {found} {wanted}");
        }
        for (found, wanted) in norms(graph, &in_single, &kernel).iter().zip(&wanted) {
            // Each number is rounded once to 24 bits, on both sides.
            assert!((found - wanted).abs() < 2.0_f64.powi(-23) * wanted, "{kernel}: {found} {wanted}");
        }
        assert!(graph.view(&direction, &format!("{layer}.bias")).unwrap().iter().all(|x| *x == 0.0));
    }
    assert_ne!(direction, filter_normalised_direction(graph, model.params(), Key::new(6)).unwrap());
}

#[test]
fn other_parameters_give_the_same_direction_with_other_lengths() {
    let (one, other) = (model(3), model(4));
    let graph = one.graph();
    let per_norm = |model: &Model<f64>| -> Vec<f64> {
        let direction = filter_normalised_direction(graph, model.params(), Key::new(5)).unwrap();
        direction.iter().zip(filter_norms(graph, model.params()).unwrap()).map(|(d, norm)| d / norm).collect()
    };
    for (a, b) in per_norm(&one).iter().zip(per_norm(&other)) {
        assert!((a - b).abs() <= 1e-14 * a.abs(), "{a} {b}");
    }
}

#[test]
fn a_filter_of_zeros_does_not_move() {
    let mut model = model(3);
    let graph = model.graph().clone();
    graph.view_mut(model.params_mut(), "Dense_0.kernel").unwrap().index_axis_mut(Axis(1), 2).fill(0.0);
    let direction = filter_normalised_direction(&graph, model.params(), Key::new(5)).unwrap();
    let kernel = graph.view(&direction, "Dense_0.kernel").unwrap();
    for (unit, filter) in kernel.axis_iter(Axis(1)).enumerate() {
        assert_eq!(filter.iter().all(|x| *x == 0.0), unit == 2);
    }
}

#[test]
fn a_surface_is_the_loss_of_the_moved_network() {
    let (model, (images, labels)) = (model(3), images(40));
    let d = [1, 2].map(|key| filter_normalised_direction(model.graph(), model.params(), Key::new(key)).unwrap());
    let (xs, ys) = (evenly_around_zero(3, 0.5), evenly_around_zero(5, 1.0));
    let surface = loss_surface(&model, [&d[0], &d[1]], &xs, &ys, images.view(), &labels).unwrap();
    let places: Vec<(f64, f64)> = surface.iter().map(|point| (point.x, point.y)).collect();
    let expected: Vec<(f64, f64)> = ys.iter().flat_map(|y| xs.iter().map(move |x| (*x, *y))).collect();
    assert_eq!(places, expected);
    for point in &surface {
        let mut moved = model.clone();
        for (i, to) in moved.params_mut().iter_mut().enumerate() {
            *to += point.x * d[0][i] + point.y * d[1][i];
        }
        let expected = evaluate(&moved, images.view(), &labels).unwrap();
        // The same sum of three numbers in a different order.
        assert!((point.evaluation.mean_loss - expected.mean_loss).abs() < 1e-13 * expected.mean_loss);
        assert_eq!(point.evaluation.correct, expected.correct);
    }
    let origin = surface.iter().find(|point| point.x == 0.0 && point.y == 0.0).unwrap();
    assert_eq!(origin.evaluation, evaluate(&model, images.view(), &labels).unwrap(), "to the bit");
}

#[test]
fn a_surfaces_second_difference_is_the_hessian_along_the_direction() {
    let (model, (images, labels)) = (model(3), images(40));
    let d = [1, 2].map(|key| filter_normalised_direction(model.graph(), model.params(), Key::new(key)).unwrap());
    let batch = Batch::new(images.view(), &labels).unwrap();
    let objective = Objective::of_batch(model.graph(), model.params(), batch).unwrap();
    let product: Vec<Vec<f64>> = d.iter().map(|d| Hessian::new(&objective).apply(d).unwrap()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let h = 1e-4;
    let grid = evenly_around_zero(3, h);
    let surface = loss_surface(&model, [&d[0], &d[1]], &grid, &grid, images.view(), &labels).unwrap();
    let at = |x: usize, y: usize| surface[3 * y + x].evaluation.mean_loss;
    let differences = [
        (at(0, 1) - 2.0 * at(1, 1) + at(2, 1), dot(&d[0], &product[0])),
        (at(1, 0) - 2.0 * at(1, 1) + at(1, 2), dot(&d[1], &product[1])),
        ((at(2, 2) - at(0, 2) - at(2, 0) + at(0, 0)) / 4.0, dot(&d[0], &product[1])),
    ];
    // Four losses of 2.5, each rounded by about 1e-15, divided by h² give 1e-6; the error from the fourth derivative is
    // h², which is smaller.
    for (difference, expected) in differences {
        let found = difference / (h * h);
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}

#[test]
fn a_segments_ends_are_the_two_networks() {
    let (from, to, (images, labels)) = (model(3), model(4), images(40));
    let ts = [0.0, 0.25, 1.0, 1.5];
    let found = loss_along_segment(&from, to.params(), &ts, images.view(), &labels).unwrap();
    assert_eq!(found[0].evaluation, evaluate(&from, images.view(), &labels).unwrap());
    assert_eq!(found[2].evaluation, evaluate(&to, images.view(), &labels).unwrap());
    let back = loss_along_segment(&to, from.params(), &[0.75], images.view(), &labels).unwrap();
    assert!((back[0].evaluation.mean_loss - found[1].evaluation.mean_loss).abs() < 1e-13);
    assert_eq!(found.iter().map(|point| point.t).collect::<Vec<_>>(), ts);
}

#[test]
fn threads_make_no_difference() {
    let (model, other, (images, labels)) = (model(3), model(4), images(70));
    let measure = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let d = filter_normalised_direction(model.graph(), model.params(), Key::new(1)).unwrap();
            let surface = loss_surface(&model, [&d, &d], &[-0.1, 0.3], &[0.2], images.view(), &labels).unwrap();
            let segment = loss_along_segment(&model, other.params(), &[0.3, 0.6], images.view(), &labels).unwrap();
            (surface, segment)
        })
    };
    assert_eq!(measure(1), measure(3));
}

#[test]
fn bad_input_is_an_error() {
    let (model, (images, labels)) = (model(3), images(40));
    let graph = model.graph();
    let d = filter_normalised_direction(graph, model.params(), Key::new(1)).unwrap();
    let short = &d[1..];
    assert!(filter_normalised_direction(graph, short, Key::new(1)).is_err());
    assert!(loss_surface(&model, [&d, short], &[0.0], &[0.0], images.view(), &labels).is_err());
    assert!(loss_along_segment(&model, short, &[0.0], images.view(), &labels).is_err());
    assert!(loss_surface(&model, [&d, &d], &[0.0], &[0.0], images.view(), &labels[1..]).is_err());
    let none = Array2::zeros((0, 64));
    assert!(matches!(
        loss_along_segment(&model, &d, &[0.0], none.view(), &[]),
        Err(MetricsError::Empty { what: "images" })
    ));
    let far = loss_surface(&model, [&d, &d], &[0.0, f64::NAN], &[0.0], images.view(), &labels);
    assert!(matches!(far, Err(MetricsError::NotFinite { place: 1, .. })), "{far:?}");
    let mut broken = d.clone();
    broken[model.graph().view(model.params(), "Conv_0.bias").unwrap().len()] = f64::NAN;
    let found = filter_normalised_direction(graph, &broken, Key::new(1));
    assert!(matches!(found, Err(MetricsError::NotFinite { .. })), "{found:?}");
}
