//! Second moments of every layer's inputs and of the cotangents of its outputs: the factors of K-FAC, without the inputs and
//! cotangents of all layers in memory.

use crate::block_pass::Reach;
use crate::buffer::{Buffer, PooledScratch};
use crate::evaluate::{blocks_a_partial_sum, sum_in_order};
use crate::graph::{Graph, Node};
use crate::lane::{LANES, Lane};
use crate::linearization::Linearization;
use crate::ops::{BlockInputs, Factors, FeatureRows, Panel, Patches, gather};
use crate::{AutodiffError, Scalar};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// A layer whose parameters are a matrix, or one group of a convolution in groups.
///
/// A layer's parameters are the row-major matrix `(bias + fan_in, outputs)`; its first row is the bias, if the layer has one. A
/// convolution in groups has one matrix a group: some columns of the whole matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixLayer {
    /// The range of the layer's parameters in the flat vector.
    pub params: Range<usize>,
    /// The columns of the layer's matrix that belong to this group: all, unless a convolution has groups.
    pub columns: Range<usize>,
    /// The rows of the matrix: `bias + fan_in`.
    pub rows: usize,
    /// The number of places at which the matrix is applied: the spatial positions of a convolution, the tokens of a
    /// token-wise layer, 1 for a dense layer.
    pub places: usize,
}

/// The terms of a second moment, for a layer that applies its matrix at several places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Every place of every image is a term.
    Place,
    /// Every image is a term, with the sum over its places.
    Image,
}

impl Graph {
    /// The layers whose parameters are matrices, in order; each group of a convolution is one.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if a layer's bias is not its first row.
    pub fn matrix_layers(&self) -> Result<Vec<MatrixLayer>, AutodiffError> {
        let mut layers = Vec::new();
        for (node, op) in self.matrices::<f32>() {
            self.check_bias_first(node, op)?;
            let each = op.outputs() / op.groups().max(1);
            layers.extend((0..op.groups()).map(|group| MatrixLayer {
                params: node.params.clone(),
                columns: group * each..(group + 1) * each,
                rows: usize::from(op.has_bias()) + op.fan_in(),
                places: self.places(node, op),
            }));
        }
        Ok(layers)
    }
}

/// One layer's input in every block, for one kind of terms.
enum Inputs<'a, T: Scalar> {
    /// Patches of the layer's input.
    Patches(&'a Node, &'a dyn Patches<T>),
    /// The sums of every sample's patches over this many places, `(group, fan_in)` in each block.
    Sums { sums: Vec<Buffer<T>>, rows: FeatureRows, places: usize },
}

/// Some columns of one matrix of moments.
struct Task<'m, T> {
    /// The layer's number.
    layer: usize,
    group: usize,
    panel: Panel,
    /// The rows of the matrix with the panel's columns: `(columns, all rows)`.
    to: ArrayViewMut2<'m, T>,
}

impl<T: Scalar> Linearization<'_, T> {
    /// `Σ ā āᵀ` for each of [`Graph::matrix_layers`], `(rows, rows)`, both triangles. ā is the layer's input at one place,
    /// after a 1 for the bias if there is one, or the sum of these vectors over an image's places.
    ///
    /// The sums have a fixed order.
    ///
    /// # Errors
    /// Returns the errors of [`Graph::matrix_layers`].
    pub fn input_moments(&self, terms: Term) -> Result<Vec<Array2<T>>, AutodiffError> {
        let layers = self.graph.matrix_layers()?;
        let inputs: Vec<Inputs<'_, T>> = self.graph.matrices::<T>().map(|of| self.inputs_of(of, terms)).collect();
        let groups = self.graph.matrices::<T>().enumerate();
        let places: Vec<(usize, usize, bool)> = groups
            .flat_map(|(layer, (_, op))| (0..op.groups()).map(move |group| (layer, group, op.has_bias())))
            .collect();
        let mut moments: Vec<Array2<T>> = layers.iter().map(|of| Array2::zeros((of.rows, of.rows))).collect();
        let mut tasks = Vec::new();
        for ((moments, of), &(layer, group, bias)) in moments.iter_mut().zip(&layers).zip(&places) {
            let (mut first, mut left) = moments.view_mut().split_at(Axis(0), usize::from(bias));
            if let Some(count) = first.first_mut() {
                let sum = if terms == Term::Image { of.places } else { 1 };
                *count = T::from_f64((self.images * of.places * sum) as f64);
            }
            let Some(inputs) = inputs.get(layer) else { continue };
            for panel in inputs.panels() {
                let (to, rest) = left.split_at(Axis(0), panel.columns.len());
                left = rest;
                tasks.push(Task { layer, group, panel, to });
            }
        }
        tasks.into_par_iter().for_each(|task| {
            if let Some(inputs) = inputs.get(task.layer) {
                self.fill(inputs, task);
            }
        });
        moments.par_iter_mut().for_each(mirror);
        Ok(moments)
    }

    /// `Σ δ δᵀ` for each of [`Graph::matrix_layers`], `(columns, columns)`, both triangles. δ is the cotangent of a group's
    /// outputs at one place, or the sum over an image's places, for cotangents `w` `(images, classes)` of the logits.
    ///
    /// The sums have a fixed order.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)`, and the errors of [`Graph::matrix_layers`].
    pub fn cotangent_moments(&self, w: ArrayView2<'_, T>, terms: Term) -> Result<Vec<Array2<T>>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let layers = self.graph.matrix_layers()?;
        let orders: Vec<usize> = layers.iter().map(|of| of.columns.len()).collect();
        let count = orders.iter().map(|order| order * order).sum();
        let group = blocks_a_partial_sum(self.values.len(), count);
        let partial = (0..self.values.len().div_ceil(group)).into_par_iter().map(|part| {
            let mut sums = vec![T::zero(); count];
            for block in part * group..self.values.len().min((part + 1) * group) {
                // A reverse pass visits the layers last to first.
                let mut end = count;
                self.reverse(block, w, Reach::Parameters, &mut |_, op, _, dy, scratch| {
                    let Factors::Kronecker(op) = op.factors() else { return };
                    let (groups, outputs) = (op.groups(), op.outputs());
                    let each = outputs / groups.max(1);
                    let mut own = std::mem::take(&mut scratch.channels);
                    for group in (0..groups).rev() {
                        let start = end - each * each;
                        gather(dy, outputs, group * each..(group + 1) * each, &mut own);
                        if terms == Term::Image {
                            sum_rows(&mut own, each);
                        }
                        FeatureRows { features: each, bias: false }.add_products(&own, &mut sums[start..end], scratch);
                        end = start;
                    }
                    scratch.channels = own;
                });
            }
            sums
        });
        let sums = sum_in_order(partial.collect(), count);
        let mut left = &sums[..];
        let matrices = orders.iter().map(|&order| {
            let (own, rest) = left.split_at(order * order);
            left = rest;
            let mut moments = Array2::from_shape_fn((order, order), |(i, j)| own[i * order + j]);
            mirror(&mut moments);
            moments
        });
        Ok(matrices.collect())
    }

    /// What the moments of a layer's inputs are sums of.
    fn inputs_of<'a>(&'a self, (node, op): (&'a Node, &'a dyn Patches<T>), terms: Term) -> Inputs<'a, T> {
        if terms == Term::Place || self.graph.places(node, op) == 1 {
            return Inputs::Patches(node, op);
        }
        let (groups, fan_in) = (op.groups(), op.fan_in());
        let sums = self.values.par_iter().map(|values| {
            let mut sums = Buffer::take(groups * fan_in);
            sums.fill(Lane::zero());
            let x = self.graph.input_of(node, values);
            op.for_each_patch(x, &mut PooledScratch::take(), &mut |_, group, patch| {
                let sums = sums[group * fan_in..].iter_mut();
                sums.zip(patch).for_each(|(sum, &x)| *sum = sum.plus(x));
            });
            sums
        });
        let rows = FeatureRows { features: fan_in, bias: op.has_bias() };
        Inputs::Sums { sums: sums.collect(), rows, places: self.graph.places(node, op) }
    }

    /// Computes some columns of a matrix of moments, block by block.
    fn fill(&self, inputs: &Inputs<'_, T>, mut task: Task<'_, T>) {
        let (rows, columns) = (task.panel.rows, task.panel.columns.len());
        let mut panel = vec![T::zero(); rows * columns];
        let scratch = &mut PooledScratch::take();
        for (block, values) in self.values.iter().enumerate() {
            let samples = LANES.min(self.images - block * LANES);
            match inputs {
                Inputs::Patches(node, op) => {
                    let x = self.graph.input_of(node, values);
                    op.add_panel(&task.panel, task.group, BlockInputs { x, samples }, &mut panel, scratch);
                }
                Inputs::Sums { sums, rows, .. } => {
                    let Some(sums) = sums.get(block) else { continue };
                    let x = &sums[task.group * rows.features..][..rows.features];
                    rows.add_panel(&task.panel, BlockInputs { x, samples }, &mut panel, scratch);
                }
            }
        }
        if let Inputs::Sums { rows: FeatureRows { bias: true, .. }, places, .. } = inputs {
            // The sum over places of the bias' 1 is their number.
            let places = T::from_f64(*places as f64);
            panel.iter_mut().take(columns).for_each(|x| *x = places * *x);
        }
        for (column, mut to) in task.to.outer_iter_mut().enumerate() {
            to.iter_mut().zip(panel.iter().skip(column).step_by(columns)).for_each(|(to, &x)| *to = x);
        }
    }
}

impl<T: Scalar> Inputs<'_, T> {
    fn panels(&self) -> Vec<Panel> {
        match self {
            Self::Patches(_, op) => op.panels(),
            Self::Sums { rows, .. } => rows.panels(),
        }
    }
}

/// Copies the lower triangle to the upper one.
fn mirror<T: Copy>(matrix: &mut Array2<T>) {
    for i in 0..matrix.nrows() {
        for j in 0..i {
            matrix[[j, i]] = matrix[[i, j]];
        }
    }
}

/// Leaves one row of `each` lanes: the sum of all rows.
fn sum_rows<T: Scalar>(rows: &mut Vec<Lane<T>>, each: usize) {
    if let Some((sum, others)) = rows.split_at_mut_checked(each) {
        for row in others.chunks_exact(each) {
            sum.iter_mut().zip(row).for_each(|(sum, &x)| *sum = sum.plus(x));
        }
    }
    rows.truncate(each);
}
