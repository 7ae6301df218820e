//! Builds a network, operation by operation, and checks every shape.

mod arithmetic;
mod attention;
mod constants;
mod dense_spec;
mod layers;
mod lifetimes;
mod norm_spec;
mod normalization;
mod pointwise;
mod pooling;
mod reverse_pass;
mod shapes;
mod shared_places;

pub use dense_spec::DenseSpec;
pub use norm_spec::NormSpec;

use crate::AutodiffError;
use crate::graph::{Graph, Node};
use crate::layout::Layout;
use crate::ops::{Op, ParameterArray, Parameters};
use crate::parameter_spec::{ParameterSpec, Role};
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

    /// The graph with this output. Operations that the output does not depend on are removed, unless they have
    /// parameters.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the output is not a vector, is empty, is the input itself, or does not
    /// depend on every layer with parameters.
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
        reverse_pass::mark(&mut self.nodes, self.slot_sizes.len());
        let values = shared_places::values(&mut self.nodes, self.slot_sizes.len());
        let cotangents = shared_places::cotangents(&mut self.nodes, self.slot_sizes.len());
        let (sizes, nodes, slots) = (&self.slot_sizes, &self.nodes, self.slot_sizes.len());
        let mut memos = vec![0; slots];
        nodes.iter().for_each(|node| memos[values[node.output]] += node.op.memo());
        let of_values = |lives| Layout::of(sizes, &memos, &shared_places::lives(lives, &values), &values);
        let kept = of_values(lifetimes::kept(nodes, slots, slot));
        let passing = of_values(lifetimes::forward(nodes, slots, slot));
        let lives = shared_places::lives(lifetimes::reverse(nodes, slots, slot), &cotangents);
        let cotangents = Layout::of(sizes, &vec![0; slots], &lives, &cotangents);
        let input_shape = self.values[0].shape.clone();
        let shape_of = |slot| self.values.iter().find(|value| value.slot == slot).map(|value| value.shape.clone());
        let shapes = (0..self.slot_sizes.len()).map(|slot| shape_of(slot).unwrap_or_default()).collect();
        Ok(Graph {
            input_shape,
            nodes: self.nodes,
            kept,
            passing,
            cotangents,
            shapes,
            output: slot,
            parameters: self.parameters,
        })
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

    /// Adds a layer with the parameters that its operation describes. An embedding's name is `module` itself.
    fn push_layer(
        &mut self,
        node: &str,
        module: &str,
        op: Op,
        inputs: Vec<usize>,
        shape: Vec<usize>,
    ) -> Result<Value, AutodiffError> {
        let first = self.parameters.last().map_or(0, |p| p.range.end);
        let mut added = Vec::new();
        let mut start = first;
        for array in op.parameters().map(Parameters::arrays).unwrap_or_default() {
            let range = start..start + array.len();
            start = range.end;
            if array.role.is_added() {
                added.push(range.start - first..range.end - first);
            }
            let ParameterArray { role, shape, fan_in, initializer } = array;
            let (module, name) = match role.name() {
                Some(role) => (module, format!("{module}.{role}")),
                None => (module.rsplit_once('.').map_or("", |(module, _)| module), module.to_owned()),
            };
            if self.parameters.iter().any(|p| p.name == name) {
                return Err(AutodiffError::Graph {
                    node: node.to_owned(),
                    found: format!("a second layer named {module}"),
                    expected: "unique names".into(),
                });
            }
            // Flax draws a layer's kernel first. Only embeddings share a module with other random arrays.
            let siblings = self.parameters.iter().filter(|p| p.role == Role::Embedding && p.module == module);
            let draw = if role == Role::Embedding { siblings.count() as u32 + 1 } else { 1 };
            let module = module.to_owned();
            self.parameters.push(ParameterSpec { module, name, role, shape, range, fan_in, initializer, draw });
        }
        let value = self.push(op, inputs, shape);
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
            completes: None,
            in_place: false,
            params: start..end,
            added: Vec::new(),
            writes: Vec::new(),
            gates: Vec::new(),
            gated: false,
            shares: Vec::new(),
            upstream: Vec::new(),
        });
        self.values.push(ValueInfo { slot: output, shape });
        Value(self.values.len() - 1)
    }
}
