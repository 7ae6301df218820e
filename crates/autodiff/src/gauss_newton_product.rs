//! A jvp, a map of the logits' tangents, and a vjp, in one pass over each block.

use crate::block_pass::Reach;
use crate::buffer::{Buffer, PooledScratch};
use crate::classifier::CotangentOf;
use crate::evaluate::{blocks_a_partial_sum, sum_in_order};
use crate::lane::LANES;
use crate::linearization::Linearization;
use crate::{AutodiffError, Scalar};
use ndarray::Array2;
use rayon::prelude::*;

impl<T: Scalar> Linearization<'_, T> {
    /// `Jᵀ H (J v)`, summed over the batch in a fixed order. `curve` applies H to each image separately: it computes
    /// the cotangents of the image's logits from their tangents.
    ///
    /// It equals a [`jvp`](Self::jvp) followed by a [`vjp`](Self::vjp), but is faster, because a block's values stay in
    /// the cache.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `v` does not have one number for each parameter.
    pub fn gauss_newton_product(&self, v: &[T], curve: &CotangentOf<'_, T>) -> Result<Vec<T>, AutodiffError> {
        let (graph, params) = (self.graph, self.params);
        graph.check_params("direction of the parameters", v.len())?;
        let (blocks, classes) = (self.values.len(), graph.classes());
        let group = blocks_a_partial_sum(blocks, params.len());
        let partial = (0..blocks.div_ceil(group)).into_par_iter().map(|part| {
            let mut arena = Buffer::take(graph.passing.len.max(graph.cotangents.len));
            let scratch = &mut PooledScratch::take();
            let mut product = vec![T::zero(); params.len()];
            for block in part * group..blocks.min((part + 1) * group) {
                let (values, first) = (&self.values[block], block * LANES);
                graph.tangent_block(params, &graph.passing, values, Some(v), false, &mut arena, scratch);
                let mut tangents = Array2::zeros((LANES.min(self.images - first), classes));
                graph.store_logits(&graph.passing, &arena, &mut tangents.view_mut());
                // The tangents are no longer needed, so their arena takes the cotangents.
                graph.place_cotangents(first, tangents.view(), curve, &mut arena);
                let at_parameters: &mut crate::block_pass::AtParameters<'_, T> = &mut |node, op, at, dy, scratch| {
                    op.vjp_params(at, dy, &mut product[node.params.clone()], scratch);
                };
                graph.reverse_block(params, values, &mut arena, Reach::Parameters, at_parameters, scratch);
            }
            product
        });
        Ok(sum_in_order(partial.collect(), params.len()))
    }
}
