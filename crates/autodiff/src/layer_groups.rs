//! Groups of consecutive operations with parameters, for matrices that are too large for all operations at once.

use crate::Scalar;
use crate::block_pass::Reach;
use crate::graph::{Graph, Node};
use crate::lane::Lane;
use crate::linearization::Linearization;
use crate::ops::{At, Parametrised, Scratch};
use ndarray::ArrayView2;
use std::ops::Range;

/// A group of layers ends with the layer that brings its numbers to this many bytes. Networks whose numbers take less have
/// one group. It is a constant, so sums over groups have the same order on all devices.
pub const LAYER_GROUP_BYTES: usize = 128 << 20;

/// Consecutive operations with parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerGroup {
    /// The numbers of the operations among all operations with parameters.
    pub operations: Range<usize>,
    /// The index of the first operation's node, at which a reverse pass ends.
    first_node: usize,
}

/// What a reverse pass calls at each operation of a group: with the operation's number, the operation, its point and the
/// cotangent of its output.
pub(crate) type AtOperation<'a, T> =
    dyn FnMut(usize, &dyn Parametrised<T>, &At<'_, T>, &[Lane<T>], &mut Scratch<T>) + 'a;

impl Graph {
    /// Splits the operations with parameters into groups, the last operations first. `bytes` has a size for each
    /// operation. A group ends with the operation that brings it to `limit` bytes, so it is below the limit without that
    /// operation. Operations of no bytes begin no group. There is at least one group.
    pub(crate) fn layer_groups(&self, bytes: &[usize], limit: usize) -> Vec<LayerGroup> {
        let parametrised = |node: &Node| node.op.parametrised::<f32>().is_some();
        let nodes: Vec<usize> =
            (0..self.nodes.len()).filter(|&at| self.nodes.get(at).is_some_and(parametrised)).collect();
        let group = |operations: Range<usize>| {
            let first_node = nodes.get(operations.start).copied().unwrap_or(self.nodes.len());
            LayerGroup { operations, first_node }
        };
        let (mut groups, mut end, mut sum, mut start) = (Vec::new(), nodes.len(), 0_usize, nodes.len());
        for (number, &bytes) in bytes.iter().enumerate().take(nodes.len()).rev().filter(|(_, bytes)| **bytes > 0) {
            (sum, start) = (sum.saturating_add(bytes), number);
            if sum >= limit {
                groups.push(group(start..end));
                (end, sum) = (start, 0);
            }
        }
        if start < end || groups.is_empty() {
            groups.push(group(start..end));
        }
        groups
    }
}

impl<T: Scalar> Linearization<'_, T> {
    /// Runs one block's reverse pass down to a group's first operation, and calls `visit` at the group's operations,
    /// the last first.
    pub(crate) fn reverse_to(
        &self,
        block: usize,
        w: ArrayView2<'_, T>,
        group: &LayerGroup,
        visit: &mut AtOperation<'_, T>,
    ) {
        let mut number = self.graph.parametrised::<T>().count();
        self.reverse(block, w, Reach::Node(group.first_node), &mut |_, op, at, dy, scratch| {
            number -= 1;
            if group.operations.contains(&number) {
                visit(number, op, at, dy, scratch);
            }
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;
    use crate::{Conv2dSpec, GraphBuilder};
    use minima_rng::Key;
    use ndarray::{Array2, Array3};

    /// Two residual blocks, a strided convolution and two dense layers.
    fn residual() -> Graph {
        let mut g = GraphBuilder::new(&[5, 6, 2]);
        let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(4, 3)).unwrap();
        let x = g.relu(x);
        let y = g.conv2d(x, "Conv_1", Conv2dSpec::same(4, 3)).unwrap();
        let y = g.relu(y);
        let y = g.conv2d(y, "Conv_2", Conv2dSpec::same(4, 3)).unwrap();
        let x = g.add(x, y).unwrap();
        let x = g.relu(x);
        let x = g.conv2d(x, "Conv_3", Conv2dSpec { stride: [2, 2], ..Conv2dSpec::same(5, 3) }).unwrap();
        let x = g.relu(x);
        let x = g.flatten(x);
        let x = g.dense(x, "Dense_0", 7).unwrap();
        let x = g.relu(x);
        let x = g.dense(x, "Dense_1", 4).unwrap();
        g.finish(x).unwrap()
    }

    fn normal(seed: u64, count: usize) -> Vec<f64> {
        Key::new(seed).normal(count).into_iter().map(f64::from).collect()
    }

    fn operations(groups: &[LayerGroup]) -> Vec<Range<usize>> {
        groups.iter().map(|group| group.operations.clone()).collect()
    }

    #[test]
    fn a_group_ends_with_the_operation_that_reaches_the_limit() {
        let graph = residual();
        let of = |bytes: &[usize], limit| operations(&graph.layer_groups(bytes, limit));
        let whole = 0..6;
        assert_eq!(of(&[1, 2, 3, 4, 5, 6], 100), std::slice::from_ref(&whole));
        assert_eq!(of(&[1, 2, 3, 4, 5, 6], 9), [4..6, 1..4, 0..1]);
        assert_eq!(of(&[1, 2, 3, 4, 5, 6], 10), [4..6, 0..4]);
        assert_eq!(of(&[1, 2, 3, 4, 5, 6], 1), [5..6, 4..5, 3..4, 2..3, 1..2, 0..1]);
        // The pass of the first group must not go back to an operation without numbers.
        assert_eq!(of(&[0, 9, 0, 0, 9, 0], 5), [4..6, 1..4]);
        let none = 6..6;
        assert_eq!(of(&[0, 0, 0, 0, 0, 0], 5), std::slice::from_ref(&none));
        assert_eq!(graph.layer_groups(&[1, 2, 3, 4, 5, 6], 9)[1].first_node, 1);
    }

    #[test]
    fn a_gram_matrix_in_groups_holds_the_inner_products_of_gradients() {
        let graph = residual();
        let params = normal(1, graph.parameter_count()).into_iter().map(|p| 0.3 * p).collect::<Vec<_>>();
        for images in [1, 16, 37] {
            let x = Array2::from_shape_vec((images, graph.features()), normal(2, images * graph.features())).unwrap();
            let at = graph.linearize(&params, x.view()).unwrap();
            let directions = Array3::from_shape_vec((3, images, 4), normal(3, 12 * images)).unwrap();
            let order = 3 * images;
            let mut gradients = Array2::zeros((order, params.len()));
            for (w, mut rows) in directions.outer_iter().zip(gradients.axis_chunks_iter_mut(ndarray::Axis(0), images)) {
                rows.assign(&at.per_sample_gradients(w).unwrap());
            }
            let expected = gradients.dot(&gradients.t());
            let whole = at.gram(directions.view()).unwrap();
            // From one group to a group for each operation.
            let sizes = graph.gram_bytes::<f64>(order);
            let mut counts = Vec::new();
            for limit in [usize::MAX, sizes.iter().sum::<usize>() / 2, sizes[1] + sizes[2], 1] {
                counts.push(graph.layer_groups(&sizes, limit).len());
                let found = at.gram_in_groups::<f64>(directions.view(), limit).unwrap();
                let scale = expected.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
                for row in 0..order {
                    for column in 0..=row {
                        let (found, whole) = (found[[row, column]], whole[[row, column]]);
                        assert!((found - expected[[row, column]]).abs() < 1e-13 * scale, "{limit}: {row} {column}");
                        assert!(limit != usize::MAX || found.to_bits() == whole.to_bits(), "{row} {column}");
                    }
                }
                let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
                let alone = one.install(|| at.gram_in_groups::<f64>(directions.view(), limit).unwrap());
                for row in 0..order {
                    assert_eq!(found.row(row).as_slice().unwrap()[..=row], alone.row(row).as_slice().unwrap()[..=row]);
                }
            }
            assert!(counts[0] == 1 && counts[1] > 1 && counts[3] == 6, "{counts:?}");
        }
    }
}
