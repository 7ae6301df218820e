//! Second derivatives: a vjp differentiated along a direction of the parameters, forward over reverse.

use crate::block_pass::Along;
use crate::buffer::{Buffer, PooledScratch};
use crate::classifier::CotangentOf;
use crate::evaluate::{block_rows, blocks_a_partial_sum, sum_in_order};
use crate::lane::LANES;
use crate::lane::slices::load_rows;
use crate::linearization::Linearization;
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

impl<T: Scalar> Linearization<'_, T> {
    /// `d/dt J(θ + t v)ᵀ w(t)` at t = 0, summed over the batch in a fixed order. `w` is the cotangent
    /// `(images, classes)` at t = 0, and `dw` computes its tangent from the logits' tangents `J v`, image by image.
    ///
    /// If `w` is the gradient of a loss, and `dw` its Hessian with respect to the logits times `J v`, the result is the
    /// product of the loss's Hessian with `v` (Pearlmutter 1994). At a kink of a rectifier or a maximum, it is the
    /// derivative of the side on which the value lies.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `v` or `w` does not fit the network and the batch.
    pub fn vjp_along(&self, v: &[T], w: ArrayView2<'_, T>, dw: &CotangentOf<'_, T>) -> Result<Vec<T>, AutodiffError> {
        let (graph, params) = (self.graph, self.params);
        graph.check_params("direction of the parameters", v.len())?;
        self.check_logits("cotangents", w)?;
        let group = blocks_a_partial_sum(self.values.len(), params.len());
        let partial = (0..self.values.len().div_ceil(group)).into_par_iter().map(|part| {
            let (kept, cotangent) = (&graph.kept, || Buffer::take(graph.cotangents.len));
            let (mut tangents, mut cotangents, mut along) = (Buffer::take(kept.len), cotangent(), cotangent());
            let scratch = &mut PooledScratch::take();
            let mut second = vec![T::zero(); params.len()];
            for block in part * group..self.values.len().min((part + 1) * group) {
                let values = &self.values[block];
                let present = graph.tangent_block(params, kept, values, Some(v), false, &mut tangents, scratch);
                let w = block_rows(w, block);
                load_rows(w, graph.cotangents.slot_mut(&mut cotangents, graph.output));
                let mut of_logits = Array2::zeros(w.raw_dim());
                graph.store_logits(kept, &tangents, &mut of_logits.view_mut());
                graph.place_cotangents(block * LANES, of_logits.view(), dw, &mut along);
                let at = Along { params, values, tangent_of_params: v, tangents: &tangents, present: &present };
                graph.reverse_tangent_block(&at, &mut cotangents, &mut along, &mut second, scratch);
            }
            second
        });
        Ok(sum_in_order(partial.collect(), params.len()))
    }
}
