//! Gram matrices and the kernel, which are computed without a Jacobian, against the Jacobian.

use super::agreement::assert_close;
use super::{draw, nets};
use minima_autodiff::{Graph, Linearization};
use ndarray::{Array2, Array3, Axis};

/// Sums of some hundred products in another order, each rounded at 1e-16.
const ROUNDING: f64 = 1e-13;

fn on_batches(graph: &Graph, check: impl Fn(&Linearization<'_, f64>)) {
    let params = draw::params(graph, 1);
    for images in [1, 15, 16, 17, 33] {
        let images = draw::matrix(2, (images, graph.features()));
        check(&graph.linearize(&params, images.view()).unwrap());
    }
}

#[test]
fn the_kernel_is_the_jacobian_times_its_transpose() {
    for graph in [nets::residual(), nets::small_cnn()] {
        on_batches(&graph, |at| {
            let (classes, images, parameters) = at.jacobian().unwrap().dim();
            let rows = at.jacobian().unwrap().into_shape_with_order((classes * images, parameters)).unwrap();
            let kernel = at.kernel().unwrap();
            assert_close("kernel", &kernel, &rows.dot(&rows.t()), ROUNDING);
            assert_eq!(kernel, kernel.t(), "both triangles");
        });
    }
}

#[test]
fn a_gram_matrix_holds_the_inner_products_of_gradients() {
    for graph in [nets::residual(), nets::small_cnn()] {
        on_batches(&graph, |at| {
            let (count, images, classes) = (3, at.images(), graph.classes());
            let directions =
                Array3::from_shape_vec((count, images, classes), draw::normal(3, count * images * classes)).unwrap();
            let mut gradients = Array2::zeros((count * images, graph.parameter_count()));
            for (k, w) in directions.outer_iter().enumerate() {
                let own = at.per_sample_gradients(w).unwrap();
                for (i, gradient) in own.outer_iter().enumerate() {
                    gradients.row_mut(k * images + i).assign(&gradient);
                }
            }
            let mut expected = gradients.dot(&gradients.t());
            for (row, mut entries) in expected.axis_iter_mut(Axis(0)).enumerate() {
                entries.iter_mut().skip(row + 1).for_each(|above| *above = 0.0);
            }
            let gram = at.gram(directions.view()).unwrap();
            assert_close("gram", &gram, &expected, ROUNDING);
            for ((row, column), &entry) in gram.indexed_iter() {
                assert!(column <= row || entry == 0.0, "{entry} above the diagonal at {row}, {column}");
            }
        });
    }
}

#[test]
fn a_network_without_parameters_has_a_kernel_of_zeros() {
    let mut g = minima_autodiff::GraphBuilder::new(&[3]);
    let y = g.relu(g.input());
    let graph = g.finish(y).unwrap();
    let images = draw::matrix(2, (17, 3));
    let at = graph.linearize(&[], images.view()).unwrap();
    assert_eq!(at.kernel().unwrap(), Array2::<f64>::zeros((51, 51)));
    assert_eq!(at.jacobian().unwrap().dim(), (3, 17, 0));
}
