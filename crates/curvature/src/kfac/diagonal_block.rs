//! Diagonal blocks, for the parameters that are not matrices.

use crate::CurvatureError;
use minima_autodiff::Scalar;
use std::ops::Range;

/// A diagonal block, for parameters that are not a matrix: the scales and shifts of a normalisation, an embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagonalBlock<T> {
    /// The range of the parameters in the flat parameter vector.
    pub params: Range<usize>,
    /// The diagonal. In curvature it is `E[g²]` with each image's gradient g: the exact diagonal of the Fisher matrix.
    pub entries: Vec<T>,
}

impl<T: Scalar> DiagonalBlock<T> {
    /// `self ← old · self + new · newer`, entry by entry.
    pub(super) fn mix(&mut self, old: T, newer: &Self, new: T) {
        self.entries.iter_mut().zip(&newer.entries).for_each(|(x, &y)| *x = old * *x + new * y);
    }

    /// Writes the block's product with its part of `v` to its part of `out`.
    pub(super) fn apply(&self, v: &[T], out: &mut [T]) {
        let part = out.iter_mut().zip(v).skip(self.params.start);
        part.zip(&self.entries).for_each(|((to, &v), &entry)| *to = entry * v);
    }

    /// `1 / (entry + λ)`, or [`CurvatureError::NotFinite`] if λ and an entry are both zero.
    pub(super) fn inverse(&self, damping: T) -> Result<Self, CurvatureError> {
        let inverse = |&entry: &T| {
            let inverse = T::one() / (entry + damping);
            let what = "an inverse second moment";
            if inverse.is_finite() {
                Ok(inverse)
            } else {
                Err(CurvatureError::NotFinite { what, found: inverse.as_f64() })
            }
        };
        let entries = self.entries.iter().map(inverse).collect::<Result<_, _>>()?;
        Ok(Self { params: self.params.clone(), entries })
    }
}

/// Returns [`CurvatureError::Size`] unless two sets of blocks are for the same parameters.
pub(super) fn check_same<T>(found: &[DiagonalBlock<T>], expected: &[DiagonalBlock<T>]) -> Result<(), CurvatureError> {
    let places = |of: &[DiagonalBlock<T>]| -> Vec<usize> {
        of.iter().flat_map(|block| [block.params.start, block.params.end, block.entries.len()]).collect()
    };
    if places(found) == places(expected) {
        return Ok(());
    }
    Err(CurvatureError::Size { what: "a set of diagonal blocks", found: places(found), expected: places(expected) })
}
