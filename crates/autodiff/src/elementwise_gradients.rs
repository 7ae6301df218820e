//! Gradients of the parameters that are not matrices.

use crate::block_pass::Reach;
use crate::buffer::Buffer;
use crate::evaluate::{blocks_a_partial_sum, sum_in_order};
use crate::linearization::Linearization;
use crate::{AutodiffError, Scalar};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::ops::Range;

/// Ranges of the flat parameter vector, each with its numbers.
pub type Parts<T> = Vec<(Range<usize>, Vec<T>)>;

impl<T: Scalar> Linearization<'_, T> {
    /// `Σᵢ (Jᵢᵀ wᵢ)²`, entry by entry, for each range of
    /// [`Graph::elementwise_parameters`](crate::Graph::elementwise_parameters): these parts of
    /// [`squared_gradients`](Self::squared_gradients), without the gradients of matrices.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`.
    pub fn elementwise_squared_gradients(&self, w: ArrayView2<'_, T>) -> Result<Parts<T>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let ranges = self.graph.elementwise_parameters();
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let (blocks, count) = (self.values.len(), ranges.iter().map(Range::len).sum());
        let group = blocks_a_partial_sum(blocks, count);
        let partial = (0..blocks.div_ceil(group)).into_par_iter().map(|part| {
            let mut squares = vec![T::zero(); count];
            let mut lanes = Buffer::take(count);
            for block in part * group..blocks.min((part + 1) * group) {
                // A reverse pass visits the parameters last to first.
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
        let squares = sum_in_order(partial.collect(), count);
        let mut left = &squares[..];
        let parts = ranges.into_iter().map(|range| {
            let (own, rest) = left.split_at(range.len().min(left.len()));
            left = rest;
            (range, own.to_vec())
        });
        Ok(parts.collect())
    }
}
