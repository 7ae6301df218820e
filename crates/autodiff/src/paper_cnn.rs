//! The network of "Gauss-Newton under adversarial attacks".

use crate::{AutodiffError, Conv2dSpec, Graph, GraphBuilder};

/// Twice a 3 × 3 convolution, ReLU and 2 × 2 average pool, with 4 and 8 channels; then a dense layer of 16 with ReLU,
/// and 10 logits. It has 6 794 parameters on images of 28 × 28 × 1.
///
/// # Errors
/// Returns [`AutodiffError::Graph`] if the images are smaller than 4 × 4.
///
/// ```
/// let cnn = minima_autodiff::paper_cnn([28, 28, 1], 10)?;
/// assert_eq!(cnn.parameter_count(), 6_794);
/// # Ok::<(), minima_autodiff::AutodiffError>(())
/// ```
pub fn paper_cnn(input: [usize; 3], classes: usize) -> Result<Graph, AutodiffError> {
    let mut g = GraphBuilder::new(&input);
    let mut x = g.input();
    for (name, features) in [("Conv_0", 4), ("Conv_1", 8)] {
        x = g.conv2d(x, name, Conv2dSpec::same(features, 3))?;
        x = g.relu(x);
        x = g.avg_pool2d(x, [2, 2], [2, 2])?;
    }
    x = g.flatten(x);
    x = g.dense(x, "Dense_0", 16)?;
    x = g.relu(x);
    x = g.dense(x, "Dense_1", classes)?;
    g.finish(x)
}
