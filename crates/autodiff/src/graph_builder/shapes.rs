//! Values in another shape or order.

use super::{GraphBuilder, Value, ValueInfo};
use crate::AutodiffError;
use crate::ops::{Concat, Op, Rearrange, Rearrangement};
use std::ops::Range;

impl GraphBuilder {
    /// The image as a vector, in (height, width, channels) order. If this builder does not have `x`, the result is an
    /// unknown value too.
    ///
    /// Nothing is computed: values are stored in this order already, so the same value is given a second shape.
    pub fn flatten(&mut self, x: Value) -> Value {
        let Some(info) = self.values.get(x.0) else { return Value::UNKNOWN };
        let flat = vec![info.shape.iter().product()];
        self.second_shape(info.slot, flat)
    }

    /// The same numbers in the same order, in another shape. Nothing is computed.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the shapes do not have equally many entries.
    pub fn reshape(&mut self, x: Value, shape: &[usize]) -> Result<Value, AutodiffError> {
        let info = self.info("reshape", x)?;
        let product = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
        if product != Some(info.shape.iter().product()) || shape.is_empty() {
            return Err(AutodiffError::Graph {
                node: "reshape".into(),
                found: format!("a value of shape {:?} and the new shape {shape:?}", info.shape),
                expected: "equally many entries".into(),
            });
        }
        Ok(self.second_shape(info.slot, shape.to_vec()))
    }

    /// The axes in another order: axis k of the result is axis `axes[k]` of `x`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `axes` does not name every axis once.
    pub fn transpose(&mut self, x: Value, axes: &[usize]) -> Result<Value, AutodiffError> {
        let ValueInfo { slot, shape } = self.info("transpose", x)?.clone();
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..shape.len()) {
            return Err(AutodiffError::Graph {
                node: "transpose".into(),
                found: format!("axes {axes:?} of a value of shape {shape:?}"),
                expected: "every axis once".into(),
            });
        }
        Ok(self.rearrange(slot, Rearrangement::Transpose { shape, axes: axes.to_vec() }))
    }

    /// The entries whose index along `axis` lies in `range`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if there is no such axis, or the range is empty or exceeds the axis.
    pub fn slice(&mut self, x: Value, axis: usize, range: Range<usize>) -> Result<Value, AutodiffError> {
        let ValueInfo { slot, shape } = self.info("slice", x)?.clone();
        if range.is_empty() || shape.get(axis).is_none_or(|size| range.end > *size) {
            return Err(AutodiffError::Graph {
                node: "slice".into(),
                found: format!("range {range:?} of axis {axis} of a value of shape {shape:?}"),
                expected: "an axis of the value, and a range within it that is not empty".into(),
            });
        }
        Ok(self.rearrange(slot, Rearrangement::Slice { shape, axis, range }))
    }

    /// Values side by side along an axis.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if there is no value or no such axis, a size is zero, or the shapes differ along
    /// another axis.
    pub fn concat(&mut self, values: &[Value], axis: usize) -> Result<Value, AutodiffError> {
        let infos: Vec<ValueInfo> =
            values.iter().map(|&x| self.info("concat", x).cloned()).collect::<Result<_, _>>()?;
        let shapes: Vec<&[usize]> = infos.iter().map(|info| &info.shape[..]).collect();
        let others = |shape: &[usize]| {
            let mut others = shape.to_vec();
            others.get_mut(axis).map(|size| *size = 1).map(|()| others)
        };
        let first = shapes.first().and_then(|shape| others(shape));
        let fits = first.is_some() && shapes.iter().all(|shape| others(shape) == first && !shape.contains(&0));
        let Some(mut shape) = first.filter(|_| fits) else {
            return Err(AutodiffError::Graph {
                node: "concat".into(),
                found: format!("shapes {shapes:?} along axis {axis}"),
                expected: "values without empty axes that differ in this axis only".into(),
            });
        };
        let inner: usize = shape.iter().skip(axis).product();
        let outer = shape.iter().take(axis).product();
        let sizes: Vec<usize> = shapes.iter().filter_map(|shape| shape.get(axis)).copied().collect();
        if let Some(size) = shape.get_mut(axis) {
            *size = sizes.iter().sum();
        }
        let op = Concat { outer, runs: sizes.iter().map(|size| size * inner).collect() };
        Ok(self.push(Op::Concat(op), infos.into_iter().map(|info| info.slot).collect(), shape))
    }

    fn rearrange(&mut self, slot: usize, description: Rearrangement) -> Value {
        let (op, shape) = Rearrange::new(description);
        self.push(Op::Rearrange(op), vec![slot], shape)
    }

    /// The value of a slot once more, with another shape.
    fn second_shape(&mut self, slot: usize, shape: Vec<usize>) -> Value {
        self.values.push(ValueInfo { slot, shape });
        Value(self.values.len() - 1)
    }
}
