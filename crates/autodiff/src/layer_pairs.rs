//! The two sides of every layer's gradient: what its weights were applied to, and the cotangents of what came out.

use crate::block_pass::Reach;
use crate::buffer::PooledScratch;
use crate::lane::{LANES, Lane};
use crate::linearization::Linearization;
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut3, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// One layer's inputs and the cotangents of its outputs, image by image and place by place.
///
/// A layer's parameters are the row-major matrix `(1 + fan_in, outputs)`, the bias its first row. The gradient of that
/// matrix is `inputs · cotangentsᵀ`; over the columns of one image alone it is that image's gradient. This is what
/// Kronecker-factored curvature is estimated from (Martens & Grosse 2015; Grosse & Martens 2016).
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPairs<T> {
    /// The parameters' place in the flat vector.
    pub params: Range<usize>,
    /// Places that a convolution's weights are applied at; 1 for a dense layer.
    pub places: usize,
    /// `(1 + fan_in, places · images)`, column `place · images + image`: a 1, for the bias, and the inputs in the order of
    /// the kernel.
    pub inputs: Array2<T>,
    /// `(outputs, places · images)`, the same columns.
    pub cotangents: Array2<T>,
}

/// Both sides of a layer, `(rows, places, images)`.
struct Sides<T> {
    inputs: Array3<T>,
    cotangents: Array3<T>,
}

impl<T: Scalar> Linearization<'_, T> {
    /// The inputs and cotangents of every layer with parameters, in their order, for cotangents `w` `(images, classes)`
    /// of the logits.
    ///
    /// # Errors
    /// When `w` is not `(images, classes)`.
    pub fn layer_pairs(&self, w: ArrayView2<'_, T>) -> Result<Vec<LayerPairs<T>>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let layers: Vec<_> = self.graph.nodes.iter().filter(|node| !node.params.is_empty()).collect();
        let mut sides: Vec<Sides<T>> = layers
            .iter()
            .map(|node| {
                let (fan_in, outputs) = node.op.weights(self.graph.slots[node.inputs[0]].len());
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
            // The pass comes to the layers last to first.
            let mut to = sides.iter_mut().rev();
            self.reverse(block, w, Reach::Parameters, &mut |node, at, dy, _| {
                let (Some([inputs, cotangents]), [x]) = (to.next(), at.x) else { return };
                let outputs = cotangents.dim().0;
                let scratch = &mut PooledScratch::take();
                node.op.of().for_each_patch(x, scratch, &mut |place, patch| {
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
        let pairs = layers.iter().zip(sides).map(|(node, side)| {
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

/// Writes a lane to each row from `first` on, at one place.
fn store<T: Scalar>(lanes: &[Lane<T>], first: usize, place: usize, to: &mut ArrayViewMut3<'_, T>) {
    for (mut row, lane) in to.outer_iter_mut().skip(first).zip(lanes) {
        row.row_mut(place).iter_mut().zip(&lane.0).for_each(|(to, &x)| *to = x);
    }
}
