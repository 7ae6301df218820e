//! A network at given parameters and a given batch, with all values cached for any number of vjps and jvps.

use crate::block_pass::Reach;
use crate::buffer::{Buffer, PooledScratch, WorkMatrix};
use crate::evaluate::{block_rows, blocks, blocks_a_partial_sum, blocks_mut, sum_in_order};
use crate::graph::Graph;
use crate::lane::LANES;
use crate::lane::slices::{load_rows, store_rows};
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// The linear map `J` from parameters (or inputs) to logits, at one point and for one batch.
///
/// Cotangents and tangents of the logits are arrays `(images, classes)`. For the parameters they are flat vectors, and
/// for the input arrays `(images, features)`. Images do not affect each other, so the Jacobian with respect to the
/// input is block-diagonal.
#[derive(Debug)]
pub struct Linearization<'a, T: Scalar> {
    pub(crate) graph: &'a Graph,
    pub(crate) params: &'a [T],
    pub(crate) images: usize,
    /// The values of each block: all slots of the graph.
    pub(crate) values: Vec<Buffer<T>>,
    logits: Array2<T>,
}

impl Graph {
    /// Evaluates the network on images `(images, features)` and caches the values that derivatives need.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the parameters or the images do not fit the network.
    pub fn linearize<'a, T: Scalar>(
        &'a self,
        params: &'a [T],
        images: ArrayView2<'_, T>,
    ) -> Result<Linearization<'a, T>, AutodiffError> {
        self.check_batch(params, images)?;
        let mut logits = Array2::zeros((images.nrows(), self.classes()));
        let values = blocks(images)
            .zip(blocks_mut(&mut logits))
            .map(|(x, mut logits)| {
                let mut values = Buffer::take(self.kept.len);
                self.forward_rows(params, x, &self.kept, &mut values, &mut PooledScratch::take());
                self.store_logits(&self.kept, &values, &mut logits);
                values
            })
            .collect();
        Ok(Linearization { graph: self, params, images: images.nrows(), values, logits })
    }
}

impl<T: Scalar> Linearization<'_, T> {
    /// The logits `(images, classes)`.
    #[must_use]
    pub fn logits(&self) -> ArrayView2<'_, T> {
        self.logits.view()
    }

    /// The network.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        self.graph
    }

    /// The number of images in the batch.
    #[must_use]
    pub fn images(&self) -> usize {
        self.images
    }

    /// `Jᵀ w` with respect to the parameters, summed over the batch in a fixed order.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`.
    pub fn vjp(&self, w: ArrayView2<'_, T>) -> Result<Vec<T>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let group = blocks_a_partial_sum(self.values.len(), self.params.len());
        let partial = (0..self.values.len().div_ceil(group)).into_par_iter().map(|part| {
            let mut gradient = vec![T::zero(); self.params.len()];
            for block in part * group..self.values.len().min((part + 1) * group) {
                self.reverse(block, w, Reach::Parameters, &mut |node, op, at, dy, scratch| {
                    op.vjp_params(at, dy, &mut gradient[node.params.clone()], scratch);
                });
            }
            gradient
        });
        Ok(sum_in_order(partial.collect(), self.params.len()))
    }

    /// `Jᵀ w` for many cotangents `(count, images, classes)`: one row each of `(count, parameters)`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if a cotangent is not `(images, classes)`.
    pub fn vjp_many(&self, cotangents: ArrayView3<'_, T>) -> Result<Array2<T>, AutodiffError> {
        let mut rows = Array2::zeros((cotangents.dim().0, self.params.len()));
        for (w, mut row) in cotangents.outer_iter().zip(rows.outer_iter_mut()) {
            row.iter_mut().zip(self.vjp(w)?).for_each(|(to, from)| *to = from);
        }
        Ok(rows)
    }

    /// `Jᵀ w` with respect to the input: `(images, features)`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`.
    pub fn vjp_input(&self, w: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let mut gradients = Array2::zeros((self.images, self.graph.features()));
        self.par_blocks().zip(blocks_mut(&mut gradients)).for_each(|(block, mut rows)| {
            let cotangents = self.reverse(block, w, Reach::Input, &mut |_, _, _, _, _| {});
            store_rows(self.graph.cotangents.slot(&cotangents, 0), &mut rows);
        });
        Ok(gradients)
    }

    /// `J v`: the tangents `(images, classes)` of the logits, for tangents of the parameters, of the input, or of both.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if a tangent does not have the shape of the parameters or of the input.
    pub fn jvp(&self, params: Option<&[T]>, input: Option<ArrayView2<'_, T>>) -> Result<Array2<T>, AutodiffError> {
        let graph = self.graph;
        if let Some(v) = params {
            graph.check_params("tangent of the parameters", v.len())?;
        }
        if let Some(v) = input {
            graph.check("tangent of the input", v.shape(), &[self.images, graph.features()])?;
        }
        let mut out = Array2::zeros(self.logits.raw_dim());
        self.par_blocks().zip(blocks_mut(&mut out)).for_each(|(block, mut rows)| {
            let layout = &graph.passing;
            let mut tangents = Buffer::take(layout.len);
            if let Some(v) = input {
                load_rows(block_rows(v, block), layout.slot_mut(&mut tangents, 0));
            }
            let scratch = &mut PooledScratch::take();
            graph.tangent_block(
                self.params,
                layout,
                &self.values[block],
                params,
                input.is_some(),
                &mut tangents,
                scratch,
            );
            graph.store_logits(layout, &tangents, &mut rows);
        });
        Ok(out)
    }

    /// Every image's own `Jᵢᵀ wᵢ`: `(images, parameters)`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`.
    pub fn per_sample_gradients(&self, w: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let mut gradients = Array2::zeros((self.images, self.params.len()));
        self.par_blocks().zip(blocks_mut(&mut gradients)).for_each(|(block, mut rows)| {
            let mut lanes = Buffer::take(self.params.len());
            self.reverse(block, w, Reach::Parameters, &mut |node, op, at, dy, scratch| {
                op.per_sample_gradients(at, dy, &mut lanes[node.params.clone()], scratch);
            });
            store_rows(&lanes, &mut rows);
        });
        Ok(gradients)
    }

    /// `Σᵢ (Jᵢᵀ wᵢ)²`, entry by entry, in a fixed order: the diagonal of `Σᵢ gᵢ gᵢᵀ` with every image's own
    /// `gᵢ = Jᵢᵀ wᵢ`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`.
    pub fn squared_gradients(&self, w: ArrayView2<'_, T>) -> Result<Vec<T>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let ranges: Vec<_> = self.graph.parametrised::<T>().map(|(node, _)| node.params.clone()).collect();
        Ok(self.squares_of(w, &ranges))
    }

    /// `Σᵢ (Jᵢᵀ wᵢ)²`, entry by entry, for the parameters of some operations: their ranges in order, one after another.
    pub(crate) fn squares_of(&self, w: ArrayView2<'_, T>, ranges: &[Range<usize>]) -> Vec<T> {
        let (blocks, count) = (self.values.len(), ranges.iter().map(Range::len).sum());
        let group = blocks_a_partial_sum(blocks, count);
        let partial = (0..blocks.div_ceil(group)).into_par_iter().map(|part| {
            let mut squares = vec![T::zero(); count];
            let mut lanes = Buffer::take(count);
            for block in part * group..blocks.min((part + 1) * group) {
                // A reverse pass visits the operations last to first.
                let (mut left, mut end) = (ranges.iter().rev().peekable(), count);
                self.reverse(block, w, Reach::Parameters, &mut |node, op, at, dy, scratch| {
                    if let Some(range) = left.next_if(|range| **range == node.params) {
                        let start = end - range.len();
                        op.per_sample_gradients(at, dy, &mut lanes[start..end], scratch);
                        end = start;
                    }
                });
                // In a short block, the lanes of missing images are zero, because their cotangents are.
                squares.iter_mut().zip(lanes.iter()).for_each(|(s, lane)| *s += lane.map(|g| g * g).sum());
            }
            squares
        });
        sum_in_order(partial.collect(), count)
    }

    /// The full Jacobian with respect to the parameters: `(classes, images, parameters)`.
    ///
    /// It is large: 35 MB in `f32` for 128 images and the paper's network. If only products with it are needed, use
    /// [`vjp`](Self::vjp), [`jvp`](Self::jvp) or [`gram`](Self::gram).
    ///
    /// # Errors
    /// Returns the errors of [`per_sample_gradients`](Self::per_sample_gradients).
    pub fn jacobian(&self) -> Result<ndarray::Array3<T>, AutodiffError> {
        let classes = self.graph.classes();
        let mut jacobian = ndarray::Array3::zeros((classes, self.images, self.params.len()));
        for (c, mut rows) in jacobian.outer_iter_mut().enumerate() {
            let mut w = Array2::zeros(self.logits.raw_dim());
            w.column_mut(c).fill(T::one());
            rows.assign(&self.per_sample_gradients(w.view())?);
        }
        Ok(jacobian)
    }

    /// The transpose of [`jacobian`](Self::jacobian), one row per parameter: `(parameters, classes · images)`. Column
    /// `c · images + i` belongs to logit c of image i. Reverse passes compute it in this order, so it takes half the
    /// time.
    ///
    /// # Errors
    /// Returns the errors of [`per_sample_gradients`](Self::per_sample_gradients).
    pub fn transposed_jacobian(&self) -> Result<WorkMatrix<T>, AutodiffError> {
        let (count, classes) = (self.params.len(), self.graph.classes());
        let mut jacobian = WorkMatrix::take(count, classes * self.images);
        let by_class = (count, classes, self.images);
        let mut columns = jacobian.view_mut().into_shape_with_order(by_class).map_err(|_| AutodiffError::Shape {
            what: "a transposed Jacobian",
            found: vec![count, classes * self.images],
            expected: vec![count, classes, self.images],
        })?;
        let blocks = columns.axis_chunks_iter_mut(Axis(2), LANES).into_par_iter().enumerate();
        blocks.for_each(|(block, mut columns)| {
            let largest = self.graph.parametrised::<T>().map(|(node, _)| node.params.len()).max().unwrap_or(0);
            let mut lanes = Buffer::take(largest);
            let mut w = Array2::zeros(self.logits.raw_dim());
            for (class, mut columns) in columns.axis_iter_mut(Axis(1)).enumerate() {
                w.fill(T::zero());
                w.column_mut(class).fill(T::one());
                self.reverse(block, w.view(), Reach::Parameters, &mut |node, op, at, dy, scratch| {
                    let lanes = &mut lanes[..node.params.len()];
                    op.per_sample_gradients(at, dy, lanes, scratch);
                    for (mut to, lane) in columns.outer_iter_mut().skip(node.params.start).zip(lanes) {
                        to.iter_mut().zip(lane.0).for_each(|(to, from)| *to = from);
                    }
                });
            }
        });
        Ok(jacobian)
    }

    pub(crate) fn par_blocks(&self) -> rayon::range::Iter<usize> {
        (0..self.values.len()).into_par_iter()
    }

    pub(crate) fn check_logits(&self, what: &'static str, w: ArrayView2<'_, T>) -> Result<(), AutodiffError> {
        self.graph.check(what, w.shape(), self.logits.shape())
    }

    /// Runs one block's reverse pass from the cotangents `w` of the whole batch. Returns the arena of cotangents, which
    /// holds the input's.
    pub(crate) fn reverse(
        &self,
        block: usize,
        w: ArrayView2<'_, T>,
        reach: Reach,
        at_parameters: &mut crate::block_pass::AtParameters<'_, T>,
    ) -> Buffer<T> {
        let graph = self.graph;
        let mut cotangents = Buffer::take(graph.cotangents.len);
        load_rows(block_rows(w, block), graph.cotangents.slot_mut(&mut cotangents, graph.output));
        let values = &self.values[block];
        graph.reverse_block(self.params, values, &mut cotangents, reach, at_parameters, &mut PooledScratch::take());
        cotangents
    }
}
