//! The layers of a network as nodes.

use super::attributes::{float, int, ints, text};
use super::exported::Exported;
use super::normalization::normalization;
use super::writer::{Form, Writer};
use crate::error::OnnxError;
use crate::tensor::transposed;
use minima_autodiff::{Activation, Conv2dSpec, Layer, LayerOperation, Padding, Pooling, Rearrangement};

/// Writes a layer.
pub(super) fn layer(writer: &mut Writer, exported: &Exported<'_>) -> Result<(), OnnxError> {
    let Exported { layer, params, module, shape } = *exported;
    let first = layer.inputs.first().copied().unwrap_or(0);
    let (form, name) = match &layer.operation {
        LayerOperation::Conv2d { spec, input } => (Form::ChannelsFirst, convolution(writer, exported, spec, *input)),
        LayerOperation::AvgPool2d(pool) => (Form::ChannelsFirst, pooling(writer, first, pool, true)),
        LayerOperation::MaxPool2d(pool) => (Form::ChannelsFirst, pooling(writer, first, pool, false)),
        LayerOperation::Dense { inputs, outputs } => {
            let x = writer.shaped(first, &[*inputs]);
            let (weights, bias) = dense(writer, exported, *inputs, *outputs);
            let all: Vec<&str> = [&x, &weights].into_iter().chain(bias.as_ref()).map(String::as_str).collect();
            let y = writer.node("Gemm", &all, Vec::new());
            (Form::Plain, if shape == [*outputs] { y } else { writer.reshape(&y, shape) })
        }
        LayerOperation::TokenwiseDense { places, inputs, outputs } => {
            let x = writer.shaped(first, &[*places, *inputs]);
            let (weights, bias) = dense(writer, exported, *inputs, *outputs);
            let y = writer.node("MatMul", &[&x, &weights], Vec::new());
            let y = match bias {
                Some(bias) => writer.node("Add", &[&y, &bias], Vec::new()),
                None => y,
            };
            (Form::Plain, if shape == [*places, *outputs] { y } else { writer.reshape(&y, shape) })
        }
        LayerOperation::Embedding => {
            let whole = [&[1], shape].concat();
            let tensor = writer.floats(module, &whole, params.iter().copied());
            (Form::Plain, writer.for_each_image(&tensor, shape))
        }
        LayerOperation::Constant(numbers) => {
            let whole = [&[1], shape].concat();
            let tensor = writer.floats("", &whole, numbers.iter().map(|&x| x as f32));
            (Form::Plain, writer.for_each_image(&tensor, shape))
        }
        LayerOperation::Relu { .. } => {
            pointwise(writer, first, shape, |writer, x| writer.node("Relu", &[x], Vec::new()))
        }
        LayerOperation::Activation { function, .. } => {
            let function = *function;
            let known = activation_node(function).is_some() || function == Activation::Silu;
            if !known {
                return Err(refused(module, &layer.operation));
            }
            pointwise(writer, first, shape, |writer, x| activation(writer, x, function))
        }
        LayerOperation::Add { .. } => of_two(writer, layer, shape, "Add"),
        LayerOperation::Multiply { .. } => of_two(writer, layer, shape, "Mul"),
        LayerOperation::Matmul { batch, rows, inner, columns, scale } => {
            let second = layer.inputs.get(1).copied().unwrap_or(0);
            let a = writer.shaped(first, &[*batch, *rows, *inner]);
            let b = writer.shaped(second, &[*batch, *inner, *columns]);
            let mut y = writer.node("MatMul", &[&a, &b], Vec::new());
            if *scale != 1.0 {
                let scale = writer.number(*scale);
                y = writer.node("Mul", &[&y, &scale], Vec::new());
            }
            (Form::Plain, if shape == [*batch, *rows, *columns] { y } else { writer.reshape(&y, shape) })
        }
        LayerOperation::Reduce { shape: input, axes, mean } => {
            let x = writer.shaped(first, input);
            let over: Vec<i64> = axes.iter().map(|&axis| axis as i64 + 1).collect();
            let over = writer.integers(&over);
            let operator = if *mean { "ReduceMean" } else { "ReduceSum" };
            let y = writer.node(operator, &[&x, &over], vec![int("keepdims", 0)]);
            (Form::Plain, if axes.len() == input.len() { writer.reshape(&y, shape) } else { y })
        }
        LayerOperation::Rearrange(Rearrangement::Transpose { shape: input, axes }) => {
            let x = writer.shaped(first, input);
            let order = std::iter::once(0).chain(axes.iter().map(|axis| axis + 1));
            (Form::Plain, writer.node("Transpose", &[&x], vec![ints("perm", order)]))
        }
        LayerOperation::Rearrange(Rearrangement::Slice { shape: input, axis, range }) => {
            let x = writer.shaped(first, input);
            let [start, end, axis] = [range.start, range.end, axis + 1].map(|n| writer.integers(&[n as i64]));
            (Form::Plain, writer.node("Slice", &[&x, &start, &end, &axis], Vec::new()))
        }
        LayerOperation::Concat { outer, runs } => {
            let parts: Vec<String> =
                layer.inputs.iter().zip(runs).map(|(&input, &run)| writer.shaped(input, &[*outer, run])).collect();
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let y = writer.node("Concat", &parts, vec![int("axis", 2)]);
            (Form::Plain, writer.reshape(&y, shape))
        }
        LayerOperation::Softmax { shape: sizes } => {
            let x = writer.shaped(first, sizes);
            let y = writer.node("Softmax", &[&x], vec![int("axis", 2)]);
            (Form::Plain, if shape == sizes { y } else { writer.reshape(&y, shape) })
        }
        &LayerOperation::Normalization { layout, centred, epsilon, shift, scale } => {
            let flags = [shift, scale];
            (Form::Plain, normalization(writer, exported, layout, centred, epsilon, flags))
        }
        LayerOperation::ChannelAffine { scale, shift, .. } => {
            let (form, own) = writer.native(first);
            let form = if own == shape { form } else { Form::Plain };
            let mut y = if own == shape { writer.name(first, form) } else { writer.shaped(first, shape) };
            let axes: &[usize] = if form == Form::Plain { &[] } else { &[1, 1] };
            let whole = [&[scale.len()], axes].concat();
            if scale.iter().any(|&x| x != 1.0) {
                let scale = writer.floats("", &whole, scale.iter().map(|&x| x as f32));
                y = writer.node("Mul", &[&y, &scale], Vec::new());
            }
            if shift.iter().any(|&x| x != 0.0) {
                let shift = writer.floats("", &whole, shift.iter().map(|&x| x as f32));
                y = writer.node("Add", &[&y, &shift], Vec::new());
            }
            (form, y)
        }
        other => return Err(refused(module, other)),
    };
    let name = if layer.rectified { writer.node("Relu", &[&name], Vec::new()) } else { name };
    writer.set(layer.output, shape, form, name);
    Ok(())
}

fn refused(module: &str, operation: &LayerOperation) -> OnnxError {
    OnnxError::Export {
        layer: module.to_owned(),
        found: operation.name().to_owned(),
        expected: "an operation that ONNX has".to_owned(),
    }
}

/// A function of every number, in the form in which its input was computed.
fn pointwise(
    writer: &mut Writer,
    input: usize,
    shape: &[usize],
    node: impl Fn(&mut Writer, &str) -> String,
) -> (Form, String) {
    let (form, own) = writer.native(input);
    if own == shape {
        let x = writer.name(input, form);
        return (form, node(writer, &x));
    }
    let x = writer.shaped(input, shape);
    (Form::Plain, node(writer, &x))
}

/// A sum or product of two values, in the form that both have.
fn of_two(writer: &mut Writer, layer: &Layer, shape: &[usize], operator: &str) -> (Form, String) {
    let native: Vec<(Form, Vec<usize>)> = layer.inputs.iter().map(|&input| writer.native(input)).collect();
    let first = native.iter().all(|(form, own)| *form == Form::ChannelsFirst && own == shape);
    let form = if first { Form::ChannelsFirst } else { Form::Plain };
    let names: Vec<String> = layer
        .inputs
        .iter()
        .map(|&input| if first { writer.name(input, form) } else { writer.shaped(input, shape) })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (form, writer.node(operator, &names, Vec::new()))
}

/// The weights (in, out) and the biases of a dense layer.
fn dense(writer: &mut Writer, exported: &Exported<'_>, inputs: usize, outputs: usize) -> (String, Option<String>) {
    let biases = exported.params.len() - inputs * outputs;
    let (bias, kernel) = exported.params.split_at(biases);
    let weights = writer.floats(&format!("{}.weight", exported.module), &[inputs, outputs], kernel.iter().copied());
    let bias =
        (biases > 0).then(|| writer.floats(&format!("{}.bias", exported.module), &[outputs], bias.iter().copied()));
    (weights, bias)
}

fn convolution(writer: &mut Writer, exported: &Exported<'_>, spec: &Conv2dSpec, input: [usize; 3]) -> String {
    let Exported { layer, params, module, .. } = *exported;
    let x = writer.map(layer.inputs.first().copied().unwrap_or(0), input);
    let [height, width] = spec.kernel;
    let (bias, kernel) = params.split_at(if spec.bias { spec.features } else { 0 });
    let shape = [height, width, input[2] / spec.groups, spec.features];
    let weights = transposed(kernel, &shape, &[3, 2, 0, 1]);
    let shape = [spec.features, shape[2], height, width];
    let weights = writer.floats(&format!("{module}.weight"), &shape, weights);
    let bias = spec.bias.then(|| writer.floats(&format!("{module}.bias"), &[spec.features], bias.iter().copied()));
    let inputs: Vec<&str> = [&x, &weights].into_iter().chain(bias.as_ref()).map(String::as_str).collect();
    let reach = [0, 1].map(|axis| (spec.kernel[axis] - 1) * spec.dilation[axis] + 1);
    let attributes = vec![
        ints("kernel_shape", spec.kernel),
        ints("strides", spec.stride),
        ints("dilations", spec.dilation),
        ints("pads", pads(spec.padding, input, reach, spec.stride)),
        int("group", spec.groups as i64),
    ];
    writer.node("Conv", &inputs, attributes)
}

fn pooling(writer: &mut Writer, input: usize, pool: &Pooling, mean: bool) -> String {
    let x = writer.map(input, pool.input);
    let mut attributes = vec![
        ints("kernel_shape", pool.size),
        ints("strides", pool.stride),
        ints("pads", pads(pool.padding, pool.input, pool.size, pool.stride)),
    ];
    if mean {
        attributes.push(int("count_include_pad", i64::from(pool.count_padding)));
    }
    writer.node(if mean { "AveragePool" } else { "MaxPool" }, &[&x], attributes)
}

/// The border above, to the left, below and to the right.
fn pads(padding: Padding, map: [usize; 3], reach: [usize; 2], stride: [usize; 2]) -> [usize; 4] {
    match padding {
        Padding::Valid => [0; 4],
        Padding::Explicit { low, high } => [low[0], low[1], high[0], high[1]],
        Padding::Same => {
            let border = [0, 1].map(|axis| {
                ((map[axis].div_ceil(stride[axis]) - 1) * stride[axis] + reach[axis]).saturating_sub(map[axis])
            });
            [border[0] / 2, border[1] / 2, border[0].div_ceil(2), border[1].div_ceil(2)]
        }
    }
}

/// A function of every number.
fn activation(writer: &mut Writer, x: &str, function: Activation) -> String {
    match (function, activation_node(function)) {
        (Activation::Clip { low, high }, _) => {
            let [low, high] = [low, high].map(|bound| writer.number(bound));
            writer.node("Clip", &[x, &low, &high], Vec::new())
        }
        (_, Some((operator, attributes))) => writer.node(operator, &[x], attributes),
        _ => {
            let gate = writer.node("Sigmoid", &[x], Vec::new());
            writer.node("Mul", &[x, &gate], Vec::new())
        }
    }
}

/// The operator of a function with its attributes, if there is one. SiLU consists of two.
fn activation_node(function: Activation) -> Option<(&'static str, Vec<crate::proto::AttributeProto>)> {
    Some(match function {
        Activation::LeakyRelu { slope } => ("LeakyRelu", vec![float("alpha", slope)]),
        Activation::Elu { alpha } => ("Elu", vec![float("alpha", alpha)]),
        Activation::Gelu => ("Gelu", Vec::new()),
        Activation::GeluTanh => ("Gelu", vec![text("approximate", "tanh")]),
        Activation::Tanh => ("Tanh", Vec::new()),
        Activation::Sigmoid => ("Sigmoid", Vec::new()),
        Activation::Softplus => ("Softplus", Vec::new()),
        Activation::Sqrt => ("Sqrt", Vec::new()),
        Activation::Reciprocal => ("Reciprocal", Vec::new()),
        Activation::Clip { .. } => ("Clip", Vec::new()),
        _ => return None,
    })
}
