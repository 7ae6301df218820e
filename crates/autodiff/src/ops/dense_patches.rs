//! A dense layer as a matrix that is applied to the features of every place, and the second moments of such features.

use super::parametrised::{BlockInputs, Panel, gather};
use super::summed_gradients::{SummedBiases, SummedGradients};
use super::{At, Dense, Parametrised, Patches, Scratch, VisitPatch};
use crate::Scalar;
use crate::lane::Lane;
use crate::simd::{dispatch, vectorize};

/// The columns of a panel: enough for the registers, and several panels for a wide layer's threads.
const COLUMNS: usize = 64;

/// Rows of features, `(places, features)`, with a 1 before the features of every row if there is a bias.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeatureRows {
    pub features: usize,
    pub bias: bool,
}

impl FeatureRows {
    /// The panels of the sum `Σ ā āᵀ` over places and samples, with a row as ā. Their columns follow one another.
    pub(crate) fn panels(self) -> Vec<Panel> {
        let panel = |start: usize| {
            let end = self.features.min(start + COLUMNS);
            Panel { columns: start..end, rows: usize::from(self.bias) + end }
        };
        (0..self.features).step_by(COLUMNS).map(panel).collect()
    }

    /// Adds the sum over one block to a panel `(rows, columns)`.
    pub(crate) fn add_panel<T: Scalar>(
        self,
        panel: &Panel,
        block: BlockInputs<'_, T>,
        to: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let (outputs, bias) = (panel.columns.len(), usize::from(self.bias));
        let (bias, moments) = to.split_at_mut(bias * outputs);
        let mut dy = std::mem::take(&mut scratch.shifted);
        gather(block.x, self.features, panel.columns.clone(), &mut dy);
        block.mask(&mut dy);
        let transposed = &mut scratch.transposed;
        dispatch(SummedBiases { dy: &dy, bias, sums: transposed });
        vectorize(SummedGradients {
            x: block.x,
            row: 0,
            step: self.features,
            entries: panel.columns.end,
            dy: &dy,
            outputs,
            gradient: moments,
            transposed,
        });
        scratch.shifted = dy;
    }

    /// Adds `Σ x xᵀ` over the rows x `(places, features)` and the samples: `(features, features)`. The lanes without a sample
    /// are zero.
    pub(crate) fn add_products<T: Scalar>(self, x: &[Lane<T>], to: &mut [T], scratch: &mut Scratch<T>) {
        vectorize(SummedGradients {
            x,
            row: 0,
            step: self.features,
            entries: self.features,
            dy: x,
            outputs: self.features,
            gradient: to,
            transposed: &mut scratch.transposed,
        });
    }
}

impl<T: Scalar> Patches<T> for Dense {
    fn fan_in(&self) -> usize {
        self.inputs
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn groups(&self) -> usize {
        1
    }

    fn has_bias(&self) -> bool {
        self.bias
    }

    fn for_each_patch(&self, x: &[Lane<T>], _: &mut Scratch<T>, visit: &mut VisitPatch<'_, T>) {
        x.chunks_exact(self.inputs).enumerate().for_each(|(place, patch)| visit(place, 0, patch));
    }

    fn panels(&self) -> Vec<Panel> {
        FeatureRows { features: self.inputs, bias: self.bias }.panels()
    }

    fn add_panel(&self, panel: &Panel, _: usize, block: BlockInputs<'_, T>, to: &mut [T], scratch: &mut Scratch<T>) {
        FeatureRows { features: self.inputs, bias: self.bias }.add_panel(panel, block, to, scratch);
    }

    fn group_gradients(
        &self,
        _: usize,
        x: &[Lane<T>],
        dy: &[Lane<T>],
        gradients: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        let at = At { params: &[], x: &[x], y: &[], memo: &[], rectified: false };
        self.per_sample_gradients(&at, dy, gradients, scratch);
    }
}
