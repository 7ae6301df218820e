//! Layers with parameters.

use super::dense_spec::DenseSpec;
use super::{GraphBuilder, Value, ValueInfo};
use crate::AutodiffError;
use crate::ops::{Conv2d, Conv2dSpec, Dense, Embedding, Op};
use crate::parameter_spec::Initializer;

impl GraphBuilder {
    /// A convolution, with parameters `{name}.kernel` and, unless it has none, `{name}.bias`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not an image, the kernel does not fit, the groups do not divide the
    /// channels, a size is zero or too large for memory, or the name is taken.
    pub fn conv2d(&mut self, x: Value, name: &str, spec: Conv2dSpec) -> Result<Value, AutodiffError> {
        let node = format!("conv2d {name}");
        let (slot, input) = self.picture(&node, x)?;
        let op = Conv2d::new(spec, input).ok_or_else(|| AutodiffError::Graph {
            node: node.clone(),
            found: format!("an input of shape {input:?} with {spec:?}"),
            expected:
                "positive sizes, a kernel that fits the padded input, groups that divide the channels, and feature \
                       maps that fit into memory"
                    .into(),
        })?;
        let shape = op.output().to_vec();
        self.push_layer(&node, name, Op::Conv2d(op), vec![slot], shape)
    }

    /// An affine map of a vector, with parameters `{name}.bias` and `{name}.kernel`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not a vector (flatten it first), `features` is zero, or the name is
    /// taken.
    pub fn dense(&mut self, x: Value, name: &str, features: usize) -> Result<Value, AutodiffError> {
        let node = format!("dense {name}");
        let shape = &self.info(&node, x)?.shape;
        if shape.len() != 1 {
            return Err(AutodiffError::Graph {
                node,
                found: format!("an input of shape {shape:?} and {features} features"),
                expected: "an input vector, and positive sizes".into(),
            });
        }
        self.dense_on_last_axis(x, name, &DenseSpec::new(features))
    }

    /// The same affine map of the last axis at every index of the other axes, such as every token of a sequence
    /// `(tokens, features)`. Its parameters are `{name}.kernel` and, unless it has none, `{name}.bias`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if a size is zero, the axes in files do not multiply to the numbers of inputs and
    /// outputs, or the name is taken.
    pub fn dense_on_last_axis(&mut self, x: Value, name: &str, spec: &DenseSpec) -> Result<Value, AutodiffError> {
        let node = format!("dense {name}");
        let ValueInfo { slot, mut shape } = self.info(&node, x)?.clone();
        let found = |shape: &[usize]| format!("an input of shape {shape:?} and {spec:?}");
        let size: usize = shape.iter().product();
        let (inputs, outputs) = (shape.last().copied().unwrap_or(0), spec.features);
        if size == 0 || outputs == 0 || inputs == 0 {
            let (found, expected) = (found(&shape), "an input vector, and positive sizes".into());
            return Err(AutodiffError::Graph { node, found, expected });
        }
        let axes = |given: &[usize], size| if given.is_empty() { vec![size] } else { given.to_vec() };
        let stored = [axes(&spec.input_axes, inputs), axes(&spec.output_axes, outputs)];
        if stored[0].iter().product::<usize>() != inputs || stored[1].iter().product::<usize>() != outputs {
            let expected = format!("axes that multiply to {inputs} inputs and {outputs} outputs");
            return Err(AutodiffError::Graph { node, found: found(&shape), expected });
        }
        let op = Dense { places: size / inputs, inputs, outputs, bias: spec.bias, stored };
        if let Some(last) = shape.last_mut() {
            *last = outputs;
        }
        self.push_layer(&node, name, Op::Dense(op), vec![slot], shape)
    }

    /// Parameters as a value of the network, the same for every image: a class token, or the embeddings of positions.
    /// The array's name is `name` itself; the value has the shape `shape` without leading axes of size 1.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if a size is zero or the name is taken.
    pub fn embedding(&mut self, name: &str, shape: &[usize], initializer: Initializer) -> Result<Value, AutodiffError> {
        let node = format!("embedding {name}");
        if shape.iter().product::<usize>() == 0 {
            let (found, expected) = (format!("shape {shape:?}"), "positive sizes".into());
            return Err(AutodiffError::Graph { node, found, expected });
        }
        let leading = shape.iter().take_while(|&&size| size == 1).count().min(shape.len() - 1);
        let value = shape[leading..].to_vec();
        let op = Embedding { stored: shape.to_vec(), initializer };
        self.push_layer(&node, name, Op::Embedding(op), Vec::new(), value)
    }
}
