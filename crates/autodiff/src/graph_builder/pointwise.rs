//! Functions of every number of a value.

use super::{GraphBuilder, Value, ValueInfo};
use crate::ops::{Activation, Op, Pointwise, Relu};

impl GraphBuilder {
    /// `max(x, 0)`. If this builder does not have `x`, the result is an unknown value too.
    pub fn relu(&mut self, x: Value) -> Value {
        match self.values.get(x.0).cloned() {
            Some(ValueInfo { slot, shape }) => self.push(Op::Relu(Relu), vec![slot], shape),
            None => Value::UNKNOWN,
        }
    }

    /// A smooth or leaky function of every number. If this builder does not have `x`, the result is an unknown value
    /// too.
    pub fn activation(&mut self, x: Value, function: Activation) -> Value {
        match self.values.get(x.0).cloned() {
            Some(ValueInfo { slot, shape }) => self.push(Op::Pointwise(Pointwise(function)), vec![slot], shape),
            None => Value::UNKNOWN,
        }
    }
}
