//! The sum of squares of single images' gradients, without storing the gradients.

use crate::block_pass::Reach;
use crate::buffer::Buffer;
use crate::evaluate::{blocks_a_partial_sum, sum_in_order};
use crate::linearization::Linearization;
use crate::{AutodiffError, Scalar};
use ndarray::ArrayView2;
use rayon::prelude::*;

impl<T: Scalar> Linearization<'_, T> {
    /// `Σᵢ (Jᵢᵀ wᵢ)²`, entry by entry, in a fixed order: the diagonal of `Σᵢ gᵢ gᵢᵀ` with every image's own
    /// `gᵢ = Jᵢᵀ wᵢ`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`.
    pub fn squared_gradients(&self, w: ArrayView2<'_, T>) -> Result<Vec<T>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let (blocks, parameters) = (self.values.len(), self.params.len());
        let group = blocks_a_partial_sum(blocks, parameters);
        let partial = (0..blocks.div_ceil(group)).into_par_iter().map(|part| {
            let mut squares = vec![T::zero(); parameters];
            let mut lanes = Buffer::take(parameters);
            for block in part * group..blocks.min((part + 1) * group) {
                self.reverse(block, w, Reach::Parameters, &mut |node, op, at, dy, scratch| {
                    op.per_sample_gradients(at, dy, &mut lanes[node.params.clone()], scratch);
                });
                // In a short block, the lanes of missing images are zero, because their cotangents are.
                squares.iter_mut().zip(lanes.iter()).for_each(|(s, lane)| *s += lane.map(|g| g * g).sum());
            }
            squares
        });
        Ok(sum_in_order(partial.collect(), parameters))
    }
}
