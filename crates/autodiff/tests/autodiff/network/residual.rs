//! Sums, and values with two readers: each reader's vjp must add to the cotangent that the other one wrote.

use super::derivatives;
use super::{draw, nets};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Value};
use ndarray::array;

/// A convolution, `block`, and a dense layer on images of 5 × 6 × 3.
fn around(block: impl Fn(&mut GraphBuilder, Value) -> Value) -> Graph {
    let mut g = GraphBuilder::new(&[5, 6, 3]);
    let x = g.conv2d(g.input(), "Conv_in", Conv2dSpec::same(3, 2)).unwrap();
    let y = block(&mut g, x);
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_out", 4).unwrap();
    g.finish(y).unwrap()
}

fn check(what: &str, graph: &Graph) {
    derivatives::check(what, graph, &draw::params(graph, 7), &draw::apart(8, (33, graph.features())));
}

#[test]
fn a_sum_is_a_sum() {
    let mut g = GraphBuilder::new(&[3]);
    let x = g.input();
    let y = g.dense(x, "Dense_0", 3).unwrap();
    let y = g.add(x, y).unwrap();
    let y = g.add(y, y).unwrap();
    let graph = g.finish(y).unwrap();
    // y = 2 (x + b + x W) with b = (1, 2, 3) and W zero except W[0, 2] = 5.
    let params = [1.0, 2.0, 3.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let images = array![[10.0, 20.0, 30.0]];
    let at = graph.linearize(&params, images.view()).unwrap();
    assert_eq!(at.logits(), array![[22.0, 44.0, 166.0]]);
    let cotangents = array![[1.0, 1.0, 1.0]];
    assert_eq!(at.vjp_input(cotangents.view()).unwrap(), array![[12.0, 2.0, 2.0]]);
}

#[test]
fn an_input_read_twice_by_a_convolution_and_a_sum() {
    let graph = around(|g, x| {
        let y = g.conv2d(x, "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
        g.add(x, y).unwrap()
    });
    check("x + conv(x)", &graph);
    // The sum in the other order, so that the reverse pass writes in the other order.
    let graph = around(|g, x| {
        let y = g.conv2d(x, "Conv_0", Conv2dSpec::same(3, 3)).unwrap();
        let z = g.conv2d(x, "Conv_1", Conv2dSpec::same(3, 1)).unwrap();
        let sum = g.add(z, y).unwrap();
        g.add(sum, x).unwrap()
    });
    check("conv(x) + conv(x) + x", &graph);
}

#[test]
fn an_input_read_twice_by_pools_and_relu() {
    let graph = around(|g, x| {
        let a = g.avg_pool2d(x, [2, 3], [2, 1]).unwrap();
        let b = g.max_pool2d(x, [2, 3], [2, 1]).unwrap();
        g.add(a, b).unwrap()
    });
    check("avg(x) + max(x)", &graph);
    let graph = around(|g, x| {
        let a = g.max_pool2d(x, [2, 2], [1, 1]).unwrap();
        let b = g.avg_pool2d(x, [2, 2], [1, 1]).unwrap();
        g.add(a, b).unwrap()
    });
    check("max(x) + avg(x)", &graph);
    let graph = around(|g, x| {
        let y = g.relu(x);
        g.add(x, y).unwrap()
    });
    check("x + relu(x)", &graph);
}

#[test]
fn an_input_read_twice_by_dense_layers() {
    let mut g = GraphBuilder::new(&[5, 6, 3]);
    let x = g.flatten(g.input());
    let y = g.dense(x, "Dense_0", 7).unwrap();
    let a = g.dense(y, "Dense_1", 7).unwrap();
    let b = g.dense(y, "Dense_2", 7).unwrap();
    let z = g.add(a, b).unwrap();
    let z = g.add(y, z).unwrap();
    // A skip connection from the network's input, which does not depend on parameters.
    let skip = g.dense(x, "Dense_3", 7).unwrap();
    let z = g.add(z, skip).unwrap();
    let graph = g.finish(z).unwrap();
    check("dense layers with skips", &graph);
}

#[test]
fn a_network_of_all_operations() {
    let graph = nets::residual();
    check("the residual network", &graph);
}
