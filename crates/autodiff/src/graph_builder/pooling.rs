//! Pooling over windows of feature maps.

use super::{GraphBuilder, Value};
use crate::AutodiffError;
use crate::ops::{AvgPool2d, MaxPool2d, Op, PoolSpec, PoolWindow};

impl GraphBuilder {
    /// The mean over windows that lie within the image.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not an image, the window does not fit, or a size is zero.
    pub fn avg_pool2d(&mut self, x: Value, window: [usize; 2], stride: [usize; 2]) -> Result<Value, AutodiffError> {
        self.avg_pool2d_padded(x, PoolSpec::new(window, stride))
    }

    /// The maximum over windows that lie within the image.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not an image, the window does not fit, or a size is zero.
    pub fn max_pool2d(&mut self, x: Value, window: [usize; 2], stride: [usize; 2]) -> Result<Value, AutodiffError> {
        self.max_pool2d_padded(x, PoolSpec::new(window, stride))
    }

    /// The mean over windows of the image with a border of zeros. [`PoolSpec::count_padding`] says what it divides by.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not an image, the window does not fit, a window lies wholly in the
    /// border, or a size is zero or too large for memory.
    pub fn avg_pool2d_padded(&mut self, x: Value, spec: PoolSpec) -> Result<Value, AutodiffError> {
        let (slot, window) = self.pool_window("avg_pool2d", x, spec)?;
        let shape = window.output().to_vec();
        Ok(self.push(Op::AvgPool2d(AvgPool2d(window)), vec![slot], shape))
    }

    /// The maximum over windows of the image with a border, whose entries do not count.
    ///
    /// # Errors
    /// Returns the errors of [`avg_pool2d_padded`](Self::avg_pool2d_padded).
    pub fn max_pool2d_padded(&mut self, x: Value, spec: PoolSpec) -> Result<Value, AutodiffError> {
        let (slot, window) = self.pool_window("max_pool2d", x, spec)?;
        let shape = window.output().to_vec();
        Ok(self.push(Op::MaxPool2d(MaxPool2d(window)), vec![slot], shape))
    }

    fn pool_window(&self, node: &str, x: Value, spec: PoolSpec) -> Result<(usize, PoolWindow), AutodiffError> {
        let (slot, input) = self.picture(node, x)?;
        let window = PoolWindow::new(spec, input).ok_or_else(|| AutodiffError::Graph {
            node: node.to_owned(),
            found: format!("{spec:?} on {input:?}"),
            expected:
                "positive sizes that fit into memory, a window that fits the padded input, and in every window an \
                       entry of the input"
                    .into(),
        })?;
        Ok((slot, window))
    }
}
