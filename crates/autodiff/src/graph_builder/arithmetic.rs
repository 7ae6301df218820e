//! Sums and products of values.

use super::{GraphBuilder, Value, ValueInfo};
use crate::AutodiffError;
use crate::ops::{Add, Matmul, Multiply, Op, Reduce};

impl GraphBuilder {
    /// `a + b`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if their shapes differ.
    pub fn add(&mut self, a: Value, b: Value) -> Result<Value, AutodiffError> {
        self.of_equal_shapes("add", Op::Add(Add), a, b)
    }

    /// `a ∘ b`, number by number.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if their shapes differ.
    pub fn multiply(&mut self, a: Value, b: Value) -> Result<Value, AutodiffError> {
        self.of_equal_shapes("multiply", Op::Multiply(Multiply), a, b)
    }

    /// `scale · a b`: the product of the matrices in the last two axes, `(…, m, k)` and `(…, k, n)`, for every index of
    /// the axes before them.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if a value has fewer than two axes, the shapes do not fit, a size is zero, or the
    /// scale is not finite.
    pub fn matmul(&mut self, a: Value, b: Value, scale: f64) -> Result<Value, AutodiffError> {
        let node = "matmul";
        let (a, b) = (self.info(node, a)?, self.info(node, b)?);
        let refused = |expected: &str| AutodiffError::Graph {
            node: node.into(),
            found: format!("shapes {:?} and {:?} and the scale {scale}", a.shape, b.shape),
            expected: expected.into(),
        };
        let (Some((before, [rows, inner])), Some((before_b, [inner_b, columns]))) =
            (a.shape.split_last_chunk(), b.shape.split_last_chunk())
        else {
            return Err(refused("two values with at least two axes each"));
        };
        if before != before_b || inner != inner_b {
            return Err(refused("shapes (…, m, k) and (…, k, n)"));
        }
        let batch = before.iter().product();
        if batch * rows * inner * columns == 0 || !scale.is_finite() {
            return Err(refused("positive sizes and a finite scale"));
        }
        let shape = [before, &[*rows, *columns]].concat();
        let op = Matmul { batch, rows: *rows, inner: *inner, columns: *columns, scale };
        let slots = vec![a.slot, b.slot];
        Ok(self.push(Op::Matmul(op), slots, shape))
    }

    /// The sum over axes, which the result no longer has. The sum over all axes has one entry.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if an axis is given twice or does not exist, or if `axes` is empty.
    pub fn sum(&mut self, x: Value, axes: &[usize]) -> Result<Value, AutodiffError> {
        self.reduce("sum", x, axes, false)
    }

    /// The mean over axes, which the result no longer has. The mean over all axes has one entry.
    ///
    /// # Errors
    /// Returns the errors of [`sum`](Self::sum).
    pub fn mean(&mut self, x: Value, axes: &[usize]) -> Result<Value, AutodiffError> {
        self.reduce("mean", x, axes, true)
    }

    /// The mean of each channel over a feature map `(height, width, channels)`: a vector of channels.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not a feature map.
    pub fn global_avg_pool(&mut self, x: Value) -> Result<Value, AutodiffError> {
        self.picture("global_avg_pool", x)?;
        self.reduce("global_avg_pool", x, &[0, 1], true)
    }

    fn reduce(&mut self, node: &str, x: Value, axes: &[usize], mean: bool) -> Result<Value, AutodiffError> {
        let ValueInfo { slot, shape } = self.info(node, x)?.clone();
        let once = |axis: &usize| axes.iter().filter(|other| *other == axis).count() == 1;
        if axes.is_empty() || !axes.iter().all(|axis| *axis < shape.len() && once(axis)) || shape.contains(&0) {
            return Err(AutodiffError::Graph {
                node: node.into(),
                found: format!("axes {axes:?} of a value of shape {shape:?}"),
                expected: "at least one axis, each below the number of axes and given once".into(),
            });
        }
        let kept = |(axis, size): (usize, &usize)| (!axes.contains(&axis)).then_some(*size);
        let mut output: Vec<usize> = shape.iter().enumerate().filter_map(kept).collect();
        if output.is_empty() {
            output.push(1);
        }
        Ok(self.push(Op::Reduce(Reduce::new(&shape, axes, mean)), vec![slot], output))
    }

    fn of_equal_shapes(&mut self, node: &str, op: Op, a: Value, b: Value) -> Result<Value, AutodiffError> {
        let (a, b) = (self.info(node, a)?, self.info(node, b)?);
        if a.shape != b.shape {
            return Err(AutodiffError::Graph {
                node: node.into(),
                found: format!("shapes {:?} and {:?}", a.shape, b.shape),
                expected: "equal shapes".into(),
            });
        }
        let (slots, shape) = (vec![a.slot, b.slot], a.shape.clone());
        Ok(self.push(op, slots, shape))
    }
}
