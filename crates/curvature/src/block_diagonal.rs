//! The diagonal blocks of a matrix, with zeros elsewhere.

use crate::{CurvatureError, LinearOperator, SymmetricOperator};
use minima_autodiff::{Graph, Scalar};
use ndarray::{Array2, ArrayView2, Axis, Slice};
use std::ops::Range;

/// A symmetric operator without the coupling between its blocks, such as the layers of a network. A product takes one
/// product with the operator per block.
#[derive(Clone, Debug)]
pub struct BlockDiagonal<A> {
    a: A,
    blocks: Vec<Range<usize>>,
}

impl<A> BlockDiagonal<A> {
    /// Keeps these blocks, each a range of rows and columns. Entries outside the blocks are zero.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the operator is not square, if a block starts before the previous one ends,
    /// or if a block exceeds the operator.
    pub fn new<T: Scalar>(a: A, blocks: Vec<Range<usize>>) -> Result<Self, CurvatureError>
    where
        A: SymmetricOperator<T>,
    {
        let order = crate::arguments::order(&a)?;
        let mut end = 0;
        for block in &blocks {
            if block.start < end || block.end < block.start || block.end > order {
                let (found, expected) = (vec![block.start, block.end], vec![end, order]);
                return Err(CurvatureError::Size { what: "a block's range", found, expected });
            }
            end = block.end;
        }
        Ok(Self { a, blocks })
    }

    /// Keeps one block per layer of a network with parameters; weights and bias share a block, and so do the scale and
    /// shift of a normalisation. An embedding has its own block.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Size`] if the operator is not square, or smaller than the network's parameter count.
    pub fn of_layers<T: Scalar>(a: A, graph: &Graph) -> Result<Self, CurvatureError>
    where
        A: SymmetricOperator<T>,
    {
        let layers = graph.layers().into_iter().map(|layer| layer.params);
        Self::new(a, layers.filter(|params| !params.is_empty()).collect())
    }

    /// The ranges of the blocks.
    #[must_use]
    pub fn blocks(&self) -> &[Range<usize>] {
        &self.blocks
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> LinearOperator<T> for BlockDiagonal<A> {
    fn shape(&self) -> [usize; 2] {
        self.a.shape()
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        // One column per block: work that an operator shares between columns is then shared between blocks.
        let mut parts = Array2::zeros((v.len(), self.blocks.len()));
        for (mut part, block) in parts.columns_mut().into_iter().zip(&self.blocks) {
            let within = part.iter_mut().zip(v).take(block.end).skip(block.start);
            within.for_each(|(to, &x)| *to = x);
        }
        let products = self.a.apply_columns(parts.view())?;
        let mut product = vec![T::zero(); v.len()];
        for (part, block) in products.columns().into_iter().zip(&self.blocks) {
            let within = product.iter_mut().zip(part).take(block.end).skip(block.start);
            within.for_each(|(to, &x)| *to = x);
        }
        Ok(product)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        self.check_columns(v)?;
        let mut product = Array2::zeros(v.raw_dim());
        for block in &self.blocks {
            let rows = Slice::from(block.clone());
            let mut part = Array2::zeros(v.raw_dim());
            part.slice_axis_mut(Axis(0), rows).assign(&v.slice_axis(Axis(0), rows));
            let of_part = self.a.apply_columns(part.view())?;
            product.slice_axis_mut(Axis(0), rows).assign(&of_part.slice_axis(Axis(0), rows));
        }
        Ok(product)
    }
}

impl<T: Scalar, A: SymmetricOperator<T>> SymmetricOperator<T> for BlockDiagonal<A> {}
