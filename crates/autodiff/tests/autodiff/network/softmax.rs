//! Softmax over one axis.

use super::agreement::assert_close;
use super::{derivatives, draw};
use minima_autodiff::{DenseSpec, Graph, GraphBuilder};
use ndarray::{Array2, Array3, Axis, array};

fn alone(shape: &[usize], axis: usize) -> Graph {
    let mut g = GraphBuilder::new(shape);
    let y = g.softmax_over(g.input(), axis).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

fn between(shape: &[usize], axis: usize) -> Graph {
    let mut g = GraphBuilder::new(shape);
    let dense = DenseSpec::new(shape[shape.len() - 1]);
    let y = g.dense_on_last_axis(g.input(), "Dense_0", &dense).unwrap();
    let y = g.softmax_over(y, axis).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_1", 3).unwrap();
    g.finish(y).unwrap()
}

/// By JAX in double precision: `softmax((sin(1.7 * arange(24)) * 2 + 0.3).reshape(2, 3, 4), axis)` for the axes 2 and 1.
#[rustfmt::skip]
const OF_JAX: [(usize, [f64; 24]); 2] = [
    (2, [0.11081896749050188, 0.8053102181164735, 0.06647432230525731, 0.01739649208776718, 0.329156942605618, 0.6050325082242042, 0.03022165102143801, 0.035588898148739855, 0.6426895514686006, 0.25488674558698027, 0.016853244353992172, 0.08557045859042688, 0.7112545806085304, 0.0774917465461291, 0.013788676803554929, 0.19746499604178538, 0.5255952799417334, 0.028070260860839146, 0.02109980561418021, 0.42523465358324725, 0.2673311594083314, 0.01504415391235758, 0.051468996260946795, 0.6661556904183642]),
    (1, [0.10797222756381732, 0.5040840013963889, 0.604255555953473, 0.13194485631237715, 0.29006375514488486, 0.34253968786353406, 0.24847197020041947, 0.24413936255930838, 0.6019640172912978, 0.153376310740077, 0.14727247384610748, 0.6239157811283145, 0.4595833618828093, 0.6302477642967522, 0.15382029931745178, 0.1472516752665416, 0.3611454071182375, 0.24276928056834793, 0.2503000477842918, 0.33720203819461103, 0.17927123099895334, 0.12698295513489982, 0.5958796528982565, 0.5155462865388474]),
];

#[test]
fn agrees_with_jax() {
    for (axis, expected) in OF_JAX {
        let images = Array2::from_shape_fn((17, 24), |(_, i)| (1.7 * i as f64).sin() * 2.0 + 0.3);
        for row in alone(&[2, 3, 4], axis).logits(&[], images.view()).unwrap().outer_iter() {
            assert_close(&format!("axis {axis}"), row, &expected, 1e-14);
        }
    }
}

#[test]
fn is_the_quotient_of_exponentials_over_every_axis() {
    for (shape, axis) in [([2, 3, 4], 0), ([2, 3, 4], 1), ([2, 3, 4], 2), ([5, 1, 3], 1), ([1, 7, 1], 1)] {
        let graph = alone(&shape, axis);
        let images = draw::matrix(4, (33, graph.features()));
        let logits = graph.logits(&[], images.view()).unwrap();
        for (x, found) in images.outer_iter().zip(logits.outer_iter()) {
            let powers: Array3<f64> = x.mapv(f64::exp).into_shape_with_order(shape).unwrap();
            let sums = powers.sum_axis(Axis(axis)).insert_axis(Axis(axis));
            assert_close(&format!("{shape:?}, axis {axis}"), found, &(&powers / &sums), 1e-14);
        }
    }
    let mut g = GraphBuilder::new(&[2, 3]);
    let y = g.softmax(g.input()).unwrap();
    let y = g.flatten(y);
    let graph = g.finish(y).unwrap();
    let image = array![[0.0, 0.0, 0.0, 0.0, 2.0_f64.ln(), 0.0]];
    let third = 1.0 / 3.0;
    assert_close("rows", &graph.logits(&[], image.view()).unwrap(), &[third, third, third, 0.25, 0.5, 0.25], 1e-15);
}

#[test]
fn derivatives_over_every_axis() {
    let cases: [(&[usize], usize); 6] =
        [(&[6], 0), (&[1], 0), (&[3, 4], 0), (&[3, 4], 1), (&[2, 3, 2], 1), (&[1, 5], 1)];
    for (shape, axis) in cases {
        for (place, graph) in [("alone", alone(shape, axis)), ("between", between(shape, axis))] {
            let images = draw::matrix(6, (33, graph.features()));
            derivatives::check(&format!("{shape:?}, axis {axis}, {place}"), &graph, &draw::params(&graph, 5), &images);
        }
    }
}

/// Attention to itself: the input of softmax has several readers, and softmax follows softmax.
#[test]
fn derivatives_with_several_readers() {
    let mut g = GraphBuilder::new(&[3, 4]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &DenseSpec::new(4)).unwrap();
    let rows = g.softmax(x).unwrap();
    let columns = g.softmax_over(x, 0).unwrap();
    let y = g.add(rows, columns).unwrap();
    let y = g.relu(y);
    let y = g.add(y, x).unwrap();
    let y = g.softmax(y).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_1", 3).unwrap();
    let graph = g.finish(y).unwrap();
    derivatives::check("several readers", &graph, &draw::params(&graph, 5), &draw::matrix(6, (33, 12)));
}

#[test]
fn large_scores_do_not_overflow() {
    let graph = alone(&[3], 0);
    let images = array![[1e4, 1e4, -1e4], [f64::MAX, 0.0, 0.0], [-1e300, -1e300, -1e300]];
    let third = 1.0 / 3.0;
    let expected = array![[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [third, third, third]];
    assert_close("f64", &graph.logits(&[], images.view()).unwrap(), &expected, 1e-15);
    let images = array![[1e4_f32, 1e4, -1e4]];
    assert_eq!(graph.logits(&[], images.view()).unwrap(), array![[0.5, 0.5, 0.0]]);
    let failed = graph.logits(&[], array![[0.0, f64::NAN, 1.0]].view()).unwrap();
    assert!(failed.iter().all(|y| y.is_nan()));
}

/// With a mask of −∞, the other entries have the derivatives of a softmax without the masked entry.
#[test]
fn masked_scores_have_no_probability_and_no_derivative() {
    let mut g = GraphBuilder::new(&[3, 3]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &DenseSpec::new(3)).unwrap();
    let none = f64::NEG_INFINITY;
    let mask = g.constant(&[3, 3], &[0.0, none, none, 0.0, 0.0, none, 0.0, 0.0, 0.0]).unwrap();
    let y = g.add(mask, x).unwrap();
    let y = g.softmax(y).unwrap();
    let y = g.flatten(y);
    let graph = g.finish(y).unwrap();
    let (params, images) = (draw::params(&graph, 3), draw::matrix(4, (33, 9)));
    for row in graph.logits(&params, images.view()).unwrap().outer_iter() {
        assert_eq!([row[0], row[1], row[2], row[5]], [1.0, 0.0, 0.0, 0.0]);
        assert!((row[3] + row[4] - 1.0).abs() < 1e-15);
    }
    derivatives::check("a causal mask", &graph, &params, &images);
}

#[test]
fn what_does_not_fit_is_refused() {
    for (shape, axis) in [(&[2, 3][..], 2), (&[], 0), (&[0], 0), (&[2, 0], 0)] {
        let mut g = GraphBuilder::new(shape);
        let message = g.softmax_over(g.input(), axis).unwrap_err().to_string();
        assert!(message.contains("softmax") && message.contains("axis"), "{message}");
    }
    let mut g = GraphBuilder::new(&[]);
    assert!(g.softmax(g.input()).is_err());
}
