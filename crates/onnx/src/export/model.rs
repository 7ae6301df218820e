//! A whole network as a model.

use super::exported::Exported;
use super::layers::layer;
use super::writer::{Form, INPUT, Writer};
use crate::error::OnnxError;
use crate::proto::{
    DimensionProto, GraphProto, ModelProto, OperatorSetIdProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto, data_type,
};
use minima_autodiff::{AutodiffError, Graph, Role};
use prost::Message;

/// The version of the operators: the first with GELU.
const OPSET: i64 = 20;
/// The version of the format that opset 20 belongs to.
const IR_VERSION: i64 = 9;
/// The name of the model's output.
const OUTPUT: &str = "logits";

/// The bytes of an ONNX file with this network, in opset 20 and single precision.
///
/// The input `images` has the shape (batch, channels, height, width) with pixels as in minima, and the output `logits` the shape
/// (batch, classes). The batch is free. A network on vectors has the input (batch, features).
///
/// # Errors
/// Returns [`OnnxError::Autodiff`] if there is another number of parameters than the network has, and [`OnnxError::Export`] if
/// ONNX has no counterpart of a layer, or the file would exceed 2 GiB.
pub fn export(graph: &Graph, params: &[f32], name: &str) -> Result<Vec<u8>, OnnxError> {
    if params.len() != graph.parameter_count() {
        let (found, expected) = (vec![params.len()], vec![graph.parameter_count()]);
        return Err(AutodiffError::Shape { what: "parameters", found, expected }.into());
    }
    if graph.parameter_count() > (1 << 31) / size_of::<f32>() - (1 << 20) {
        return Err(OnnxError::Export {
            layer: "all".to_owned(),
            found: format!("{} parameters", graph.parameter_count()),
            expected: "at most 2 GiB".to_owned(),
        });
    }
    let mut writer = Writer::default();
    let shape = graph.input_shape();
    let (form, sizes) = match *shape {
        [height, width, channels] => (Form::ChannelsFirst, vec![channels, height, width]),
        _ => (Form::Plain, shape.to_vec()),
    };
    writer.set(0, shape, form, INPUT.to_owned());
    let shapes = graph.value_shapes();
    for own in graph.layers() {
        let spec =
            graph.parameters().iter().find(|spec| spec.range.start == own.params.start && !own.params.is_empty());
        let module = spec
            .map_or(own.operation.name(), |spec| if spec.role == Role::Embedding { &spec.name } else { &spec.module });
        let exported = Exported {
            layer: &own,
            params: params.get(own.params.clone()).unwrap_or(&[]),
            module,
            shape: shapes.get(own.output).map_or(&[], |shape| shape),
        };
        layer(&mut writer, &exported)?;
    }
    let logits = writer.shaped(graph.output_value(), &[graph.classes()]);
    if let Some(last) = writer.nodes.iter_mut().find(|node| node.output.first() == Some(&logits)) {
        last.output = vec![OUTPUT.to_owned()];
    }
    for input in writer.nodes.iter_mut().flat_map(|node| &mut node.input).filter(|input| **input == logits) {
        OUTPUT.clone_into(input);
    }
    let graph_proto = GraphProto {
        node: writer.nodes,
        name: if name.is_empty() { "network".to_owned() } else { name.to_owned() },
        initializer: writer.tensors,
        input: vec![value(INPUT, &sizes)],
        output: vec![value(OUTPUT, &[graph.classes()])],
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "minima".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph_proto),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
    };
    Ok(model.encode_to_vec())
}

/// An input or output with a free batch.
fn value(name: &str, sizes: &[usize]) -> ValueInfoProto {
    let free = DimensionProto { dim_value: None, dim_param: Some("batch".to_owned()) };
    let fixed = sizes.iter().map(|&size| DimensionProto { dim_value: Some(size as i64), dim_param: None });
    let shape = TensorShapeProto { dim: std::iter::once(free).chain(fixed).collect() };
    let tensor_type = TensorTypeProto { elem_type: data_type::FLOAT, shape: Some(shape) };
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type: Some(tensor_type) }) }
}
