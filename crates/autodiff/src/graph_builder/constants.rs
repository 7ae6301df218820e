//! Values that do not depend on the input.

use super::{GraphBuilder, Value};
use crate::AutodiffError;
use crate::ops::{Constant, Op};

impl GraphBuilder {
    /// A constant as a value, the same for every image: the numbers of a row-major array of this shape. A mask of
    /// scores may contain −∞.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the shape does not have this number of entries, a size is zero, or a number is
    /// NaN.
    pub fn constant(&mut self, shape: &[usize], numbers: &[f64]) -> Result<Value, AutodiffError> {
        let size: usize = shape.iter().product();
        if size == 0 || size != numbers.len() || numbers.iter().any(|x| x.is_nan()) {
            return Err(AutodiffError::Graph {
                node: "constant".into(),
                found: format!("shape {shape:?} with {} numbers", numbers.len()),
                expected: "positive sizes, and a number that is not NaN for each entry".into(),
            });
        }
        Ok(self.push(Op::Constant(Constant(numbers.into())), Vec::new(), shape.to_vec()))
    }
}
