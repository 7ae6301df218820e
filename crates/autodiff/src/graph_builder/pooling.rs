//! Pooling over windows of feature maps.

use super::{GraphBuilder, Value};
use crate::AutodiffError;
use crate::ops::{AvgPool2d, MaxPool2d, Op, PoolWindow};

impl GraphBuilder {
    /// The mean over windows that lie within the image.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not an image, the window does not fit, or a size is zero.
    pub fn avg_pool2d(&mut self, x: Value, window: [usize; 2], stride: [usize; 2]) -> Result<Value, AutodiffError> {
        let (slot, window) = self.pool_window("avg_pool2d", x, window, stride)?;
        let shape = window.output().to_vec();
        Ok(self.push(Op::AvgPool2d(AvgPool2d(window)), vec![slot], shape))
    }

    /// The maximum over windows that lie within the image.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not an image, the window does not fit, or a size is zero.
    pub fn max_pool2d(&mut self, x: Value, window: [usize; 2], stride: [usize; 2]) -> Result<Value, AutodiffError> {
        let (slot, window) = self.pool_window("max_pool2d", x, window, stride)?;
        let shape = window.output().to_vec();
        Ok(self.push(Op::MaxPool2d(MaxPool2d(window)), vec![slot], shape))
    }

    fn pool_window(
        &self,
        node: &str,
        x: Value,
        window: [usize; 2],
        stride: [usize; 2],
    ) -> Result<(usize, PoolWindow), AutodiffError> {
        let (slot, input) = self.picture(node, x)?;
        let window = PoolWindow::new(window, stride, input).ok_or_else(|| AutodiffError::Graph {
            node: node.to_owned(),
            found: format!("window {window:?}, stride {stride:?} on {input:?}"),
            expected: "positive sizes, and a window that fits the input".into(),
        })?;
        Ok((slot, window))
    }
}
