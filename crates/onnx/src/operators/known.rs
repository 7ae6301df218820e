//! The operators that are known, with their attributes.

use crate::error::Refusal;
use crate::node::Node;

/// Every operator that is known, with its attributes.
const KNOWN: &[(&str, &[&str])] = &[
    ("Add", &[]),
    ("And", &[]),
    ("AveragePool", &["auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"]),
    ("BatchNormalization", &["epsilon", "momentum", "spatial", "training_mode"]),
    ("Cast", &["to", "saturate"]),
    ("Ceil", &[]),
    ("Clip", &["min", "max"]),
    ("Concat", &["axis"]),
    ("Constant", &["value", "value_float", "value_int", "value_floats", "value_ints"]),
    ("ConstantOfShape", &["value"]),
    ("Conv", &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"]),
    ("Div", &[]),
    ("Dropout", &["ratio", "seed"]),
    ("Elu", &["alpha"]),
    ("Equal", &[]),
    ("Erf", &[]),
    ("Expand", &[]),
    ("Flatten", &["axis"]),
    ("Floor", &[]),
    ("Gather", &["axis"]),
    ("Gelu", &["approximate"]),
    ("Gemm", &["alpha", "beta", "transA", "transB"]),
    ("GlobalAveragePool", &[]),
    ("GlobalMaxPool", &[]),
    ("Greater", &[]),
    ("GreaterOrEqual", &[]),
    ("GroupNormalization", &["epsilon", "num_groups", "stash_type"]),
    ("HardSigmoid", &["alpha", "beta"]),
    ("HardSwish", &[]),
    ("Identity", &[]),
    ("InstanceNormalization", &["epsilon"]),
    ("LayerNormalization", &["axis", "epsilon", "stash_type"]),
    ("LeakyRelu", &["alpha"]),
    ("Less", &[]),
    ("LessOrEqual", &[]),
    ("LogSoftmax", &["axis"]),
    ("MatMul", &[]),
    ("Max", &[]),
    ("MaxPool", &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"]),
    ("Min", &[]),
    ("Mod", &["fmod"]),
    ("Mul", &[]),
    ("Neg", &[]),
    ("Not", &[]),
    ("Or", &[]),
    ("Pad", &["mode", "pads", "value"]),
    ("Pow", &[]),
    ("Range", &[]),
    ("Reciprocal", &[]),
    ("ReduceMean", &["axes", "keepdims", "noop_with_empty_axes"]),
    ("ReduceProd", &["axes", "keepdims", "noop_with_empty_axes"]),
    ("ReduceSum", &["axes", "keepdims", "noop_with_empty_axes"]),
    ("Relu", &[]),
    ("Reshape", &["allowzero"]),
    ("Shape", &["start", "end"]),
    ("Sigmoid", &[]),
    ("Size", &[]),
    ("Slice", &["axes", "starts", "ends"]),
    ("Softmax", &["axis"]),
    ("Softplus", &[]),
    ("Split", &["axis", "num_outputs", "split"]),
    ("Sqrt", &[]),
    ("Squeeze", &["axes"]),
    ("Sub", &[]),
    ("Tanh", &[]),
    ("Tile", &[]),
    ("Transpose", &["perm"]),
    ("Unsqueeze", &["axes"]),
    ("Where", &[]),
];

/// Refuses an operator or an attribute that is not known.
pub(crate) fn check(node: Node<'_>) -> Result<(), Refusal> {
    let domain = &node.proto.domain;
    if !domain.is_empty() && domain != "ai.onnx" {
        return Err(Refusal::new(format!("an operator of {domain}"), "an operator of ONNX"));
    }
    let Some((_, attributes)) = KNOWN.iter().find(|(name, _)| *name == node.operator()) else {
        return Err(Refusal::new(format!("operator {}", node.operator()), "an operator that networks of minima have"));
    };
    match node.proto.attribute.iter().find(|attribute| !attributes.contains(&attribute.name.as_str())) {
        None => Ok(()),
        Some(attribute) => {
            let expected = if attributes.is_empty() { "no attribute".to_owned() } else { attributes.join(", ") };
            Err(Refusal::new(format!("attribute {}", attribute.name), expected))
        }
    }
}
