//! Second moments of every image's gradient along given directions: the diagonal of EKFAC.

use crate::block_pass::Reach;
use crate::buffer::{Buffer, WorkMatrix};
use crate::evaluate::{blocks_a_partial_sum, sum_in_order};
use crate::lane::{LANES, Lane};
use crate::layer_moments::MatrixLayer;
use crate::linearization::Linearization;
use crate::ops::{Dense, Factors, Operation, gather};
use crate::{AutodiffError, Scalar};
use minima_linalg::matmul;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// Orthonormal directions for the matrix of one layer, as columns.
#[derive(Clone, Debug)]
pub struct LayerBasis<'a, T> {
    /// Directions of the matrix's rows, `(rows, rows)`.
    pub input: ArrayView2<'a, T>,
    /// Directions of the matrix's columns, `(columns, columns)`.
    pub output: ArrayView2<'a, T>,
}

/// A layer, its directions, and where its moments begin among all layers' moments.
struct Rotation<'a, T> {
    layer: MatrixLayer,
    input: ArrayView2<'a, T>,
    /// `(columns, columns)`, row-major.
    output: Vec<T>,
    start: usize,
}

impl<T: Scalar> Linearization<'_, T> {
    /// `Σᵢ (Q_Aᵀ gᵢ Q_G)²`, entry by entry, `(rows, columns)` for each of
    /// [`Graph::matrix_layers`](crate::Graph::matrix_layers). `gᵢ` is image i's own gradient of the layer's matrix, for
    /// cotangents `w` `(images, classes)` of the logits. `Q_A` and `Q_G` are the layer's basis.
    ///
    /// The sums have a fixed order.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if `w` is not `(images, classes)` or a basis does not fit its layer, and the errors of
    /// [`Graph::matrix_layers`](crate::Graph::matrix_layers).
    pub fn gradient_moments(
        &self,
        w: ArrayView2<'_, T>,
        bases: &[LayerBasis<'_, T>],
    ) -> Result<Vec<Array2<T>>, AutodiffError> {
        self.check_logits("cotangents", w)?;
        let rotations = self.rotations(bases)?;
        let sizes = rotations.iter().map(|of| of.layer.rows * of.layer.columns.len());
        let count = sizes.sum();
        let group = blocks_a_partial_sum(self.values.len(), count);
        let partial = (0..self.values.len().div_ceil(group)).into_par_iter().map(|part| {
            let mut sums = vec![T::zero(); count];
            for block in part * group..self.values.len().min((part + 1) * group) {
                self.add_moments(block, w, &rotations, &mut sums)?;
            }
            Ok(sums)
        });
        let sums = sum_in_order(partial.collect::<Result<_, AutodiffError>>()?, count);
        let matrices = rotations.iter().map(|Rotation { layer, start, .. }| {
            let columns = layer.columns.len();
            Array2::from_shape_fn((layer.rows, columns), |(i, j)| sums[start + i * columns + j])
        });
        Ok(matrices.collect())
    }

    /// Checks the bases.
    fn rotations<'a>(&self, bases: &[LayerBasis<'a, T>]) -> Result<Vec<Rotation<'a, T>>, AutodiffError> {
        let layers = self.graph.matrix_layers()?;
        self.graph.check("bases", &[bases.len()], &[layers.len()])?;
        let mut start = 0;
        let rotations = layers.into_iter().zip(bases).map(|(layer, LayerBasis { input, output })| {
            let (rows, columns) = (layer.rows, layer.columns.len());
            self.graph.check("a basis of inputs", input.shape(), &[rows, rows])?;
            self.graph.check("a basis of outputs", output.shape(), &[columns, columns])?;
            let own = start;
            start += rows * columns;
            Ok(Rotation { layer, input: *input, output: output.iter().copied().collect(), start: own })
        });
        rotations.collect()
    }

    /// Adds one block's moments.
    fn add_moments(
        &self,
        block: usize,
        w: ArrayView2<'_, T>,
        rotations: &[Rotation<'_, T>],
        sums: &mut [T],
    ) -> Result<(), AutodiffError> {
        // A reverse pass visits the layers last to first.
        let (mut left, mut outcome) = (rotations, Ok(()));
        self.reverse(block, w, Reach::Parameters, &mut |_, op, at, dy, scratch| {
            let (Factors::Kronecker(op), [x]) = (op.factors(), at.x) else { return };
            let (mut own, mut rotated) = (Vec::new(), Vec::new());
            for group in (0..op.groups()).rev() {
                let Some((Rotation { layer, input, output, start }, before)) = left.split_last() else { return };
                left = before;
                let (rows, columns) = (layer.rows, layer.columns.len());
                gather(dy, op.outputs(), layer.columns.clone(), &mut own);
                // The gradient Σ_t ā δᵀ times Q_G is the gradient for the cotangents Q_Gᵀ δ.
                rotated.resize(own.len(), Lane::zero());
                let stored = [vec![columns], vec![columns]];
                let rotation = Dense { places: layer.places, inputs: columns, outputs: columns, bias: false, stored };
                rotation.forward(output, &[&own], &mut rotated, scratch);
                let mut gradients = Buffer::take(rows * columns);
                op.group_gradients(group, x, &rotated, &mut gradients, scratch);
                let mut flat = WorkMatrix::take(rows, columns * LANES);
                flat.iter_mut().zip(gradients.iter().flat_map(|lane| &lane.0)).for_each(|(to, &g)| *to = g);
                let mut inside = WorkMatrix::take(rows, columns * LANES);
                let product = matmul(T::one(), input.t(), flat.view(), T::zero(), inside.view_mut());
                if let (Ok(()), Err(source)) = (&outcome, product) {
                    outcome = Err(source.into());
                }
                let samples = inside.as_slice().unwrap_or_default().chunks_exact(LANES);
                let to = &mut sums[*start..start + rows * columns];
                to.iter_mut().zip(samples).for_each(|(to, of)| *to += of.iter().map(|&g| g * g).sum());
            }
        });
        outcome
    }
}
