//! Networks with operations that have no kernels are refused by name.

use minima_autodiff::{Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer, Padding, PoolSpec, Value, paper_cnn};
use minima_cuda::CudaError;
use minima_cuda::engine::check_supported;
use minima_cuda::ops::Conv2d;

/// A network of operations on a picture, and a dense layer.
fn network(operations: impl Fn(&mut GraphBuilder, Value) -> Value) -> Graph {
    let mut g = GraphBuilder::new(&[6, 6, 4]);
    let x = g.input();
    let y = operations(&mut g, x);
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 3).unwrap();
    g.finish(y).unwrap()
}

fn refused(graph: &Graph) -> Vec<String> {
    match check_supported(graph) {
        Ok(()) => Vec::new(),
        Err(CudaError::Unsupported { operations }) => operations,
        Err(error) => panic!("{error}"),
    }
}

const BORDER: Padding = Padding::Explicit { low: [1, 1], high: [1, 1] };

#[test]
fn each_operation_without_kernels_is_named() {
    let conv = |spec: Conv2dSpec| refused(&network(|g, x| g.conv2d(x, "Conv_0", spec).unwrap()));
    let same = Conv2dSpec::same(4, 3);
    assert!(conv(same).is_empty());
    assert!(conv(Conv2dSpec { padding: Padding::Valid, stride: [2, 1], ..same }).is_empty());
    assert_eq!(conv(Conv2dSpec { groups: 2, ..same }), ["convolution with groups"]);
    assert_eq!(conv(Conv2dSpec { dilation: [1, 2], ..same }), ["convolution with dilation"]);
    assert_eq!(conv(Conv2dSpec { padding: BORDER, ..same }), ["convolution with explicit padding"]);
    assert_eq!(conv(Conv2dSpec { bias: false, ..same }), ["convolution without bias"]);

    let spec = PoolSpec::new([2, 2], [2, 2]);
    assert!(refused(&network(|g, x| g.avg_pool2d_padded(x, spec).unwrap())).is_empty());
    let padded = spec.with_padding(BORDER);
    assert_eq!(refused(&network(|g, x| g.avg_pool2d_padded(x, padded).unwrap())), ["average pooling with padding"]);
    assert_eq!(refused(&network(|g, x| g.max_pool2d_padded(x, padded).unwrap())), ["max pooling with padding"]);

    let bare = DenseSpec { bias: false, ..DenseSpec::new(5) };
    let dense = network(|g, x| {
        let x = g.flatten(x);
        g.dense_on_last_axis(x, "Dense_1", &bare).unwrap()
    });
    assert_eq!(refused(&dense), ["dense layer without bias"]);
}

#[test]
fn all_names_are_in_one_error_each_once() {
    let graph = network(|g, x| {
        let spec = Conv2dSpec { groups: 2, bias: false, ..Conv2dSpec::same(4, 3) };
        let x = g.conv2d(x, "Conv_0", spec).unwrap();
        let x = g.conv2d(x, "Conv_1", spec).unwrap();
        let x = g.dense_on_last_axis(x, "Dense_1", &DenseSpec::new(4)).unwrap();
        let zeros = g.embedding("embedding", &[6, 6, 4], Initializer::Zeros).unwrap();
        g.add(x, zeros).unwrap()
    });
    let error = check_supported(&graph).unwrap_err().to_string();
    let names = "convolution with groups, convolution without bias, dense layer on tokens, embedding";
    assert_eq!(error, format!("no CUDA kernels for {names}"));
}

#[test]
fn the_papers_network_has_kernels() {
    check_supported(&paper_cnn([28, 28, 1], 10).unwrap()).unwrap();
}

#[test]
fn a_convolution_alone_is_refused_too() {
    let spec = Conv2dSpec { padding: BORDER, dilation: [2, 2], ..Conv2dSpec::same(2, 2) };
    let error = Conv2d::new(spec, [6, 6, 2]).unwrap_err().to_string();
    assert_eq!(error, "no CUDA kernels for convolution with dilation, convolution with explicit padding");
}
