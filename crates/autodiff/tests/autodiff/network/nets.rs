//! Networks for several tests.

use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Padding};

/// All operations except average pooling, with a residual block, channels that are not multiples of four, and a strided
/// convolution. Images are 6 × 7 × 2, with four classes.
pub(crate) fn residual() -> Graph {
    let mut g = GraphBuilder::new(&[6, 7, 2]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
    let x = g.relu(x);
    let y = g.conv2d(x, "Conv_1", Conv2dSpec::same(3, 3)).unwrap();
    let y = g.relu(y);
    let y = g.add(x, y).unwrap();
    let y = g.max_pool2d(y, [2, 2], [2, 2]).unwrap();
    let strided =
        Conv2dSpec { features: 5, kernel: [2, 2], stride: [2, 1], padding: Padding::Valid, ..Conv2dSpec::same(5, 2) };
    let y = g.conv2d(y, "Conv_2", strided).unwrap();
    let y = g.relu(y);
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 6).unwrap();
    let y = g.relu(y);
    let y = g.dense(y, "Dense_1", 4).unwrap();
    g.finish(y).unwrap()
}

/// Smooth except for ReLU: two convolutions with average pools and two dense layers, like the paper's network.
pub(crate) fn small_cnn() -> Graph {
    minima_autodiff::paper_cnn([9, 8, 2], 5).unwrap()
}
