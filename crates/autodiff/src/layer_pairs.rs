//! The two factors of every layer's gradient: the inputs of its weights, and the cotangents of its outputs.

use crate::block_pass::Reach;
use crate::buffer::PooledScratch;
use crate::graph::{Graph, Node};
use crate::lane::{LANES, Lane};
use crate::linearization::Linearization;
use crate::ops::{Factors, Parametrised, Patches};
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut3, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// One layer's inputs and the cotangents of its outputs, for each image and spatial position.
///
/// A layer's parameters are the row-major matrix `(bias + fan_in, outputs)`; its first row is the bias, if the layer
/// has one. The gradient of that matrix is `inputs · cotangentsᵀ`. The same product over the columns of one image is
/// that image's gradient. A convolution in groups has one such matrix a group: [`columns`](Self::columns) of the whole
/// matrix. Kronecker-factored curvature is estimated from these pairs (Martens & Grosse 2015; Grosse & Martens 2016).
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPairs<T> {
    /// The range of the layer's parameters in the flat vector.
    pub params: Range<usize>,
    /// Whether the first row is a bias.
    pub bias: bool,
    /// The columns of the layer's matrix that these pairs belong to: all, unless a convolution has groups.
    pub columns: Range<usize>,
    /// The number of places at which the matrix is applied: the spatial positions of a convolution, the tokens of a
    /// token-wise layer, 1 for a dense layer.
    pub places: usize,
    /// `(bias + fan_in, places · images)`. Column `place · images + image` holds a 1 for the bias, if there is one, and
    /// then the inputs in the order of the kernel.
    pub inputs: Array2<T>,
    /// `(outputs, places · images)`, with the same columns.
    pub cotangents: Array2<T>,
}

/// Both factors of a layer, `(rows, places, images)`.
struct Sides<T> {
    inputs: Array3<T>,
    cotangents: Array3<T>,
}

/// An operation whose parameters are a matrix.
pub(crate) fn matrix<'a, T: Scalar>(
    (node, op): (&'a Node, &'a dyn Parametrised<T>),
) -> Option<(&'a Node, &'a dyn Patches<T>)> {
    match op.factors() {
        Factors::Kronecker(patches) => Some((node, patches)),
        Factors::Diagonal => None,
    }
}

impl<T: Scalar> Linearization<'_, T> {
    /// The inputs and cotangents of every layer whose parameters are matrices, in order, for cotangents `w`
    /// `(images, classes)` of the logits. The other parameters are in
    /// [`Graph::elementwise_parameters`].
    ///
    /// They are large. If only their second moments are needed, use [`input_moments`](Self::input_moments) and
    /// [`cotangent_moments`](Self::cotangent_moments).
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`, and [`AutodiffError::Graph`] if a layer's
    /// bias is not its first row.
    pub fn layer_pairs(&self, w: ArrayView2<'_, T>) -> Result<Vec<LayerPairs<T>>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let layers: Vec<_> = self.graph.matrices::<T>().collect();
        layers.iter().try_for_each(|(node, op)| self.graph.check_bias_first(node, *op))?;
        let mut sides: Vec<Sides<T>> = Vec::new();
        for (node, op) in &layers {
            let rows = usize::from(op.has_bias()) + op.fan_in();
            let places = self.graph.places(node, *op);
            let of = |rows| Array3::zeros((rows, places, self.images));
            let group = || Sides { inputs: of(rows), cotangents: of(op.outputs() / op.groups().max(1)) };
            sides.extend(std::iter::repeat_with(group).take(op.groups()));
        }
        let mut blocks: Vec<Vec<[ArrayViewMut3<'_, T>; 2]>> = (0..self.values.len()).map(|_| Vec::new()).collect();
        for Sides { inputs, cotangents } in &mut sides {
            let chunks =
                inputs.axis_chunks_iter_mut(Axis(2), LANES).zip(cotangents.axis_chunks_iter_mut(Axis(2), LANES));
            for (block, (inputs, cotangents)) in blocks.iter_mut().zip(chunks) {
                block.push([inputs, cotangents]);
            }
        }
        blocks.into_par_iter().enumerate().for_each(|(block, mut sides)| {
            // A reverse pass visits the layers last to first.
            let mut left = &mut sides[..];
            self.reverse(block, w, Reach::Parameters, &mut |_, op, at, dy, _| {
                let (Factors::Kronecker(op), [x]) = (op.factors(), at.x) else { return };
                let Some(before) = left.len().checked_sub(op.groups()) else { return };
                let (rest, of_layer) = std::mem::take(&mut left).split_at_mut(before);
                left = rest;
                let (bias, outputs) = (usize::from(op.has_bias()), op.outputs());
                op.for_each_patch(x, &mut PooledScratch::take(), &mut |place, group, patch| {
                    let Some([inputs, cotangents]) = of_layer.get_mut(group) else { return };
                    if bias == 1 {
                        store(&[Lane::splat(T::one())], 0, place, inputs);
                    }
                    store(patch, bias, place, inputs);
                    let of_group = cotangents.dim().0;
                    store(&dy[place * outputs + group * of_group..][..of_group], 0, place, cotangents);
                });
            });
        });
        let flat = |side: Array3<T>| {
            let (rows, places, images) = side.dim();
            side.into_shape_with_order((rows, places * images)).map_err(|_| AutodiffError::Shape {
                what: "a layer's side",
                found: vec![rows, places, images],
                expected: vec![rows, places * images],
            })
        };
        let of_groups = layers.iter().flat_map(|(node, op)| (0..op.groups()).map(move |group| (node, *op, group)));
        let pairs = of_groups.zip(sides).map(|((node, op, group), side)| {
            let outputs = side.cotangents.dim().0;
            Ok(LayerPairs {
                params: node.params.clone(),
                bias: op.has_bias(),
                columns: group * outputs..(group + 1) * outputs,
                places: side.inputs.dim().1,
                inputs: flat(side.inputs)?,
                cotangents: flat(side.cotangents)?,
            })
        });
        pairs.collect()
    }
}

impl Graph {
    /// The ranges of the parameters that are not matrices, in order: scales, shifts and embeddings.
    #[must_use]
    pub fn elementwise_parameters(&self) -> Vec<Range<usize>> {
        let alone = |op: &dyn Parametrised<f32>| matches!(op.factors(), Factors::Diagonal);
        self.parametrised().filter(|(_, op)| alone(*op)).map(|(node, _)| node.params.clone()).collect()
    }

    /// The number of places at which a layer applies its matrix.
    pub(crate) fn places<T>(&self, node: &Node, op: &dyn Patches<T>) -> usize {
        self.width(node.output) / op.outputs().max(1)
    }

    /// The operations whose parameters are matrices, in order.
    pub(crate) fn matrices<T: Scalar>(&self) -> impl Iterator<Item = (&Node, &dyn Patches<T>)> {
        self.parametrised().filter_map(matrix)
    }

    /// Fails unless a layer's parameters are the matrix `(bias + fan_in, outputs)` with the bias as its first row.
    pub(crate) fn check_bias_first<T>(&self, node: &Node, op: &dyn Patches<T>) -> Result<(), AutodiffError> {
        let (fan_in, outputs) = (op.fan_in(), op.outputs());
        let first = match &node.added[..] {
            [bias] => op.has_bias() && *bias == (0..outputs),
            added => !op.has_bias() && added.is_empty(),
        };
        if first && node.params.len() == (usize::from(op.has_bias()) + fan_in) * outputs {
            return Ok(());
        }
        let named = self.parameters.iter().find(|p| p.range.start == node.params.start);
        Err(AutodiffError::Graph {
            node: format!("layer {}", named.map_or("", |p| &p.module)),
            found: format!("{} parameters, with biases at {:?}", node.params.len(), node.added),
            expected: format!("a bias of {outputs} and then a kernel of {fan_in} × {outputs}"),
        })
    }
}

/// Writes one lane to each row from `first` on, at one spatial position.
fn store<T: Scalar>(lanes: &[Lane<T>], first: usize, place: usize, to: &mut ArrayViewMut3<'_, T>) {
    for (mut row, lane) in to.outer_iter_mut().skip(first).zip(lanes) {
        row.row_mut(place).iter_mut().zip(&lane.0).for_each(|(to, &x)| *to = x);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;
    use crate::paper_cnn;

    #[test]
    fn a_layer_whose_bias_is_not_first_is_refused() {
        let mut graph = paper_cnn([8, 8, 1], 10).unwrap();
        let params = graph.init::<f64>(1);
        let images = Array2::zeros((2, 64));
        let w = Array2::zeros((2, 10));
        assert_eq!(graph.linearize(&params, images.view()).unwrap().layer_pairs(w.view()).unwrap().len(), 4);
        graph.nodes[0].added.clear();
        let refused = graph.linearize(&params, images.view()).unwrap().layer_pairs(w.view()).unwrap_err();
        assert!(matches!(&refused, AutodiffError::Graph { node, .. } if node == "layer Conv_0"), "{refused}");
    }
}
