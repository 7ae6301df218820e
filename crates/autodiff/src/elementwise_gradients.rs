//! Gradients of the parameters that are not matrices.

use crate::linearization::Linearization;
use crate::{AutodiffError, Scalar};
use ndarray::ArrayView2;
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
        let squares = self.squares_of(w, &ranges);
        let mut left = &squares[..];
        let parts = ranges.into_iter().map(|range| {
            let (own, rest) = left.split_at(range.len().min(left.len()));
            left = rest;
            (range, own.to_vec())
        });
        Ok(parts.collect())
    }
}
