//! The network so far: steps on stored arrays, which become layers of a description.

use crate::error::Refusal;
use crate::tensor::{Tensor, count};
use crate::view::View;
use std::collections::{BTreeMap, HashMap};

/// The number of a step.
pub(crate) type StepId = usize;

/// A function of every number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Function {
    Relu,
    LeakyRelu {
        slope: f64,
    },
    Elu {
        alpha: f64,
    },
    Gelu,
    GeluTanh,
    Silu,
    Sigmoid,
    Softplus,
    Tanh,
    Clip {
        low: f64,
        high: f64,
    },
    Sqrt,
    Reciprocal,
    /// The error function, which is known within GELU only.
    Erf,
}

/// A convolution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Convolution {
    pub features: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Rows above and below, columns to the left and to the right.
    pub padding: [[usize; 2]; 2],
    pub dilation: [usize; 2],
    pub groups: usize,
    /// `(height, width, in / groups, out)`.
    pub weights: Vec<f32>,
    pub bias: Option<Vec<f32>>,
}

/// A pooling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pool {
    pub mean: bool,
    pub window: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [[usize; 2]; 2],
    pub count_padding: bool,
}

/// The parameters of a normalisation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Norm {
    pub epsilon: f64,
    pub scale: Option<Vec<f32>>,
    pub shift: Option<Vec<f32>>,
}

/// What a step computes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    Input,
    Convolution(Convolution),
    /// Weights `(in, out)` on the last axis.
    Dense {
        weights: Vec<f32>,
        bias: Option<Vec<f32>>,
    },
    /// One number of each, or one for each entry of the last axis.
    Affine {
        scale: Vec<f64>,
        shift: Vec<f64>,
    },
    Function(Function),
    LayerNorm(Norm),
    GroupNorm {
        groups: usize,
        norm: Norm,
    },
    Pool(Pool),
    Reduce {
        axes: Vec<usize>,
        mean: bool,
    },
    Reshape,
    Transpose {
        axes: Vec<usize>,
    },
    Slice {
        axis: usize,
        start: usize,
        end: usize,
    },
    Pad {
        axis: usize,
        before: usize,
        after: usize,
        value: f64,
    },
    Concat {
        axis: usize,
    },
    Add,
    Multiply,
    Matmul,
    Softmax {
        axis: usize,
    },
    Broadcast,
    Embedding {
        numbers: Vec<f32>,
    },
}

/// A step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub operation: Operation,
    pub inputs: Vec<StepId>,
    /// The shape of the stored array.
    pub shape: Vec<usize>,
    /// The name of its parameters, if it has any.
    pub name: String,
    /// The number of the node that it belongs to.
    pub node: usize,
}

/// A value of ONNX: the step that computes it, and the order in which it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flow {
    pub step: StepId,
    pub view: View,
}

/// The largest number of steps, and of numbers in embeddings that no file holds.
const MOST_STEPS: usize = 100_000;
const MOST_COPIES: usize = 1 << 20;

/// Steps in an order in which they can be computed.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub steps: Vec<Step>,
    /// The steps that give another shape to the output of a step.
    reshaped: HashMap<(StepId, Vec<usize>), StepId>,
    names: BTreeMap<String, usize>,
    copied: usize,
    /// The number of the node whose steps are added.
    pub node: usize,
}

impl Program {
    /// Adds a step.
    pub(crate) fn push(
        &mut self,
        operation: Operation,
        inputs: &[StepId],
        shape: &[usize],
        name: &str,
    ) -> Result<StepId, Refusal> {
        if self.steps.len() >= MOST_STEPS || count(shape).is_none_or(|count| count > 1 << 31) {
            let found = format!("{} layers, and a value of shape {shape:?}", self.steps.len());
            return Err(Refusal::new(found, "a smaller network"));
        }
        let (inputs, shape, name) = (inputs.to_vec(), shape.to_vec(), name.to_owned());
        self.steps.push(Step { operation, inputs, shape, name, node: self.node });
        Ok(self.steps.len() - 1)
    }

    pub(crate) fn step(&self, step: StepId) -> Option<&Step> {
        self.steps.get(step)
    }

    pub(crate) fn shape(&self, step: StepId) -> Vec<usize> {
        self.step(step).map_or_else(Vec::new, |step| step.shape.clone())
    }

    /// The step whose numbers another shape shows, or the step itself.
    pub(crate) fn origin(&self, step: StepId) -> StepId {
        match self.step(step) {
            Some(Step { operation: Operation::Reshape, inputs, .. }) => inputs.first().copied().unwrap_or(step),
            _ => step,
        }
    }

    /// The same array in another shape.
    pub(crate) fn shaped(&mut self, step: StepId, shape: &[usize]) -> Result<StepId, Refusal> {
        let origin = self.origin(step);
        if self.shape(origin) == shape {
            return Ok(origin);
        }
        let key = (origin, shape.to_vec());
        if let Some(&known) = self.reshaped.get(&key) {
            return Ok(known);
        }
        let new = self.push(Operation::Reshape, &[origin], shape, "")?;
        self.reshaped.insert(key, new);
        Ok(new)
    }

    /// The stored array of a value, in the shape of its view.
    pub(crate) fn array(&mut self, flow: &Flow) -> Result<StepId, Refusal> {
        self.shaped(flow.step, &flow.view.array_shape())
    }

    /// A value as an array with one axis for each group of ONNX's axes, in this order. Every axis is in one group.
    pub(crate) fn arranged(&mut self, flow: &Flow, groups: &[&[usize]]) -> Result<StepId, Refusal> {
        let view = &flow.view;
        let order: Vec<usize> =
            groups.iter().flat_map(|group| group.iter()).flat_map(|&axis| view.stored(axis)).copied().collect();
        let step = self.reordered(flow, &order)?;
        let sizes: Vec<usize> =
            groups.iter().map(|group| group.iter().map(|&axis| view.axis_size(axis)).product()).collect();
        self.shaped(step, &sizes)
    }

    /// The stored axes of a value in another order.
    pub(crate) fn reordered(&mut self, flow: &Flow, order: &[usize]) -> Result<StepId, Refusal> {
        if order.iter().enumerate().all(|(place, &axis)| place == axis) {
            return self.array(flow);
        }
        // Axes that stay neighbours move as one.
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for &axis in order {
            match runs.last_mut() {
                Some((_, end)) if *end == axis => *end += 1,
                _ => runs.push((axis, axis + 1)),
            }
        }
        let mut sorted = runs.clone();
        sorted.sort_unstable();
        let size =
            |&(start, end): &(usize, usize)| flow.view.sizes.get(start..end).map_or(1, |sizes| sizes.iter().product());
        let before: Vec<usize> = sorted.iter().map(size).collect();
        let after: Vec<usize> = runs.iter().map(size).collect();
        let axes = runs.iter().map(|run| sorted.iter().position(|other| other == run).unwrap_or(0)).collect();
        let step = self.shaped(flow.step, &before)?;
        self.push(Operation::Transpose { axes }, &[step], &after, "")
    }

    /// A value that is stored in ONNX's order.
    pub(crate) fn ordered(&mut self, flow: &Flow) -> Result<Flow, Refusal> {
        let shape = flow.view.shape();
        let step = self.reordered(flow, &flow.view.order())?;
        Ok(Flow { step, view: View::ordered(&shape) })
    }

    /// The same numbers as a value of another shape.
    pub(crate) fn reshape(&mut self, flow: &Flow, shape: &[usize]) -> Result<Flow, Refusal> {
        if let Some(view) = flow.view.reshaped(shape) {
            return Ok(Flow { step: flow.step, view });
        }
        let ordered = self.ordered(flow)?;
        let view = ordered.view.reshaped(shape).or_else(|| {
            // An array in ONNX's order can have any shape of the same size.
            (count(shape) == count(&flow.view.shape()) && !shape.contains(&0)).then(|| View::ordered(shape))
        });
        let found = || format!("a value of shape {:?} and the new shape {shape:?}", flow.view.shape());
        let view = view.ok_or_else(|| Refusal::new(found(), "equally many entries"))?;
        Ok(Flow { step: ordered.step, view })
    }

    /// A value with copies along axes of size 1, and along new axes before the first one.
    pub(crate) fn broadcast(&mut self, flow: &Flow, shape: &[usize]) -> Result<Flow, Refusal> {
        let own = flow.view.with_rank(shape.len());
        if own.shape() == shape {
            return Ok(Flow { step: flow.step, view: own });
        }
        let ordered = self.ordered(&Flow { step: flow.step, view: own })?;
        let step = self.shaped(ordered.step, &ordered.view.shape())?;
        let step = self.push(Operation::Broadcast, &[step], shape, "")?;
        Ok(Flow { step, view: View::ordered(shape) })
    }

    /// A value as an array that is stored as `like`, with copies along its axes of size 1.
    pub(crate) fn matched(&mut self, flow: &Flow, like: &View) -> Result<StepId, Refusal> {
        let view = flow.view.with_rank(like.rank());
        let flow = Flow { step: flow.step, view };
        // One axis for each stored axis of `like`, with size 1 where copies are needed.
        let own = |axis: usize, stored: usize| if flow.view.axis_size(axis) == 1 { 1 } else { like.sizes[stored] };
        let mut places = vec![0; like.sizes.len()];
        let mut fine = Vec::new();
        for (axis, stored) in like.axes.iter().enumerate() {
            for &stored in stored {
                if let Some(place) = places.get_mut(stored) {
                    *place = fine.len();
                }
                fine.push(own(axis, stored));
            }
        }
        let fine_flow = self.reshape(&flow, &fine)?;
        let groups: Vec<&[usize]> = places.iter().map(std::slice::from_ref).collect();
        if groups.is_empty() {
            return self.shaped(fine_flow.step, &[1]);
        }
        let step = self.arranged(&fine_flow, &groups)?;
        if self.shape(step) == like.sizes {
            return Ok(step);
        }
        self.push(Operation::Broadcast, &[step], &like.sizes, "")
    }

    /// A constant as a learned value.
    pub(crate) fn embedding(&mut self, tensor: &Tensor, name: &str) -> Result<Flow, Refusal> {
        let view = View::ordered(&tensor.shape);
        let step = self.embedded(tensor.to_floats(), &view.array_shape(), name)?;
        Ok(Flow { step, view })
    }

    /// Numbers as a learned array.
    pub(crate) fn embedded(&mut self, numbers: Vec<f32>, shape: &[usize], name: &str) -> Result<StepId, Refusal> {
        if let Some(place) = numbers.iter().position(|x| !x.is_finite()) {
            let found = format!("a constant with an infinite number at position {place}");
            return Err(Refusal::new(found, "finite numbers"));
        }
        if numbers.is_empty() {
            return Err(Refusal::new("an empty constant", "at least one number"));
        }
        let name = self.unique(name, "constant");
        self.push(Operation::Embedding { numbers }, &[], shape, &name)
    }

    /// Counts numbers that are copies of others, so that a small file does not become a large network.
    pub(crate) fn copy(&mut self, numbers: usize) -> Result<(), Refusal> {
        self.copied = self.copied.saturating_add(numbers);
        if self.copied > MOST_COPIES {
            let found = format!("constants that have to be copied to {} numbers", self.copied);
            return Err(Refusal::new(found, format!("at most {MOST_COPIES}")));
        }
        Ok(())
    }

    /// A name for a layer, as close to the wanted one as the rules of names permit.
    pub(crate) fn unique(&mut self, wanted: &str, kind: &str) -> String {
        let mut name = crate::name::layer(wanted);
        if name.is_empty() {
            kind.clone_into(&mut name);
        }
        let number = self.names.entry(name.clone()).or_default();
        *number += 1;
        if *number == 1 {
            return name;
        }
        let numbered = format!("{name}_{number}");
        if self.names.contains_key(&numbered) {
            self.unique(&numbered, kind)
        } else {
            self.names.insert(numbered.clone(), 1);
            numbered
        }
    }

    /// The steps that a step depends on, and itself, in ascending order.
    pub(crate) fn needed(&self, output: StepId) -> Vec<StepId> {
        let mut needed = vec![false; self.steps.len()];
        if let Some(last) = needed.get_mut(output) {
            *last = true;
        }
        for (id, step) in self.steps.iter().enumerate().rev() {
            if needed.get(id) == Some(&true) {
                step.inputs.iter().for_each(|&input| {
                    if let Some(input) = needed.get_mut(input) {
                        *input = true;
                    }
                });
            }
        }
        needed.iter().enumerate().filter(|(_, needed)| **needed).map(|(id, _)| id).collect()
    }
}
