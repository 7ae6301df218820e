//! Building a network, operation by operation, with every shape checked as it goes in.

use crate::AutodiffError;
use crate::graph::{Graph, Node, ParameterSpec};
use crate::ops::{Add, AvgPool2d, Conv2d, Conv2dSpec, Dense, MaxPool2d, Op, PoolWindow, Relu, Write, flattened};

/// A value of a graph under construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(usize);

/// Where a value lies, and its shape.
#[derive(Clone, Debug)]
struct ValueInfo {
    slot: usize,
    shape: Vec<usize>,
}

/// Builds a [`Graph`].
///
/// ```
/// use minima_autodiff::{Conv2dSpec, GraphBuilder};
///
/// // A block with a residual connection on 8 × 8 pictures with 2 channels.
/// let mut g = GraphBuilder::new(&[8, 8, 2]);
/// let x = g.input();
/// let y = g.conv2d(x, "Conv_0", Conv2dSpec::same(2, 3))?;
/// let y = g.relu(y);
/// let y = g.add(x, y)?;
/// let y = g.flatten(y);
/// let y = g.dense(y, "Dense_0", 10)?;
/// let graph = g.finish(y)?;
/// assert_eq!(graph.parameter_count(), 2 + 3 * 3 * 2 * 2 + 10 + 128 * 10);
/// # Ok::<(), minima_autodiff::AutodiffError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    values: Vec<ValueInfo>,
    slot_sizes: Vec<usize>,
    nodes: Vec<Node>,
    parameters: Vec<ParameterSpec>,
}

impl GraphBuilder {
    /// A graph whose input has this shape: `(height, width, channels)` for pictures.
    #[must_use]
    pub fn new(input_shape: &[usize]) -> Self {
        Self {
            values: vec![ValueInfo { slot: 0, shape: input_shape.to_vec() }],
            slot_sizes: vec![input_shape.iter().product()],
            nodes: Vec::new(),
            parameters: Vec::new(),
        }
    }

    /// The graph's input.
    #[must_use]
    pub fn input(&self) -> Value {
        Value(0)
    }

    /// A value's shape.
    #[must_use]
    pub fn shape(&self, of: Value) -> &[usize] {
        self.values.get(of.0).map_or(&[], |v| &v.shape)
    }

    /// A convolution, with parameters `{name}.bias` and `{name}.kernel`.
    ///
    /// # Errors
    /// When `x` is no picture, the kernel does not fit, a size is zero, or the name is taken.
    pub fn conv2d(&mut self, x: Value, name: &str, spec: Conv2dSpec) -> Result<Value, AutodiffError> {
        let node = format!("conv2d {name}");
        let input = self.picture(&node, x)?;
        let op = Conv2d::new(spec, input).ok_or_else(|| AutodiffError::Graph {
            node: node.clone(),
            found: format!("input {input:?} with {spec:?}"),
            expected: "a kernel that fits, and no size of zero".into(),
        })?;
        self.parameters_of(&node, name, &op.kernel_shape(), op.fan_in())?;
        let shape = op.output().to_vec();
        Ok(self.push(Op::Conv2d(op), &[x], shape))
    }

    /// An affine map of a vector, with parameters `{name}.bias` and `{name}.kernel`.
    ///
    /// # Errors
    /// When `x` is no vector (flatten it first), `features` is zero, or the name is taken.
    pub fn dense(&mut self, x: Value, name: &str, features: usize) -> Result<Value, AutodiffError> {
        let node = format!("dense {name}");
        let inputs = match *self.shape(x) {
            [inputs] if inputs > 0 && features > 0 => inputs,
            ref shape => {
                return Err(AutodiffError::Graph {
                    node,
                    found: format!("an input of shape {shape:?} to {features} features"),
                    expected: "a vector, and no size of zero".into(),
                });
            }
        };
        self.parameters_of(&node, name, &[inputs, features], inputs)?;
        Ok(self.push(Op::Dense(Dense { outputs: features }), &[x], vec![features]))
    }

    /// `max(x, 0)`.
    pub fn relu(&mut self, x: Value) -> Value {
        let shape = self.shape(x).to_vec();
        self.push(Op::Relu(Relu), &[x], shape)
    }

    /// The mean over windows that lie within the picture.
    ///
    /// # Errors
    /// When `x` is no picture, the window does not fit, or a size is zero.
    pub fn avg_pool2d(&mut self, x: Value, window: [usize; 2], stride: [usize; 2]) -> Result<Value, AutodiffError> {
        let window = self.pool_window("avg_pool2d", x, window, stride)?;
        let shape = window.output().to_vec();
        Ok(self.push(Op::AvgPool2d(AvgPool2d(window)), &[x], shape))
    }

    /// The maximum over windows that lie within the picture.
    ///
    /// # Errors
    /// When `x` is no picture, the window does not fit, or a size is zero.
    pub fn max_pool2d(&mut self, x: Value, window: [usize; 2], stride: [usize; 2]) -> Result<Value, AutodiffError> {
        let window = self.pool_window("max_pool2d", x, window, stride)?;
        let shape = window.output().to_vec();
        Ok(self.push(Op::MaxPool2d(MaxPool2d(window)), &[x], shape))
    }

    /// The picture as a vector, in (height, width, channels) order.
    pub fn flatten(&mut self, x: Value) -> Value {
        let shape = flattened(self.shape(x));
        let slot = self.values[x.0].slot;
        self.values.push(ValueInfo { slot, shape });
        Value(self.values.len() - 1)
    }

    /// `a + b`.
    ///
    /// # Errors
    /// When their shapes differ.
    pub fn add(&mut self, a: Value, b: Value) -> Result<Value, AutodiffError> {
        if self.shape(a) != self.shape(b) {
            return Err(AutodiffError::Graph {
                node: "add".into(),
                found: format!("shapes {:?} and {:?}", self.shape(a), self.shape(b)),
                expected: "equal shapes".into(),
            });
        }
        let shape = self.shape(a).to_vec();
        Ok(self.push(Op::Add(Add), &[a, b], shape))
    }

    /// The graph with this output. Operations that it does not need are left out; their parameters may not be.
    ///
    /// # Errors
    /// When the output is no vector, is the input itself, or a layer with parameters does not lead to it.
    pub fn finish(mut self, output: Value) -> Result<Graph, AutodiffError> {
        let slot = self.values[output.0].slot;
        let shape = self.shape(output);
        if shape.len() != 1 || slot == 0 {
            return Err(AutodiffError::Graph {
                node: "output".into(),
                found: format!("shape {shape:?}"),
                expected: "a vector of logits that operations have made".into(),
            });
        }
        let mut used = vec![false; self.slot_sizes.len()];
        used[slot] = true;
        for node in self.nodes.iter().rev() {
            if used[node.output] {
                node.inputs.iter().for_each(|&i| used[i] = true);
            } else if !node.params.is_empty() {
                return Err(AutodiffError::Graph {
                    node: format!("{:?}", node.op),
                    found: "a layer whose output nothing reads".into(),
                    expected: "every layer with parameters to lead to the output".into(),
                });
            }
        }
        self.nodes.retain(|node| used[node.output]);
        self.mark_reverse_pass();
        let mut end = 0;
        let slots = self
            .slot_sizes
            .iter()
            .zip(&used)
            .map(|(&size, &used)| {
                let start = end;
                end += if used { size } else { 0 };
                start..end
            })
            .collect();
        let input_shape = self.values[0].shape.clone();
        Ok(Graph { input_shape, nodes: self.nodes, slots, output: slot, parameters: self.parameters })
    }

    /// Which cotangents a reverse pass needs, and who writes each of them first.
    fn mark_reverse_pass(&mut self) {
        let mut has_params = vec![false; self.slot_sizes.len()];
        for node in &mut self.nodes {
            node.upstream = node.inputs.iter().map(|&i| has_params[i]).collect();
            has_params[node.output] = !node.params.is_empty() || node.upstream.contains(&true);
        }
        let mut written = vec![false; self.slot_sizes.len()];
        for node in self.nodes.iter_mut().rev() {
            node.writes = node
                .inputs
                .iter()
                .map(|&i| if std::mem::replace(&mut written[i], true) { Write::Add } else { Write::Store })
                .collect();
        }
    }

    fn picture(&self, node: &str, x: Value) -> Result<[usize; 3], AutodiffError> {
        self.shape(x).try_into().map_err(|_| AutodiffError::Graph {
            node: node.to_owned(),
            found: format!("an input of shape {:?}", self.shape(x)),
            expected: "a picture (height, width, channels)".into(),
        })
    }

    fn pool_window(
        &self,
        node: &str,
        x: Value,
        window: [usize; 2],
        stride: [usize; 2],
    ) -> Result<PoolWindow, AutodiffError> {
        let input = self.picture(node, x)?;
        PoolWindow::new(window, stride, input).ok_or_else(|| AutodiffError::Graph {
            node: node.to_owned(),
            found: format!("window {window:?}, stride {stride:?} on {input:?}"),
            expected: "a window that fits, and no size of zero".into(),
        })
    }

    fn parameters_of(
        &mut self,
        node: &str,
        module: &str,
        kernel: &[usize],
        fan_in: usize,
    ) -> Result<(), AutodiffError> {
        if self.parameters.iter().any(|p| p.module == module) {
            return Err(AutodiffError::Graph {
                node: node.to_owned(),
                found: format!("a second layer named {module}"),
                expected: "names that are used once".into(),
            });
        }
        let features = kernel.last().copied().unwrap_or(0);
        for (what, shape, fan_in) in [("bias", &[features][..], 0), ("kernel", kernel, fan_in)] {
            let start = self.parameters.last().map_or(0, |p| p.range.end);
            self.parameters.push(ParameterSpec {
                module: module.to_owned(),
                name: format!("{module}.{what}"),
                shape: shape.to_vec(),
                range: start..start + shape.iter().product::<usize>(),
                fan_in,
            });
        }
        Ok(())
    }

    fn push(&mut self, op: Op, inputs: &[Value], shape: Vec<usize>) -> Value {
        let end = self.parameters.last().map_or(0, |p| p.range.end);
        let start = self.nodes.last().map_or(0, |n| n.params.end);
        let output = self.slot_sizes.len();
        self.slot_sizes.push(shape.iter().product());
        self.nodes.push(Node {
            op,
            inputs: inputs.iter().map(|v| self.values[v.0].slot).collect(),
            output,
            params: start..end,
            writes: Vec::new(),
            upstream: Vec::new(),
        });
        self.values.push(ValueInfo { slot: output, shape });
        Value(self.values.len() - 1)
    }
}
