//! A network's passes over a batch, block by block and in parallel, without caching values.

use crate::block_pass::{AtParameters, Reach};
use crate::buffer::{Buffer, PooledScratch};
use crate::classifier::CotangentOf;
use crate::graph::Graph;
use crate::lane::slices::{load_rows, store_rows};
use crate::lane::{LANES, Lane};
use crate::layout::Layout;
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

impl Graph {
    /// Logits `(images, classes)` of images `(images, features)`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the parameters or the images do not fit the network.
    pub fn logits<T: Scalar>(&self, params: &[T], images: ArrayView2<'_, T>) -> Result<Array2<T>, AutodiffError> {
        self.check_batch(params, images)?;
        let mut logits = Array2::zeros((images.nrows(), self.classes()));
        blocks(images).zip(blocks_mut(&mut logits)).for_each(|(x, mut logits)| {
            let mut values = Buffer::take(self.passing.len);
            self.forward_rows(params, x, &self.passing, &mut values, &mut PooledScratch::take());
            self.store_logits(&self.passing, &values, &mut logits);
        });
        Ok(logits)
    }

    /// Logits `(images, classes)`, and the gradient of the sum of the images' losses with respect to the parameters.
    /// `cotangent` gives the cotangent of each image's logits.
    ///
    /// The sum over images runs in a fixed order, so the result does not depend on the number of threads.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the parameters or the images do not fit the network.
    pub fn logits_and_vjp<T: Scalar>(
        &self,
        params: &[T],
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Vec<T>), AutodiffError> {
        self.check_batch(params, images)?;
        let mut logits = Array2::zeros((images.nrows(), self.classes()));
        let group = blocks_a_partial_sum(images.nrows().div_ceil(LANES), params.len());
        let partial = logits.axis_chunks_iter_mut(Axis(0), group * LANES).into_par_iter().enumerate();
        let partial = partial.map(|(part, mut logits)| {
            let mut values = Buffer::take(self.kept.len);
            let mut cotangents = Buffer::take(self.cotangents.len);
            let mut scratch = PooledScratch::take();
            let mut gradient = vec![T::zero(); params.len()];
            for (block, mut logits) in (part * group..).zip(logits.axis_chunks_iter_mut(Axis(0), LANES)) {
                self.forward_rows(params, block_rows(images, block), &self.kept, &mut values, &mut scratch);
                self.store_logits(&self.kept, &values, &mut logits);
                self.place_cotangents(block * LANES, logits.view(), cotangent, &mut cotangents);
                let at_parameters: &mut AtParameters<'_, T> = &mut |node, op, at, dy, scratch| {
                    op.vjp_params(at, dy, &mut gradient[node.params.clone()], scratch);
                };
                self.reverse_block(params, &values, &mut cotangents, Reach::Parameters, at_parameters, &mut scratch);
            }
            gradient
        });
        let partial = partial.collect();
        Ok((logits, sum_in_order(partial, params.len())))
    }

    /// Logits `(images, classes)`, and the gradient `(images, features)` of every image's own loss with respect to that
    /// image. `cotangent` gives the cotangent of each image's logits.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the parameters or the images do not fit the network.
    pub fn logits_and_input_vjp<T: Scalar>(
        &self,
        params: &[T],
        images: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
    ) -> Result<(Array2<T>, Array2<T>), AutodiffError> {
        self.check_batch(params, images)?;
        let mut logits = Array2::zeros((images.nrows(), self.classes()));
        let mut gradients = Array2::zeros(images.raw_dim());
        blocks(images).zip(blocks_mut(&mut logits)).zip(blocks_mut(&mut gradients)).enumerate().for_each(
            |(block, ((x, mut logits), mut gradients))| {
                let mut values = Buffer::take(self.kept.len);
                let mut cotangents = Buffer::take(self.cotangents.len);
                let mut scratch = PooledScratch::take();
                self.forward_rows(params, x, &self.kept, &mut values, &mut scratch);
                self.store_logits(&self.kept, &values, &mut logits);
                self.place_cotangents(block * LANES, logits.view(), cotangent, &mut cotangents);
                self.reverse_block(
                    params,
                    &values,
                    &mut cotangents,
                    Reach::Input,
                    &mut |_, _, _, _, _| {},
                    &mut scratch,
                );
                store_rows(self.cotangents.slot(&cotangents, 0), &mut gradients);
            },
        );
        Ok((logits, gradients))
    }

    pub(crate) fn check_batch<T: Scalar>(&self, params: &[T], images: ArrayView2<'_, T>) -> Result<(), AutodiffError> {
        self.check_params("parameters", params.len())?;
        self.check("images", images.shape(), &[images.nrows(), self.features()])
    }

    pub(crate) fn forward_rows<T: Scalar>(
        &self,
        params: &[T],
        images: ArrayView2<'_, T>,
        layout: &Layout,
        values: &mut [Lane<T>],
        scratch: &mut PooledScratch<T>,
    ) {
        load_rows(images, layout.slot_mut(values, 0));
        self.forward_block(params, layout, values, scratch);
    }

    pub(crate) fn store_logits<T: Scalar>(
        &self,
        layout: &Layout,
        values: &[Lane<T>],
        logits: &mut ArrayViewMut2<'_, T>,
    ) {
        store_rows(layout.slot(values, self.output), logits);
    }

    /// Writes the cotangents of a block, whose first image is `first`, into the output's slot.
    pub(crate) fn place_cotangents<T: Scalar>(
        &self,
        first: usize,
        logits: ArrayView2<'_, T>,
        cotangent: &CotangentOf<'_, T>,
        cotangents: &mut [Lane<T>],
    ) {
        let out = self.cotangents.slot_mut(cotangents, self.output);
        out.fill(Lane::zero());
        let mut row = vec![T::zero(); self.classes()];
        for (s, logits) in logits.outer_iter().enumerate() {
            row.fill(T::zero());
            cotangent(first + s, &logits.to_vec(), &mut row);
            for (lane, &c) in out.iter_mut().zip(&row) {
                lane.0[s] = c;
            }
        }
    }
}

/// The batch in blocks of [`LANES`] images.
pub(crate) fn blocks<T: Scalar>(images: ArrayView2<'_, T>) -> impl IndexedParallelIterator<Item = ArrayView2<'_, T>> {
    let count = images.nrows().div_ceil(LANES);
    (0..count).into_par_iter().map(move |block| block_rows(images, block))
}

/// The rows of one block.
pub(crate) fn block_rows<T>(mut rows: ArrayView2<'_, T>, block: usize) -> ArrayView2<'_, T> {
    let end = rows.nrows().min((block + 1) * LANES);
    rows.slice_axis_inplace(Axis(0), Slice::from(block * LANES..end));
    rows
}

/// An array with one row per image, in the same blocks.
pub(crate) fn blocks_mut<T: Scalar>(rows: &mut Array2<T>) -> impl IndexedParallelIterator<Item = ArrayViewMut2<'_, T>> {
    rows.axis_chunks_iter_mut(Axis(0), LANES).into_par_iter()
}

/// How many consecutive blocks add to one partial gradient. It depends on sizes only, so that sums run in the same
/// order on every device: one block if gradients are small, four if they are large.
pub(crate) fn blocks_a_partial_sum(blocks: usize, parameters: usize) -> usize {
    const NUMBERS: usize = 1 << 20;
    let partial_sums = (NUMBERS / parameters.max(1)).max(4);
    blocks.div_ceil(partial_sums).max(1)
}

/// The sum of partial gradients, first to last.
pub(crate) fn sum_in_order<T: Scalar>(partial: Vec<Vec<T>>, len: usize) -> Vec<T> {
    partial
        .into_iter()
        .reduce(|mut sum, next| {
            sum.iter_mut().zip(next).for_each(|(s, n)| *s += n);
            sum
        })
        .unwrap_or_else(|| vec![T::zero(); len])
}
