//! Constants: affine maps of the channels, batch normalisation in evaluation mode, and constant values.

use super::agreement::assert_close;
use super::derivatives::{self, BATCHES, rows};
use super::draw;
use minima_autodiff::{AutodiffError, BatchNorm, Conv2dSpec, Graph, GraphBuilder, Structure};
use ndarray::{Array2, array};

fn norm(channels: usize) -> BatchNorm {
    let numbers = |seed| draw::normal(seed, channels);
    BatchNorm {
        scale: numbers(1),
        shift: numbers(2),
        mean: numbers(3),
        variance: numbers(4).iter().map(|x| x * x).collect(),
        epsilon: 1e-3,
    }
}

#[test]
fn inputs_are_normalised_channel_by_channel() {
    let (mean, deviation) = ([0.5, -1.0, 2.0], [2.0, 0.25, 3.0]);
    let mut g = GraphBuilder::new(&[2, 2, 3]);
    let y = g.normalize(g.input(), &mean, &deviation).unwrap();
    let y = g.flatten(y);
    let graph = g.finish(y).unwrap();
    assert_eq!(graph.structure(), Structure::PiecewiseLinear);
    let images = draw::matrix(2, (33, 12));
    let expected = Array2::from_shape_fn((33, 12), |(i, j)| (images[[i, j]] - mean[j % 3]) / deviation[j % 3]);
    for size in BATCHES {
        let found = graph.logits(&[], rows(&images, size).view()).unwrap();
        assert_close("normalisation", &found, &rows(&expected, size), 1e-15);
    }
    derivatives::check("normalisation", &graph, &[], &images);
}

#[test]
fn an_affine_map_has_its_constants() {
    let mut g = GraphBuilder::new(&[2, 3]);
    let y = g.affine(g.input(), &[2.0, -1.0, 0.0], &[0.5, 0.0, 3.0]).unwrap();
    let y = g.flatten(y);
    let graph = g.finish(y).unwrap();
    let found = graph.logits(&[], array![[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]].view()).unwrap();
    assert_eq!(found, array![[2.5, -2.0, 3.0, 8.5, -5.0, 3.0]]);
    for (scale, shift) in
        [(&[1.0, 2.0][..], &[0.0, 0.0][..]), (&[1.0; 3], &[0.0; 2]), (&[1.0, f64::NAN, 1.0], &[0.0; 3])]
    {
        let mut g = GraphBuilder::new(&[2, 3]);
        assert!(matches!(g.affine(g.input(), scale, shift), Err(AutodiffError::Graph { .. })));
    }
}

/// A convolution, a batch normalisation, ReLU, a residual connection and a dense layer.
fn network(norm: Option<&BatchNorm>) -> Graph {
    let mut g = GraphBuilder::new(&[3, 4, 2]);
    let x = g.normalize(g.input(), &[0.1, 0.2], &[0.5, 0.7]).unwrap();
    let x = g.conv2d(x, "Conv_0", Conv2dSpec::same(5, 3)).unwrap();
    let x = norm.map_or(x, |norm| g.batch_norm(x, norm).unwrap());
    let y = g.relu(x);
    let y = g.add(x, y).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 3).unwrap();
    g.finish(y).unwrap()
}

#[test]
fn a_batch_norm_is_an_affine_map_with_derivatives() {
    let norm = norm(5);
    let mut g = GraphBuilder::new(&[2, 5]);
    let y = g.batch_norm(g.input(), &norm).unwrap();
    let y = g.flatten(y);
    let graph = g.finish(y).unwrap();
    let images = draw::matrix(2, (33, 10));
    let expected = Array2::from_shape_fn((33, 10), |(i, j)| {
        let c = j % 5;
        let deviation = (norm.variance[c] + norm.epsilon).sqrt();
        norm.scale[c] * (images[[i, j]] - norm.mean[c]) / deviation + norm.shift[c]
    });
    assert_close("batch norm", &graph.logits(&[], images.view()).unwrap(), &expected, 1e-14);
    let graph = network(Some(&norm));
    derivatives::check("batch norm between layers", &graph, &draw::params(&graph, 3), &draw::matrix(4, (33, 24)));
}

#[test]
fn a_batch_norm_folds_into_the_layer_before_it() {
    let norm = norm(5);
    let (with, without) = (network(Some(&norm)), network(None));
    let params = draw::params(&with, 3);
    let mut folded = params.clone();
    let [bias, kernel] = ["Conv_0.bias", "Conv_0.kernel"]
        .map(|name| with.parameters().iter().find(|p| p.name == name).unwrap().range.clone());
    let mut of_kernel = folded[kernel.clone()].to_vec();
    norm.fold_into(&mut of_kernel, &mut folded[bias]).unwrap();
    folded[kernel].copy_from_slice(&of_kernel);
    let images = draw::matrix(4, (17, 24));
    let expected = with.logits(&params, images.view()).unwrap();
    assert_close("folded", &without.logits(&folded, images.view()).unwrap(), &expected, 1e-14);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut g = GraphBuilder::new(&[2, 3]);
    let x = g.input();
    let message = |result: Result<minima_autodiff::Value, AutodiffError>| result.unwrap_err().to_string();
    for (mean, deviation) in [
        (&[0.0; 2][..], &[1.0; 2][..]),
        (&[0.0; 3], &[1.0; 2]),
        (&[0.0; 3], &[1.0, 0.0, 1.0]),
        (&[0.0, f64::NAN, 0.0], &[1.0; 3]),
    ] {
        let message = message(g.normalize(x, mean, deviation));
        assert!(message.contains("normalize") && message.contains("[2, 3]"), "{message}");
    }
    assert!(message(g.batch_norm(x, &norm(2))).contains("channel"));
    let short = BatchNorm { mean: vec![0.0; 2], ..norm(3) };
    let negative = BatchNorm { variance: vec![-1.0; 3], ..norm(3) };
    for wrong in [short, negative] {
        assert!(message(g.batch_norm(x, &wrong)).contains("batch_norm"));
        assert!(wrong.fold_into(&mut [0.0; 6], &mut [0.0; 3]).is_err());
    }
    let shape = |result| matches!(result, Err(AutodiffError::Shape { .. }));
    assert!(shape(norm(3).fold_into(&mut [0.0; 7], &mut [0.0; 3])));
    assert!(shape(norm(3).fold_into(&mut [0.0; 6], &mut [0.0; 2])));
    assert!(shape(norm(0).fold_into(&mut [0.0; 6], &mut [])));
    assert!(shape(norm(0).fold_into(&mut [0.0; 0], &mut [])));
    for (dims, numbers) in [(&[2][..], &[1.0][..]), (&[0], &[]), (&[1], &[f64::NAN])] {
        assert!(message(g.constant(dims, numbers)).contains("constant"));
    }
    assert_eq!(g.normalize(x, &[0.0; 3], &[1.0; 3]).map(|y| g.shape(y).to_vec()).unwrap(), [2, 3]);
}

#[test]
fn a_constant_is_the_same_for_every_image() {
    let mut g = GraphBuilder::new(&[3]);
    let c = g.constant(&[3], &[1.0, -2.0, 4.0]).unwrap();
    let y = g.dense(g.input(), "Dense_0", 3).unwrap();
    let y = g.add(c, y).unwrap();
    // The same constant again, through a rectifier and a layer.
    let z = g.relu(c);
    let z = g.dense(z, "Dense_1", 3).unwrap();
    let y = g.add(y, z).unwrap();
    let graph = g.finish(y).unwrap();
    let images = draw::matrix(4, (33, 3));
    let mut params = vec![0.0; graph.parameter_count()];
    graph.view_mut(&mut params, "Dense_1.kernel").unwrap()[[2, 0]] = 10.0;
    for row in graph.logits(&params, images.view()).unwrap().outer_iter() {
        assert_eq!(row, array![41.0, -2.0, 4.0]);
    }
    derivatives::check("a constant", &graph, &draw::params(&graph, 3), &images);
}
