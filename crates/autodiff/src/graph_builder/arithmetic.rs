//! Sums and products of values.

use super::{GraphBuilder, Value};
use crate::AutodiffError;
use crate::ops::{Add, Op};

impl GraphBuilder {
    /// `a + b`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if their shapes differ.
    pub fn add(&mut self, a: Value, b: Value) -> Result<Value, AutodiffError> {
        let (a, b) = (self.info("add", a)?, self.info("add", b)?);
        if a.shape != b.shape {
            return Err(AutodiffError::Graph {
                node: "add".into(),
                found: format!("shapes {:?} and {:?}", a.shape, b.shape),
                expected: "equal shapes".into(),
            });
        }
        let (slots, shape) = (vec![a.slot, b.slot], a.shape.clone());
        Ok(self.push(Op::Add(Add), slots, shape))
    }
}
