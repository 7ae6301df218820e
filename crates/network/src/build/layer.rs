//! The output of one layer.

use super::budget::{Budget, count};
use super::fault::Fault;
use super::numbers::Numbers;
use super::operations::{activation, pooling};
use crate::expression::Expression;
use crate::layer::{Convolution, Norm, Operation, Window};
use crate::limits;
use minima_autodiff::{Conv2dSpec, DenseSpec, GraphBuilder, Initializer, NormSpec, Padding, PoolSpec, Value};

/// The graph so far, and the numbers of the place.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub graph: GraphBuilder,
    pub numbers: Numbers<'a>,
    pub budget: Budget,
}

impl Context<'_> {
    /// The output of a layer on `x`. `name` is its name with its modules, or empty if it has no parameters.
    /// `others` are the values that it reads besides.
    pub(super) fn layer(
        &mut self,
        operation: &Operation,
        name: &str,
        x: Value,
        others: &[Value],
    ) -> Result<Value, Fault> {
        let shape = self.graph.shape(x).to_vec();
        let last = shape.last().copied().unwrap_or(0);
        match operation {
            Operation::Conv(convolution) => self.convolution(convolution, name, x, &shape),
            Operation::AvgPool(window) => self.pooling(window, true, x, &shape),
            Operation::MaxPool(window) => self.pooling(window, false, x, &shape),
            Operation::Dense { features, bias } => {
                let features = self.numbers.size(features)?;
                self.budget.parameters(&[&[last, features], &[features]])?;
                let mut output = shape;
                if let Some(last) = output.last_mut() {
                    *last = features;
                }
                self.budget.value(&output)?;
                let spec = DenseSpec { bias: *bias, ..DenseSpec::new(features) };
                Ok(self.graph.dense_on_last_axis(x, name, &spec)?)
            }
            Operation::Activation(function) => {
                self.budget.value(&shape)?;
                Ok(activation(&mut self.graph, x, *function))
            }
            Operation::GroupNorm { groups, norm } => {
                let groups = self.numbers.size(groups)?;
                self.budget.parameters(&[&[last], &[last]])?;
                self.budget.value(&shape)?;
                Ok(self.graph.group_norm(x, name, groups, norm_spec(*norm))?)
            }
            Operation::LayerNorm { norm } => {
                self.budget.parameters(&[&[last], &[last]])?;
                self.budget.value(&shape)?;
                Ok(self.graph.layer_norm(x, name, norm_spec(*norm))?)
            }
            Operation::RmsNorm { epsilon } => {
                self.budget.parameters(&[&[last]])?;
                self.budget.value(&shape)?;
                let spec = NormSpec { epsilon: *epsilon, shift: false, ..NormSpec::default() };
                Ok(self.graph.rms_norm(x, name, spec)?)
            }
            Operation::GlobalAvgPool => Ok(self.graph.global_avg_pool(x)?),
            Operation::Flatten => Ok(self.graph.flatten(x)),
            Operation::Reshape { shape: new } => {
                let new = self.new_shape(new, &shape)?;
                Ok(self.graph.reshape(x, &new)?)
            }
            Operation::Transpose { axes } => {
                let axes = self.numbers.sizes(axes)?;
                self.budget.value(&shape)?;
                Ok(self.graph.transpose(x, &axes)?)
            }
            Operation::Slice { axis, start, end } => {
                let [axis, start, end] = [self.numbers.size(axis)?, self.numbers.size(start)?, self.numbers.size(end)?];
                self.budget.value(&shape)?;
                Ok(self.graph.slice(x, axis, start..end)?)
            }
            Operation::Take { axis, index } => {
                let [axis, index] = [self.numbers.size(axis)?, self.numbers.size(index)?];
                self.take(x, axis, index, &shape)
            }
            Operation::Mean { axes } => {
                let axes = self.numbers.sizes(axes)?;
                self.budget.value(&shape)?;
                Ok(self.graph.mean(x, &axes)?)
            }
            Operation::Sum { axes } => {
                let axes = self.numbers.sizes(axes)?;
                self.budget.value(&shape)?;
                Ok(self.graph.sum(x, &axes)?)
            }
            Operation::ClassToken { deviation } => self.class_token(x, name, *deviation, &shape),
            Operation::PositionEmbedding { deviation } => {
                self.budget.parameters(&[&shape])?;
                self.budget.value(&shape)?;
                self.budget.value(&shape)?;
                let stored = [&[1], &shape[..]].concat();
                let positions = self.graph.embedding(name, &stored, initializer(*deviation))?;
                // Leading axes of size 1 are not in the embedding's value.
                let positions = self.graph.reshape(positions, &shape)?;
                Ok(self.graph.add(x, positions)?)
            }
            Operation::Attention { heads } => {
                let heads = self.numbers.size(heads)?;
                let tokens = shape.first().copied().unwrap_or(0);
                let arrays: [&[usize]; 2] = [&[last, last], &[last]];
                self.budget.parameters(&[arrays; 4].concat())?;
                // Queries, keys, values, the joined heads and the output, each at most once in another order.
                self.budget.value(&[10, tokens, last])?;
                self.budget.value(&[2, heads, tokens, tokens])?;
                Ok(self.graph.attention(x, name, heads)?)
            }
            Operation::Softmax { axis } => {
                self.budget.value(&shape)?;
                match axis {
                    None => Ok(self.graph.softmax(x)?),
                    Some(axis) => Ok(self.graph.softmax_over(x, self.numbers.size(axis)?)?),
                }
            }
            Operation::Add { .. }
            | Operation::Multiply { .. }
            | Operation::Matmul { .. }
            | Operation::Concat { .. } => self.of_several(operation, x, others),
            Operation::Affine { scale, shift } => {
                self.budget.value(&shape)?;
                let channels = |of: &[f64]| if of.len() == 1 { of.repeat(last) } else { of.to_vec() };
                Ok(self.graph.affine(x, &channels(scale), &channels(shift))?)
            }
            Operation::Pad { axis, before, after, value } => {
                let [axis, before, after] =
                    [self.numbers.size(axis)?, self.numbers.size(before)?, self.numbers.size(after)?];
                self.pad(x, axis, [before, after], *value)
            }
            Operation::Broadcast { shape: new } => {
                let new = self.numbers.sizes(new)?;
                self.broadcast(x, &new)
            }
            Operation::Embedding { shape: new, deviation } => {
                let new = self.numbers.sizes(new)?;
                self.embedding(name, &new, *deviation)
            }
        }
    }

    fn convolution(&mut self, of: &Convolution, name: &str, x: Value, shape: &[usize]) -> Result<Value, Fault> {
        let features = self.numbers.size(&of.features)?;
        let groups = self.numbers.size(&of.groups)?;
        let [kernel, stride, dilation] =
            [self.numbers.pair(&of.kernel)?, self.numbers.pair(&of.stride)?, self.numbers.pair(&of.dilation)?];
        let padding = self.numbers.padding(&of.padding)?;
        let channels = shape.last().copied().unwrap_or(0) / groups.max(1);
        self.budget.parameters(&[&[kernel[0], kernel[1], channels, features], &[features]])?;
        let reach = [0, 1].map(|axis| kernel[axis].saturating_mul(dilation[axis]));
        self.windows(shape, reach, stride, padding, features)?;
        let spec = Conv2dSpec { features, kernel, stride, padding, dilation, groups, bias: of.bias };
        Ok(self.graph.conv2d(x, name, spec)?)
    }

    fn pooling(&mut self, of: &Window, mean: bool, x: Value, shape: &[usize]) -> Result<Value, Fault> {
        let [window, stride] = [self.numbers.pair(&of.window)?, self.numbers.pair(&of.stride)?];
        let padding = self.numbers.padding(&of.padding)?;
        self.windows(shape, window, stride, padding, shape.last().copied().unwrap_or(0))?;
        let spec = PoolSpec { window, stride, padding, count_padding: of.count_padding };
        Ok(pooling(&mut self.graph, x, mean, spec)?)
    }

    /// Checks the output of windows on a feature map, and the map with its border. The output is at most so large.
    fn windows(
        &mut self,
        shape: &[usize],
        reach: [usize; 2],
        stride: [usize; 2],
        padding: Padding,
        features: usize,
    ) -> Result<(), Fault> {
        // The builder refuses values that are no feature maps.
        let &[height, width, channels] = shape else { return Ok(()) };
        let border = border(padding, reach);
        let padded = [0, 1].map(|axis| [height, width][axis].saturating_add(border[axis]));
        let what = "numbers in a feature map with its border";
        Fault::check(what, count(&[padded[0], padded[1], channels]), limits::VALUES)?;
        let windows = [0, 1].map(|axis| padded[axis] / stride[axis].max(1) + 1);
        let windows = match padding {
            Padding::Same => [0, 1].map(|axis| [height, width][axis].div_ceil(stride[axis].max(1))),
            _ => windows,
        };
        self.budget.value(&[windows[0], windows[1], features])
    }

    /// The shape of a reshape, in which -1 stands for the entries that are left.
    fn new_shape(&self, new: &[Expression], shape: &[usize]) -> Result<Vec<usize>, Fault> {
        let inferred = |size: &Expression| *size == Expression::Number(-1);
        let known = new.iter().filter(|size| !inferred(size)).map(|size| self.numbers.size(size));
        let known: u128 = count(&known.collect::<Result<Vec<_>, _>>()?);
        let entries = count(shape);
        let rest = match new.iter().filter(|size| inferred(size)).count() {
            0 => 1,
            1 if known > 0 && entries.is_multiple_of(known) => entries / known,
            _ => {
                let shown: Vec<String> = new.iter().map(Expression::to_string).collect();
                let found = format!("a value of shape {shape:?} and the new shape [{}]", shown.join(", "));
                return Err(Fault::content(found, "at most one -1, and other sizes that divide the number of entries"));
            }
        };
        let rest = usize::try_from(rest).map_err(|_| Fault::content(rest.to_string(), "a smaller size"))?;
        new.iter().map(|size| if inferred(size) { Ok(rest) } else { self.numbers.size(size) }).collect()
    }

    /// The entries at one index of an axis, which the result no longer has.
    fn take(&mut self, x: Value, axis: usize, index: usize, shape: &[usize]) -> Result<Value, Fault> {
        if shape.len() < 2 {
            return Err(Fault::content(format!("shape {shape:?}"), "a value with at least two axes"));
        }
        self.budget.value(shape)?;
        let taken = self.graph.slice(x, axis, index..index.saturating_add(1))?;
        let mut rest = shape.to_vec();
        // The slice has checked that there is such an axis.
        rest.drain(axis..=axis);
        Ok(self.graph.reshape(taken, &rest)?)
    }

    /// A learned token before the tokens of a sequence.
    fn class_token(&mut self, x: Value, name: &str, deviation: f64, shape: &[usize]) -> Result<Value, Fault> {
        let &[tokens, width] = shape else {
            return Err(Fault::content(format!("shape {shape:?}"), "a sequence (tokens, features)"));
        };
        self.budget.parameters(&[&[width]])?;
        self.budget.value(&[tokens.saturating_add(2), width])?;
        let token = self.graph.embedding(name, &[1, 1, width], initializer(deviation))?;
        let token = self.graph.reshape(token, &[1, width])?;
        Ok(self.graph.concat(&[token, x], 0)?)
    }
}

/// An upper bound of the numbers of rows and columns in the border of windows of this reach.
fn border(padding: Padding, reach: [usize; 2]) -> [usize; 2] {
    match padding {
        Padding::Same => reach,
        Padding::Valid => [0; 2],
        Padding::Explicit { low, high } => [0, 1].map(|axis| low[axis].saturating_add(high[axis])),
    }
}

fn norm_spec(Norm { epsilon, scale, shift }: Norm) -> NormSpec {
    NormSpec { epsilon, scale, shift }
}

/// Normal numbers of a standard deviation, or zeros.
pub(super) fn initializer(deviation: f64) -> Initializer {
    if deviation == 0.0 { Initializer::Zeros } else { Initializer::Normal { deviation: deviation as f32 } }
}
