//! The description of a dense layer.

/// A dense layer to be added to a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenseSpec {
    /// The number of outputs.
    pub features: usize,
    /// Whether each output has a bias.
    pub bias: bool,
    /// The axes of the inputs in the kernel's shape in files, such as `[4, 32]` for four heads of 32 numbers each.
    /// Empty for one axis.
    pub input_axes: Vec<usize>,
    /// The axes of the outputs in the shapes of the kernel and of the bias in files. Empty for one axis.
    pub output_axes: Vec<usize>,
}

impl DenseSpec {
    /// A layer with this number of outputs and with biases.
    #[must_use]
    pub fn new(features: usize) -> Self {
        Self { features, bias: true, input_axes: Vec::new(), output_axes: Vec::new() }
    }
}
