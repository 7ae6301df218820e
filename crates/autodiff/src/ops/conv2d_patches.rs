//! A convolution as matrices that are applied to patches of its input.
//!
//! The second moments of the patches, `Σ ā āᵀ`, have a panel of columns for each entry (k, l) of the kernel's height and width. Let x̂
//! be the zero-padded input. The panel of (k, l) is the gradient of the kernel for the cotangent
//! `ẏ[h, w, i] = x̂[h·s + k·d, w·t + l·e, i]`, because that gradient is
//! `Σ_{h, w} x̂[h·s + k'·d, w·t + l'·e, i'] · ẏ[h, w, i]`. So patches are never in memory. The gradient with respect to the
//! rows k' ≤ k of the kernel suffices: the moments are symmetric.

use super::conv2d_geometry::Conv2d;
use super::parametrised::{BlockInputs, Panel, gather};
use super::{At, Parametrised, Patches, Scratch, VisitPatch};
use crate::Scalar;
use crate::lane::Lane;

impl Conv2d {
    /// The convolution of one group's channels to `features` channels, with the first `rows` rows of the kernel.
    fn of_one_group(&self, rows: usize, features: usize) -> Self {
        let mut one = self.clone();
        let cut = (self.spec.kernel[0] - rows) * self.spec.dilation[0];
        one.reach[0] -= cut;
        one.padded[0] -= cut;
        (one.spec.kernel[0], one.spec.groups, one.spec.features) = (rows, 1, features);
        (one.input[2], one.output[2]) = (self.input[2] / self.spec.groups, features);
        one
    }

    /// Writes the entries of x, with `channels` channels, that entry `(k, l)` of the kernel multiplies: `(height, width,
    /// channels)` of the output.
    fn shift<T: Scalar>(&self, x: &[Lane<T>], channels: usize, [k, l]: [usize; 2], to: &mut Vec<Lane<T>>) {
        let (spec, [height, width, _]) = (&self.spec, self.input);
        to.clear();
        to.resize(self.output[0] * self.output[1] * channels, Lane::zero());
        let source = |axis: usize, window: usize, entry: usize, size: usize| {
            let padded = window * spec.stride[axis] + entry * spec.dilation[axis];
            padded.checked_sub(self.low[axis]).filter(|&at| at < size)
        };
        for (h, to) in to.chunks_exact_mut(self.output[1] * channels).enumerate() {
            let Some(row) = source(0, h, k, height) else { continue };
            for (w, to) in to.chunks_exact_mut(channels).enumerate() {
                let Some(column) = source(1, w, l, width) else { continue };
                to.copy_from_slice(&x[(row * width + column) * channels..][..channels]);
            }
        }
    }

    /// One group's channels of x: x itself if there is one group.
    fn channels_of<'x, T: Scalar>(&self, group: usize, x: &'x [Lane<T>], space: &'x mut Vec<Lane<T>>) -> &'x [Lane<T>] {
        let each = self.input[2] / self.spec.groups;
        if self.spec.groups == 1 {
            return x;
        }
        gather(x, self.input[2], group * each..(group + 1) * each, space);
        space
    }
}

impl<T: Scalar> Patches<T> for Conv2d {
    fn fan_in(&self) -> usize {
        self.kernel_shape()[..3].iter().product()
    }

    fn outputs(&self) -> usize {
        self.spec.features
    }

    fn groups(&self) -> usize {
        self.spec.groups
    }

    fn has_bias(&self) -> bool {
        self.spec.bias
    }

    fn for_each_patch(&self, x: &[Lane<T>], scratch: &mut Scratch<T>, visit: &mut VisitPatch<'_, T>) {
        self.pad(x, &mut scratch.rows);
        let [height, width, each, _] = self.kernel_shape();
        let (spec, inputs) = (&self.spec, self.input[2]);
        // Runs of neighbouring entries: a row of the kernel, or one place's channels of a group.
        let (runs, run) = if self.is_plain() { (1, width * each) } else { (width, each) };
        let mut patch = vec![Lane::zero(); height * width * each];
        for h in 0..self.output[0] {
            for w in 0..self.output[1] {
                for group in 0..spec.groups {
                    for (number, to) in patch.chunks_exact_mut(run).enumerate() {
                        let (k, l) = (number / runs, number % runs);
                        let row = h * spec.stride[0] + k * spec.dilation[0];
                        let place = row * self.padded[1] + w * spec.stride[1] + l * spec.dilation[1];
                        to.copy_from_slice(&scratch.rows[place * inputs + group * each..][..run]);
                    }
                    visit(h * self.output[1] + w, group, &patch);
                }
            }
        }
    }

    fn panels(&self) -> Vec<Panel> {
        let [height, width, each, _] = self.kernel_shape();
        let bias = usize::from(self.spec.bias);
        let panel = |entry: usize| {
            let rows = bias + (entry / width + 1) * width * each;
            Panel { columns: entry * each..(entry + 1) * each, rows }
        };
        (0..height * width).map(panel).collect()
    }

    fn add_panel(
        &self,
        panel: &Panel,
        group: usize,
        block: BlockInputs<'_, T>,
        to: &mut [T],
        scratch: &mut Scratch<T>,
    ) {
        let [_, width, each, _] = self.kernel_shape();
        let entry = panel.columns.start / each;
        let (mut space, mut shifted) = (std::mem::take(&mut scratch.channels), std::mem::take(&mut scratch.shifted));
        let x = self.channels_of(group, block.x, &mut space);
        self.shift(x, each, [entry / width, entry % width], &mut shifted);
        block.mask(&mut shifted);
        let at = At { params: &[], x: &[x], y: &[], memo: &[], rectified: false };
        self.of_one_group(entry / width + 1, each).vjp_params(&at, &shifted, to, scratch);
        (scratch.channels, scratch.shifted) = (space, shifted);
    }

    fn group_gradients(
        &self,
        group: usize,
        x: &[Lane<T>],
        dy: &[Lane<T>],
        gradients: &mut [Lane<T>],
        scratch: &mut Scratch<T>,
    ) {
        let mut space = std::mem::take(&mut scratch.channels);
        let at = At { params: &[], x: &[self.channels_of(group, x, &mut space)], y: &[], memo: &[], rectified: false };
        let one = self.of_one_group(self.spec.kernel[0], self.spec.features / self.spec.groups);
        one.per_sample_gradients(&at, dy, gradients, scratch);
        scratch.channels = space;
    }
}
