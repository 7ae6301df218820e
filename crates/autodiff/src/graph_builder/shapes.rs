//! Values in another shape or order.

use super::{GraphBuilder, Value, ValueInfo};

impl GraphBuilder {
    /// The image as a vector, in (height, width, channels) order. If this builder does not have `x`, the result is an
    /// unknown value too.
    ///
    /// Nothing is computed: values are stored in this order already, so the same value is given a second shape.
    pub fn flatten(&mut self, x: Value) -> Value {
        let Some(info) = self.values.get(x.0) else { return Value::UNKNOWN };
        let flat = ValueInfo { slot: info.slot, shape: vec![info.shape.iter().product()] };
        self.values.push(flat);
        Value(self.values.len() - 1)
    }
}
