//! The two factors of every layer's gradient: the inputs of its weights, and the cotangents of its outputs.

use crate::block_pass::Reach;
use crate::buffer::PooledScratch;
use crate::graph::{Graph, Node};
use crate::lane::{LANES, Lane};
use crate::linearization::Linearization;
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut3, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// One layer's inputs and the cotangents of its outputs, for each image and spatial position.
///
/// A layer's parameters are the row-major matrix `(1 + fan_in, outputs)` with the bias as its first row. The gradient
/// of that matrix is `inputs · cotangentsᵀ`. The same product over the columns of one image is that image's gradient.
/// Kronecker-factored curvature is estimated from these pairs (Martens & Grosse 2015; Grosse & Martens 2016).
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPairs<T> {
    /// The range of the parameters in the flat vector.
    pub params: Range<usize>,
    /// The number of spatial positions at which a convolution's kernel is applied; 1 for a dense layer.
    pub places: usize,
    /// `(1 + fan_in, places · images)`. Column `place · images + image` holds a 1 for the bias, and then the inputs in
    /// the order of the kernel.
    pub inputs: Array2<T>,
    /// `(outputs, places · images)`, with the same columns.
    pub cotangents: Array2<T>,
}

/// Both factors of a layer, `(rows, places, images)`.
struct Sides<T> {
    inputs: Array3<T>,
    cotangents: Array3<T>,
}

impl<T: Scalar> Linearization<'_, T> {
    /// The inputs and cotangents of every layer with parameters, in order, for cotangents `w` `(images, classes)` of
    /// the logits.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`, and [`AutodiffError::Graph`] if a layer's
    /// bias is not its first row.
    pub fn layer_pairs(&self, w: ArrayView2<'_, T>) -> Result<Vec<LayerPairs<T>>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let layers: Vec<_> = self.graph.parametrised::<T>().collect();
        layers.iter().try_for_each(|(node, op)| self.graph.check_bias_first(node, op.fan_in(), op.outputs()))?;
        let mut sides: Vec<Sides<T>> = layers
            .iter()
            .map(|(node, op)| {
                let (fan_in, outputs) = (op.fan_in(), op.outputs());
                let places = self.graph.slots[node.output].len() / outputs.max(1);
                let of = |rows| Array3::zeros((rows, places, self.images));
                Sides { inputs: of(1 + fan_in), cotangents: of(outputs) }
            })
            .collect();
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
            let mut to = sides.iter_mut().rev();
            self.reverse(block, w, Reach::Parameters, &mut |_, op, at, dy, _| {
                let (Some([inputs, cotangents]), [x]) = (to.next(), at.x) else { return };
                let outputs = cotangents.dim().0;
                let scratch = &mut PooledScratch::take();
                op.for_each_patch(x, scratch, &mut |place, patch| {
                    store(&[Lane::splat(T::one())], 0, place, inputs);
                    store(patch, 1, place, inputs);
                    store(&dy[place * outputs..][..outputs], 0, place, cotangents);
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
        let pairs = layers.iter().zip(sides).map(|((node, _), side)| {
            Ok(LayerPairs {
                params: node.params.clone(),
                places: side.inputs.dim().1,
                inputs: flat(side.inputs)?,
                cotangents: flat(side.cotangents)?,
            })
        });
        pairs.collect()
    }
}

impl Graph {
    /// Fails unless a layer's parameters are the matrix `(1 + fan_in, outputs)` with the bias as its first row.
    fn check_bias_first(&self, node: &Node, fan_in: usize, outputs: usize) -> Result<(), AutodiffError> {
        let bias_first = matches!(&node.added[..], [bias] if *bias == (0..outputs));
        if bias_first && node.params.len() == (1 + fan_in) * outputs {
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
