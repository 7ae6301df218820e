//! Builds a network, operation by operation, and checks every shape.

use crate::AutodiffError;
use crate::graph::{Graph, Node};
use crate::ops::{
    Add, AvgPool2d, Conv2d, Conv2dSpec, Dense, MaxPool2d, Op, ParameterArray, Parameters, PoolWindow, Relu, Write,
};
use crate::parameter_spec::ParameterSpec;
use crate::rectified::fuse;

/// A value of a graph under construction, to be used with the [`GraphBuilder`] that gave it.
///
/// A builder rejects a value that it does not have. If it has a value of this number, that value is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value(usize);

impl Value {
    /// A value that no builder has: the result of an operation on an unknown value.
    const UNKNOWN: Self = Self(usize::MAX);
}

/// A value's slot and shape.
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
    /// A builder for a graph whose input has this shape: `(height, width, channels)` for images.
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

    /// A value's shape, or an empty slice if this builder does not have the value.
    #[must_use]
    pub fn shape(&self, of: Value) -> &[usize] {
        self.values.get(of.0).map_or(&[], |v| &v.shape)
    }

    /// A convolution, with parameters `{name}.bias` and `{name}.kernel`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not an image, the kernel does not fit, a size is zero, or the name is
    /// taken.
    pub fn conv2d(&mut self, x: Value, name: &str, spec: Conv2dSpec) -> Result<Value, AutodiffError> {
        let node = format!("conv2d {name}");
        let (slot, input) = self.picture(&node, x)?;
        let op = Conv2d::new(spec, input).ok_or_else(|| AutodiffError::Graph {
            node: node.clone(),
            found: format!("an input of shape {input:?} with {spec:?}"),
            expected: "positive sizes, and a kernel that fits the input".into(),
        })?;
        let shape = op.output().to_vec();
        self.push_layer(&node, name, Op::Conv2d(op), slot, shape)
    }

    /// An affine map of a vector, with parameters `{name}.bias` and `{name}.kernel`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` is not a vector (flatten it first), `features` is zero, or the name is
    /// taken.
    pub fn dense(&mut self, x: Value, name: &str, features: usize) -> Result<Value, AutodiffError> {
        let node = format!("dense {name}");
        let ValueInfo { slot, shape } = self.info(&node, x)?.clone();
        let inputs = match shape[..] {
            [inputs] if inputs > 0 && features > 0 => inputs,
            _ => {
                return Err(AutodiffError::Graph {
                    node,
                    found: format!("an input of shape {shape:?} and {features} features"),
                    expected: "an input vector, and positive sizes".into(),
                });
            }
        };
        self.push_layer(&node, name, Op::Dense(Dense { inputs, outputs: features }), slot, vec![features])
    }

    /// `max(x, 0)`. If this builder does not have `x`, the result is an unknown value too.
    pub fn relu(&mut self, x: Value) -> Value {
        match self.values.get(x.0).cloned() {
            Some(ValueInfo { slot, shape }) => self.push(Op::Relu(Relu), vec![slot], shape),
            None => Value::UNKNOWN,
        }
    }

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

    /// `a + b`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if their shapes differ.
    pub fn add(&mut self, a: Value, b: Value) -> Result<Value, AutodiffError> {
        let (a, b) = (self.info("add", a)?, self.info("add", b)?);
        if a.shape != b.shape {
            return Err(AutodiffError::Graph {
                node: "add".into(),
                found: format!("shapes {:?} and {:?}", a.shape, b.shape),
                expected: "equal shapes".into(),
            });
        }
        let (slots, shape) = (vec![a.slot, b.slot], a.shape.clone());
        Ok(self.push(Op::Add(Add), slots, shape))
    }

    /// The graph with this output. Operations that the output does not depend on are removed, unless they have
    /// parameters.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the output is not a vector, is empty, is the input itself, or does not
    /// depend on a layer with parameters.
    pub fn finish(mut self, output: Value) -> Result<Graph, AutodiffError> {
        let ValueInfo { slot, shape } = self.info("output", output)?.clone();
        if shape.len() != 1 || shape[0] == 0 || slot == 0 {
            return Err(AutodiffError::Graph {
                node: "output".into(),
                found: format!("shape {shape:?}"),
                expected: "a vector of logits, computed by operations".into(),
            });
        }
        let mut used = vec![false; self.slot_sizes.len()];
        used[slot] = true;
        for node in self.nodes.iter().rev() {
            if used[node.output] {
                node.inputs.iter().for_each(|&i| used[i] = true);
            } else if !node.params.is_empty() {
                let named = self.parameters.iter().find(|p| p.range.start == node.params.start);
                return Err(AutodiffError::Graph {
                    node: format!("layer {}", named.map_or("", |p| &p.module)),
                    found: "a layer whose output is not used".into(),
                    expected: "an output that depends on every layer with parameters".into(),
                });
            }
        }
        self.nodes.retain(|node| used[node.output]);
        self.nodes = fuse(self.nodes);
        used = self.touched();
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

    /// Slots that an operation reads or writes.
    fn touched(&self) -> Vec<bool> {
        let mut touched = vec![false; self.slot_sizes.len()];
        for node in &self.nodes {
            touched[node.output] = true;
            node.inputs.iter().for_each(|&i| touched[i] = true);
        }
        touched
    }

    /// Marks which cotangents a reverse pass needs, which operation writes each of them first, and which one gates
    /// them.
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
        let mut readers = vec![0_usize; self.slot_sizes.len()];
        self.nodes.iter().flat_map(|node| &node.inputs).for_each(|&slot| readers[slot] += 1);
        let mut gateable = vec![false; self.slot_sizes.len()];
        for node in &mut self.nodes {
            node.gates = node.inputs.iter().map(|&slot| gateable[slot]).collect();
            node.gated = node.rectified && readers[node.output] == 1;
            gateable[node.output] = node.gated;
        }
    }

    fn info(&self, node: &str, x: Value) -> Result<&ValueInfo, AutodiffError> {
        self.values.get(x.0).ok_or_else(|| AutodiffError::Graph {
            node: node.to_owned(),
            found: "a value of another graph".into(),
            expected: "a value of this builder".into(),
        })
    }

    /// The slot and the shape of an image.
    fn picture(&self, node: &str, x: Value) -> Result<(usize, [usize; 3]), AutodiffError> {
        let ValueInfo { slot, shape } = self.info(node, x)?;
        let picture = shape[..].try_into().map_err(|_| AutodiffError::Graph {
            node: node.to_owned(),
            found: format!("an input of shape {shape:?}"),
            expected: "an image or feature map (height, width, channels)".into(),
        })?;
        Ok((*slot, picture))
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

    /// Adds a layer with the parameters that its operation describes.
    fn push_layer(
        &mut self,
        node: &str,
        module: &str,
        op: Op,
        input: usize,
        shape: Vec<usize>,
    ) -> Result<Value, AutodiffError> {
        if self.parameters.iter().any(|p| p.module == module) {
            return Err(AutodiffError::Graph {
                node: node.to_owned(),
                found: format!("a second layer named {module}"),
                expected: "unique names".into(),
            });
        }
        let first = self.parameters.last().map_or(0, |p| p.range.end);
        let mut added = Vec::new();
        let mut start = first;
        for array in op.parameters().map(Parameters::arrays).unwrap_or_default() {
            let range = start..start + array.len();
            start = range.end;
            if array.role.is_added() {
                added.push(range.start - first..range.end - first);
            }
            let ParameterArray { role, shape, fan_in } = array;
            let (module, name) = (module.to_owned(), format!("{module}.{}", role.name()));
            self.parameters.push(ParameterSpec { module, name, role, shape, range, fan_in });
        }
        let value = self.push(op, vec![input], shape);
        if let Some(node) = self.nodes.last_mut() {
            node.added = added;
        }
        Ok(value)
    }

    fn push(&mut self, op: Op, inputs: Vec<usize>, shape: Vec<usize>) -> Value {
        let end = self.parameters.last().map_or(0, |p| p.range.end);
        let start = self.nodes.last().map_or(0, |n| n.params.end);
        let output = self.slot_sizes.len();
        self.slot_sizes.push(shape.iter().product());
        self.nodes.push(Node {
            op,
            inputs,
            output,
            rectified: false,
            params: start..end,
            added: Vec::new(),
            writes: Vec::new(),
            gates: Vec::new(),
            gated: false,
            upstream: Vec::new(),
        });
        self.values.push(ValueInfo { slot: output, shape });
        Value(self.values.len() - 1)
    }
}
