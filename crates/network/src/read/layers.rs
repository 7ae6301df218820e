//! One layer.

use super::fields::{Bounds, Fields, Located};
use super::scope::Scope;
use super::values::Sizes;
use crate::error::NetworkError;
use crate::expression::shortened;
use crate::layer::{AutomaticName, Border, Convolution, Function, Layer, Norm, Operation, Window};
use crate::suggestion::one_of;
use crate::template::Template;

/// A layer with default values: a text instead of a table.
pub(super) fn bare(fields: &Fields<'_>, kind: &str, start: usize, scope: &Scope<'_>) -> Result<Layer, NetworkError> {
    let operation = operation(fields, kind, start, scope)?;
    Ok(Layer { name: None, from: None, save: None, operation })
}

/// A layer of a table.
pub(super) fn layer(fields: &mut Fields<'_>, scope: &Scope<'_>) -> Result<Layer, NetworkError> {
    let value = fields.required("layer")?;
    let kind = fields.text("layer", value)?;
    fields.label = match fields.get("name").and_then(|name| name.get_ref().as_str()) {
        Some(name) => shortened(&format!("{kind} {name}")),
        None => shortened(kind),
    };
    let operation = operation(fields, kind, value.span().start, scope)?;
    let named = |key| fields.get(key).map(|value| template(fields, key, value, scope)).transpose();
    Ok(Layer { name: named("name")?, from: named("from")?, save: named("as")?, operation })
}

/// A name.
fn template(fields: &Fields<'_>, key: &str, value: Located<'_>, scope: &Scope<'_>) -> Result<Template, NetworkError> {
    let wrong = |(found, expected)| fields.source.content(value.span().start, &fields.label, found, expected);
    scope.template(fields.text(key, value)?).map_err(wrong)
}

/// The name of another value that a layer reads.
fn other(fields: &Fields<'_>, scope: &Scope<'_>) -> Result<Template, NetworkError> {
    template(fields, "with", fields.required("with")?, scope)
}

/// Fails if there is a key besides these and `layer`, and `name` for layers with parameters.
fn only(fields: &Fields<'_>, operation: &Operation, keys: &[&str]) -> Result<(), NetworkError> {
    let mut known = vec!["layer", "from", "as"];
    if operation.automatic_name() != AutomaticName::None {
        known.push("name");
    }
    known.extend(keys);
    fields.only(&known)
}

fn operation(fields: &Fields<'_>, kind: &str, start: usize, scope: &Scope<'_>) -> Result<Operation, NetworkError> {
    let sizes = Sizes { fields, scope };
    let (operation, keys): (_, &[&str]) = match kind {
        "conv" => (convolution(&sizes)?, &["features", "kernel", "stride", "padding", "dilation", "groups", "bias"]),
        "dense" => {
            let features = sizes.required("features")?;
            (Operation::Dense { features, bias: fields.flag("bias", true)? }, &["features", "bias"])
        }
        "activation" => {
            let value = fields.required("function")?;
            let name = fields.text("function", value)?;
            let unknown = || {
                let expected = format!("one of {}", one_of(Function::NAMES, name));
                fields.wrong("function", value, expected)
            };
            let (function, keys) = function(fields, name)?.ok_or_else(unknown)?;
            return finished(fields, Operation::Activation(function), &[&["function"], keys].concat());
        }
        "group_norm" => {
            let norm = norm(fields, 1e-5)?;
            (Operation::GroupNorm { groups: sizes.required("groups")?, norm }, &["groups", "epsilon", "scale", "shift"])
        }
        "layer_norm" => (Operation::LayerNorm { norm: norm(fields, 1e-6)? }, &["epsilon", "scale", "shift"]),
        "rms_norm" => (Operation::RmsNorm { epsilon: fields.number("epsilon", 1e-6, Bounds::Positive)? }, &["epsilon"]),
        "avg_pool" => (
            Operation::AvgPool(window(&sizes, fields.flag("count_padding", true)?)?),
            &["window", "stride", "padding", "count_padding"],
        ),
        "max_pool" => (Operation::MaxPool(window(&sizes, true)?), &["window", "stride", "padding"]),
        "global_avg_pool" => (Operation::GlobalAvgPool, &[]),
        "flatten" => (Operation::Flatten, &[]),
        "reshape" => (Operation::Reshape { shape: sizes.list("shape", true)? }, &["shape"]),
        "transpose" => (Operation::Transpose { axes: sizes.list("axes", false)? }, &["axes"]),
        "slice" => {
            let [axis, start, end] = [sizes.required("axis")?, sizes.required("start")?, sizes.required("end")?];
            (Operation::Slice { axis, start, end }, &["axis", "start", "end"])
        }
        "take" => {
            let [axis, index] = [sizes.required("axis")?, sizes.required("index")?];
            (Operation::Take { axis, index }, &["axis", "index"])
        }
        "mean" => (Operation::Mean { axes: sizes.list("axes", false)? }, &["axes"]),
        "sum" => (Operation::Sum { axes: sizes.list("axes", false)? }, &["axes"]),
        "class_token" => {
            let deviation = fields.number("deviation", 0.0, Bounds::NotNegative)?;
            (Operation::ClassToken { deviation }, &["deviation"])
        }
        "position_embedding" => {
            let deviation = fields.number("deviation", 0.02, Bounds::NotNegative)?;
            (Operation::PositionEmbedding { deviation }, &["deviation"])
        }
        "attention" => (Operation::Attention { heads: sizes.required("heads")? }, &["heads"]),
        "softmax" => {
            let axis = fields.has("axis").then(|| sizes.required("axis")).transpose()?;
            (Operation::Softmax { axis }, &["axis"])
        }
        "add" => (Operation::Add { with: other(fields, scope)? }, &["with"]),
        "multiply" => (Operation::Multiply { with: other(fields, scope)? }, &["with"]),
        "matmul" => {
            let scale = fields.number("scale", 1.0, Bounds::Finite)?;
            (Operation::Matmul { with: other(fields, scope)?, scale }, &["with", "scale"])
        }
        "concat" => {
            let with = fields.array("with")?.iter().map(|value| template(fields, "with", value, scope));
            (
                Operation::Concat { with: with.collect::<Result<_, _>>()?, axis: sizes.required("axis")? },
                &["with", "axis"],
            )
        }
        "affine" => {
            let operation =
                Operation::Affine { scale: fields.numbers("scale", 1.0)?, shift: fields.numbers("shift", 0.0)? };
            (operation, &["scale", "shift"])
        }
        "pad" => {
            let (axis, before) = (sizes.required("axis")?, sizes.optional("before", 0)?);
            let (after, value) = (sizes.optional("after", 0)?, fields.number("value", 0.0, Bounds::Finite)?);
            (Operation::Pad { axis, before, after, value }, &["axis", "before", "after", "value"])
        }
        "broadcast" => (Operation::Broadcast { shape: sizes.list("shape", false)? }, &["shape"]),
        "embedding" => {
            let deviation = fields.number("deviation", 0.02, Bounds::NotNegative)?;
            (Operation::Embedding { shape: sizes.list("shape", false)?, deviation }, &["shape", "deviation"])
        }
        _ => {
            let (function, keys) = function(fields, kind)?.ok_or_else(|| unknown(fields, kind, start))?;
            (Operation::Activation(function), keys)
        }
    };
    finished(fields, operation, keys)
}

fn finished(fields: &Fields<'_>, operation: Operation, keys: &[&str]) -> Result<Operation, NetworkError> {
    only(fields, &operation, keys)?;
    Ok(operation)
}

fn unknown(fields: &Fields<'_>, kind: &str, start: usize) -> NetworkError {
    let found = format!("{:?}", shortened(kind));
    let expected = one_of(Operation::KINDS.into_iter().chain(Function::NAMES), kind);
    fields.source.content(start, "layer", found, format!("one of {expected}"))
}

/// The function of this name with its keys, if there is one.
fn function(fields: &Fields<'_>, name: &str) -> Result<Option<(Function, &'static [&'static str])>, NetworkError> {
    Ok(Some(match name {
        "relu" => (Function::Relu, &[]),
        "leaky_relu" => {
            let slope = fields.number("slope", 0.01, Bounds::Finite)?;
            (Function::LeakyRelu { slope }, &["slope"])
        }
        "elu" => (Function::Elu { alpha: fields.number("alpha", 1.0, Bounds::Positive)? }, &["alpha"]),
        "gelu" => (Function::Gelu, &[]),
        "gelu_tanh" => (Function::GeluTanh, &[]),
        "silu" => (Function::Silu, &[]),
        "sigmoid" => (Function::Sigmoid, &[]),
        "softplus" => (Function::Softplus, &[]),
        "tanh" => (Function::Tanh, &[]),
        "clip" => (clip(fields)?, &["low", "high"]),
        "sqrt" => (Function::Sqrt, &[]),
        "reciprocal" => (Function::Reciprocal, &[]),
        _ => return Ok(None),
    }))
}

fn clip(fields: &Fields<'_>) -> Result<Function, NetworkError> {
    let bound = |key| fields.number_of(key, fields.required(key)?, Bounds::Finite);
    let (low, high) = (bound("low")?, bound("high")?);
    if low > high {
        return Err(fields.wrong("high", fields.required("high")?, format!("a number from {low:?}, the key low")));
    }
    Ok(Function::Clip { low, high })
}

fn norm(fields: &Fields<'_>, epsilon: f64) -> Result<Norm, NetworkError> {
    let epsilon = fields.number("epsilon", epsilon, Bounds::Positive)?;
    Ok(Norm { epsilon, scale: fields.flag("scale", true)?, shift: fields.flag("shift", true)? })
}

fn convolution(sizes: &Sizes<'_, '_>) -> Result<Operation, NetworkError> {
    Ok(Operation::Conv(Convolution {
        features: sizes.required("features")?,
        kernel: sizes.pair("kernel", sizes.fields.required("kernel")?)?,
        stride: sizes.optional_pair("stride", 1)?,
        padding: sizes.border("padding", Border::Same)?,
        dilation: sizes.optional_pair("dilation", 1)?,
        groups: sizes.optional("groups", 1)?,
        bias: sizes.fields.flag("bias", true)?,
    }))
}

/// The windows of a pooling, which do not overlap unless a stride is given.
fn window(sizes: &Sizes<'_, '_>, count_padding: bool) -> Result<Window, NetworkError> {
    let window = sizes.pair("window", sizes.fields.required("window")?)?;
    let stride = match sizes.fields.get("stride") {
        Some(value) => sizes.pair("stride", value)?,
        None => window.clone(),
    };
    Ok(Window { window, stride, padding: sizes.border("padding", Border::Valid)?, count_padding })
}
